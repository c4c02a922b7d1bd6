import { api, body } from '#lib/api/client.js';
import type { QrCode, QrStatus } from './model';

/** A new one-use code that signs in one phone of the signed-in user. */
export const createQr = (): Promise<QrCode> => body(api.POST('/api/phone/qr/create/'));

/** What became of a code of one's own; NOT_FOUND once the server has forgotten it. */
export const qrStatus = (token: string): Promise<QrStatus> =>
  body(api.GET('/api/phone/qr/status/', { params: { query: { token } } }));
