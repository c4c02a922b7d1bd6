import type { ApiError } from '#lib/api/errors.js';
import type { QrCode, QrStatus } from './model';

/**
 * One attempt to sign a phone in by QR code. `asking` for a code, `pending` while a phone may scan it, then `used`,
 * `expired`, or `failed` when no code could be had.
 */
export type SignIn =
  | { phase: 'asking' }
  | {
      phase: 'pending';
      token: string;
      expiresAt: number;
      /** The status cannot be asked for at the moment. */ blind: boolean;
    }
  | { phase: 'used'; at: number }
  | { phase: 'expired' }
  | { phase: 'failed'; error: ApiError };

export type SignInEvent =
  | { type: 'asked' }
  | { type: 'code'; code: QrCode }
  | { type: 'refused'; error: ApiError }
  | { type: 'status'; token: string; status: QrStatus; now: number }
  | { type: 'status_failed'; token: string; error: ApiError }
  | { type: 'tick'; now: number };

/** A code the server says is pending a moment after its time: clocks differ, the server is right. */
const SKEW_MS = 3_000;

/** The next state; an answer about an older code changes nothing. */
export function next(state: SignIn, event: SignInEvent): SignIn {
  if (event.type === 'asked') return { phase: 'asking' };
  if (event.type === 'code') {
    const { token, expires_at } = event.code;
    return state.phase === 'asking'
      ? { phase: 'pending', token, expiresAt: Date.parse(expires_at), blind: false }
      : state;
  }
  if (event.type === 'refused')
    return state.phase === 'asking' ? { phase: 'failed', error: event.error } : state;
  if (state.phase !== 'pending') return state;
  if (event.type === 'tick') return event.now > state.expiresAt + SKEW_MS ? { phase: 'expired' } : state;
  if (event.token !== state.token) return state;
  if (event.type === 'status_failed') {
    if (event.error.code === 'NOT_FOUND') return { phase: 'expired' };
    if (event.error.code === 'AUTH_FAIL' || event.error.code === 'PERMISSION_DENIED')
      return { phase: 'failed', error: event.error };
    return state.blind ? state : { ...state, blind: true };
  }
  const { status, used_at } = event.status;
  if (status === 'used') return { phase: 'used', at: used_at ? Date.parse(used_at) : event.now };
  if (status === 'expired') return { phase: 'expired' };
  return state.blind ? { ...state, blind: false } : state;
}
