import { describe, expect, it } from 'vitest';
import { ApiError } from '#lib/api/errors.js';
import { next, type SignIn, type SignInEvent } from './sign-in';

const at = '2026-11-15T10:05:00.000Z';
const T = Date.parse(at);
const pending: SignIn = { phase: 'pending', token: 'one', expiresAt: T, blind: false };
const status = (status: 'pending' | 'used' | 'expired', token = 'one'): SignInEvent => ({
  type: 'status',
  token,
  status: { status, expires_at: at, used_at: status === 'used' ? '2026-11-15T10:01:00.000Z' : null },
  now: T - 1,
});

describe('signing a phone in', () => {
  it('shows the code it asked for', () => {
    expect(next({ phase: 'asking' }, { type: 'code', code: { token: 'one', expires_at: at } })).toEqual(
      pending,
    );
    // Closed and reopened meanwhile: a late answer must not replace what is on screen.
    expect(next(pending, { type: 'code', code: { token: 'late', expires_at: at } })).toBe(pending);
  });

  it('ends when a phone has used it', () => {
    expect(next(pending, status('used'))).toEqual({
      phase: 'used',
      at: Date.parse('2026-11-15T10:01:00.000Z'),
    });
    expect(next(pending, status('used', 'other'))).toBe(pending);
  });

  it('ends by time, by the server or because the code is gone', () => {
    const gone = new ApiError('NOT_FOUND', 404, '');
    expect(next(pending, { type: 'tick', now: T - 1 })).toBe(pending);
    expect(next(pending, { type: 'tick', now: T + 3_001 }).phase).toBe('expired');
    expect(next(pending, status('expired')).phase).toBe('expired');
    expect(next(pending, { type: 'status_failed', token: 'one', error: gone }).phase).toBe('expired');
  });

  it('goes on through a broken connection and says so', () => {
    const broken = next(pending, {
      type: 'status_failed',
      token: 'one',
      error: new ApiError('NETWORK', 0, ''),
    });
    expect(broken).toEqual({ ...pending, blind: true });
    expect(next(broken, status('pending'))).toEqual(pending);
    expect(next({ phase: 'expired' }, status('used')).phase).toBe('expired');
  });

  it('shows a refusal and starts anew', () => {
    const refused = next(
      { phase: 'asking' },
      { type: 'refused', error: new ApiError('PERMISSION_DENIED', 403, '') },
    );
    expect(refused.phase).toBe('failed');
    expect(next(refused, { type: 'asked' })).toEqual({ phase: 'asking' });
  });
});
