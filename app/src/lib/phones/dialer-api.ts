import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { QrCode, QrStatus } from './model';

/** A new one-use code that signs in one phone of the signed-in user. */
export const createQr = (): Promise<QrCode> => body(api.POST('/api/phone/qr/create/'));

/** What became of a code of one's own; NOT_FOUND once the server has forgotten it. */
export const qrStatus = (token: string): Promise<QrStatus> =>
  body(api.GET('/api/phone/qr/status/', { params: { query: { token } } }));

/** A link to the newest build's file, good for some minutes and without a sign-in. */
export async function latestBuildUrl(): Promise<string> {
  // The document shows this answer by example only, so it is looked at here.
  const answer: Record<string, unknown> = await body(api.GET('/api/phone/app/latest/'));
  if (typeof answer.download_url !== 'string') throw new ApiError('INTERNAL', 0, 'unexpected answer');
  return answer.download_url;
}
