/** Trunkline's public API, as far as this provider asks for it. */
import { reasonOf } from '../log.ts';

const TIMEOUT_MS = 15_000;

export type Answer =
  | { kind: 'done' }
  /** Try again, not before so long. */
  | { kind: 'later'; error: string; afterMs?: number }
  /** The channel is not connected: connect it and ask again. */
  | { kind: 'channel'; error: string }
  /** It will never be taken as it is. */
  | { kind: 'refused'; error: string };

interface Problem {
  code?: unknown;
  detail?: unknown;
  errors?: { field?: unknown; message?: unknown }[];
}

/** What an answer means. Pure; `retryAfter` is the header. */
export function readAnswer(status: number, body: string, retryAfter: string | null): Answer {
  if (status >= 200 && status < 300) return { kind: 'done' };
  const problem = problemOf(body);
  const { code, detail, errors } = problem;
  const fields = Array.isArray(errors) ? errors : [];
  const words = [
    typeof code === 'string' ? code : '',
    typeof detail === 'string' ? detail : '',
    ...fields.map(({ field, message }) => `${String(field)} ${String(message)}`),
  ];
  const error = `HTTP ${status} ${words.filter(Boolean).join(': ')}`.trim().slice(0, 500);
  if (code === 'channel_inactive') return { kind: 'channel', error };
  if (status === 400 && fields.some(({ field }) => field === 'chat.channelId'))
    return { kind: 'channel', error };
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  const later = { kind: 'later' as const, error, ...(seconds !== undefined && { afterMs: seconds * 1_000 }) };
  // 401: the token was revoked or replaced, which people mend; 409 key_in_flight: our first attempt is still at work.
  if (status >= 500 || [401, 403, 408, 425, 429].includes(status) || code === 'key_in_flight') return later;
  return { kind: 'refused', error };
}

function problemOf(body: string): Problem {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}

export class Trunkline {
  readonly #origin: string;
  readonly #tokens: ReadonlyMap<string, string>;

  constructor(origin: string, tokens: ReadonlyMap<string, string>) {
    this.#origin = origin;
    this.#tokens = tokens;
  }

  /** @param request.body JSON already */
  async post(tenant: string, request: { path: string; key?: string; body: string }): Promise<Answer> {
    const { path, key, body } = request;
    return this.#ask(tenant, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      body,
    });
  }

  async connectChannel(tenant: string, channel: { id: string; code: string; name: string }): Promise<Answer> {
    return this.post(tenant, { path: '/communications/v1/channels', body: JSON.stringify(channel) });
  }

  /** Whether the tenant's token is good: asks for what needs one and changes nothing. */
  async checkToken(tenant: string): Promise<Answer> {
    const answer = await this.#ask(tenant, '/communications/v1/webhooks', { method: 'GET', headers: {} });
    return answer.kind === 'refused' && answer.error.startsWith('HTTP 404 not_found')
      ? { kind: 'done' }
      : answer;
  }

  async #ask(
    tenant: string,
    path: string,
    init: { method: string; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const token = this.#tokens.get(tenant);
    if (token === undefined) return { kind: 'later', error: `tenant ${tenant} is not in the configuration` };
    try {
      const response = await fetch(this.#origin + path, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}`, 'user-agent': 'trunkline-email' },
        // A token is for Trunkline's own origin alone.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return readAnswer(response.status, await response.text(), response.headers.get('retry-after'));
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      return { kind: 'later', error: cause === undefined ? reasonOf(error) : reasonOf(cause) };
    }
  }
}
