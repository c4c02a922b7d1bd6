import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { QrCode, QrStatus } from './model';

// These belong to the phones' own API, whose document shows answers by example only: they are looked at here.
type Answer = Record<string, unknown>;

const unreadable = () => new ApiError('INTERNAL', 0, 'unexpected answer');

function text(answer: Answer, field: string): string {
  const value = answer[field];
  if (typeof value !== 'string' || value === '') throw unreadable();
  return value;
}

/** A new one-use code that signs in one phone of the signed-in user. */
export async function createQr(): Promise<QrCode> {
  const answer: Answer = await body(api.POST('/api/phone/qr/create/'));
  return { token: text(answer, 'token'), expires_at: text(answer, 'expires_at') };
}

/** What became of a code of one's own; NOT_FOUND once the server has forgotten it. */
export async function qrStatus(token: string): Promise<QrStatus> {
  const answer: Answer = await body(api.GET('/api/phone/qr/status/', { params: { query: { token } } }));
  const { status, used_at } = answer;
  if (status !== 'pending' && status !== 'used' && status !== 'expired') throw unreadable();
  return {
    status,
    expires_at: text(answer, 'expires_at'),
    used_at: typeof used_at === 'string' ? used_at : null,
  };
}

/** A link to the newest build's file, good for some minutes and without a sign-in. */
export async function latestBuildUrl(): Promise<string> {
  return text(await body(api.GET('/api/phone/app/latest/')), 'download_url');
}
