/** The one way out to a CRM: by the rules of outgoing URLs, within a time, answered as JSON or not at all. */
import { isLoopbackHttp } from '../lib/crm-secret';
import { outgoingFetch, type Fetcher } from '../lib/outgoing-fetch';
import { originsOf } from '../lib/outgoing-url';
import type { Ask, CrmReply, CrmRequest } from './families/family';
import type { LogStore } from './log-store';

/** A page of 100 people is some 100 kB. */
const MOST_BYTES = 1_048_576;

interface AskingEnv {
  DEMO?: string;
  OUTGOING_ORIGINS?: string;
}

/** Origins allowed beyond the rules: the operator's, and in demo mode a stand-in on this machine. */
export function allowedFor(env: AskingEnv, url: string): ReadonlySet<string> {
  const origins = originsOf(env.OUTGOING_ORIGINS);
  return env.DEMO === '1' && isLoopbackHttp(url) ? new Set([...origins, new URL(url).origin]) : origins;
}

export async function ask(
  fetcher: Fetcher,
  env: AskingEnv,
  request: CrmRequest,
  timeoutMs: number,
  now: number,
): Promise<CrmReply> {
  const { method, headers, body } = request;
  const answer = await outgoingFetch(
    fetcher,
    { url: request.url, init: { method, headers, ...(body !== undefined && { body }) } },
    { timeoutMs, maxBytes: MOST_BYTES },
    allowedFor(env, request.url),
  );
  if (!answer.ok) return { status: null, body: undefined, error: answer.message };
  const after = retryAfter(answer.headers.get('retry-after'), now);
  return {
    status: answer.status,
    body: parse(answer.body),
    error: null,
    ...(after !== null && { retryAfterMs: after }),
  };
}

export interface AskingParts {
  env: AskingEnv;
  log: LogStore;
  reach: Fetcher;
}

/** A request of its own, with its line in the log; `about` is whom it concerns. */
export const loggedAsk =
  ({ env, log, reach }: AskingParts, timeoutMs: number, about: { phone?: string } = {}): Ask =>
  async (request) => {
    const began = Date.now();
    const reply = await ask(reach, env, request, timeoutMs, began);
    const body = reply.body;
    const refused = typeof body === 'object' && body !== null && 'success' in body && body.success !== true;
    const ok = reply.status !== null && reply.status < 300 && !refused;
    log.add(
      {
        ...about,
        eventType: request.eventType,
        request: request.shown,
        response: body ?? null,
        status: ok ? 'success' : 'error',
        error: ok ? null : (reply.error ?? messageOf(body) ?? `answered ${reply.status}`),
        httpStatus: reply.status,
        durationMs: Date.now() - began,
      },
      Date.now(),
    );
    return reply;
  };

const messageOf = (body: unknown): string | null =>
  typeof body === 'object' && body !== null && 'errorMsg' in body && typeof body.errorMsg === 'string'
    ? body.errorMsg
    : null;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
