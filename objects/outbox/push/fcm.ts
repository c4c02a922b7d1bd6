/**
 * Firebase Cloud Messaging, HTTP v1: one data message to one phone.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
 */
import { z } from 'zod';
import type { ServiceAccount } from '../../lib/service-account';
import type { PushPayload } from '../contract';
import type { Outcome } from '../machine';
import type { GoogleTokens } from './google-token';
import { retryAfterMs, type Fetcher } from './http';

const ENDPOINT = 'https://fcm.googleapis.com/v1/projects';
/** A wake-up that could not be handed to the phone in this time is dropped by FCM: the command is likely over. */
const TTL_SEC = 300;

const ErrorBody = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z.array(z.object({ errorCode: z.string().optional() })).optional(),
  }),
});

export interface FcmParts {
  fetcher: () => Fetcher;
  tokens: GoogleTokens;
  now: () => number;
}

/** Sends a message. A token that FCM calls unregistered makes the outcome `gone`. */
export async function sendToPhone(
  parts: FcmParts,
  account: ServiceAccount,
  pushToken: string,
  payload: PushPayload,
): Promise<Outcome> {
  const first = await post(parts, account, pushToken, payload);
  if (!(first instanceof Response)) return first;
  if (first.status !== 401) return read(first, parts.now());
  // The access token was revoked or expired early: once more with a fresh one.
  await first.body?.cancel();
  parts.tokens.forget();
  const second = await post(parts, account, pushToken, payload);
  return second instanceof Response ? read(second, parts.now()) : second;
}

async function post(
  parts: FcmParts,
  account: ServiceAccount,
  pushToken: string,
  payload: PushPayload,
): Promise<Response | Outcome> {
  const signIn = await parts.tokens.get(account);
  if (!signIn.ok) return { kind: 'failed', error: signIn.error, ...after(signIn.retryAfterMs) };
  return parts.fetcher()(`${ENDPOINT}/${account.project_id}/messages:send`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${signIn.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      message: {
        token: pushToken,
        data: { type: payload.type, reason: payload.reason },
        android: { priority: 'HIGH', ttl: `${TTL_SEC}s` },
      },
    }),
    signal: AbortSignal.timeout(10_000),
  });
}

async function read(response: Response, now: number): Promise<Outcome> {
  if (response.ok) {
    await response.body?.cancel();
    return { kind: 'delivered' };
  }
  const code = errorCode(await response.text());
  const error = `FCM answered ${response.status}${code === null ? '' : ` ${code}`}`;
  if (code === 'UNREGISTERED') return { kind: 'gone', reason: error };
  // A token of another Firebase project, or no token at all: neither gets better by waiting.
  if (response.status === 400 || (response.status === 403 && code === 'SENDER_ID_MISMATCH')) {
    return { kind: 'refused', error };
  }
  return { kind: 'failed', error, ...retryAfterMs(response, now) };
}

/** FCM's own code (`UNREGISTERED`, `QUOTA_EXCEEDED`, …), else the general status; null when there is none to read. */
function errorCode(text: string): string | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return null;
  const { status, details = [] } = parsed.data.error;
  const code = details.find((detail) => detail.errorCode !== undefined)?.errorCode ?? status ?? null;
  return code === null || !/^[A-Z_]{1,40}$/.test(code) ? null : code;
}

const after = (ms: number | undefined) => (ms === undefined ? {} : { retryAfterMs: ms });
