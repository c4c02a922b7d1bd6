/**
 * `GET /api/phone/calls/pull/`: the phone's poll. The Worker holds the request and listens to the PhoneQueue over a
 * hibernatable socket, so that the object sleeps while the poll is parked. What a live session gets is 200 or 204,
 * whatever goes wrong behind: any other answer sends the app to sleep or signs it out.
 */
import {
  CLOSE_DONE,
  CLOSE_ENDED,
  decodeToWorker,
  HOLD_HEADER,
  POLL_HEADER,
  type PollRequest,
  type PollVerdict,
} from '../../objects/phone-queue/channel';
import type { KeyringEnv } from '../auth/keyring';
import { verifyPhoneAccess } from '../auth/tokens';
import { SETTING_DEFAULTS } from '../db/settings';
import type { Env } from '../env';
import type { DialerCall, Endpoint } from './endpoint';
import { DialerError, forbidden, notAuthenticated, tokenNotValid } from './errors';
import { bearerToken } from './identity';
import { queueNameOf } from './shards';

/** The longest hold: phones give up on a long poll only after 60 s, proxies on the way at 30 s. */
const MAX_WAIT_SEC = 25;
/** Long holds end up to this part of them early: phones that came together, as after a restart, don't come back together. */
const SPREAD = 0.2;
const SPREAD_FROM_SEC = 10;
/** An empty answer in less tells the app for good that this server cannot long-poll (its line is at 1,000 ms). */
export const MIN_EMPTY_MS = 1_050;

/** A poll as the phone asked for it, its token verified. */
export interface Pull {
  tenantId: string;
  poll: Omit<PollRequest, 'n'>;
  /** How long to hold when empty; null leaves it to the tenant's setting for plain polls. */
  holdMs: number | null;
}

/** What became of a poll. `empty` is a 204. */
export type PullOutcome =
  { type: 'command'; body: string } | { type: 'empty' } | { type: Exclude<PollVerdict, 'superseded'> };

/**
 * Reads a poll from its path with query and its Authorization header.
 * @throws DialerError 401 for a bad token, 400 without `device_id`.
 */
export async function readPull(
  path: string,
  authorization: string | null,
  env: KeyringEnv,
  now: number,
): Promise<Pull> {
  const token = bearerToken(authorization);
  if (token === null) throw notAuthenticated();
  const verified = await verifyPhoneAccess(token, env, now);
  if (!verified.ok) {
    throw tokenNotValid('access', verified.reason === 'expired' ? 'Token is expired' : 'Token is invalid');
  }
  const query = path.slice(path.indexOf('?') + 1 || path.length);
  const deviceId = rawParameter(query, 'device_id')?.trim() ?? '';
  if (deviceId === '') {
    throw new DialerError(400, { detail: 'device_id is required.', device_id: ['This field is required.'] });
  }
  const holdMs = holdOf(rawParameter(query, 'wait_seconds'), Math.random());
  const { tenantId, userId, sid } = verified.claims;
  return { tenantId, poll: { userId, sid, deviceId, long: holdMs !== null }, holdMs };
}

/** The app puts its device id into the query unescaped: `+` is a plus, and a stray `%` is itself. */
function rawParameter(query: string, name: string): string | null {
  const pair = query.split('&').find((part) => part.startsWith(`${name}=`));
  if (pair === undefined) return null;
  const raw = pair.slice(name.length + 1);
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/**
 * How long to hold, from `wait_seconds`: milliseconds, clamped; null where nothing sensible was asked for.
 * @param random 0 to 1: how much of the spread a long hold gives up
 */
export function holdOf(text: string | null, random: number): number | null {
  const asked = text === null || text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(asked)) return null;
  const seconds = Math.min(asked, MAX_WAIT_SEC);
  const spread = seconds >= SPREAD_FROM_SEC ? SPREAD * random : 0;
  return Math.max(MIN_EMPTY_MS, Math.round(seconds * (1 - spread) * 1_000));
}

/** Status, body and headers of an outcome. 204 has neither body nor length. */
export function answerOf(outcome: PullOutcome): {
  status: number;
  body: string | null;
  headers: Record<string, string>;
} {
  if (outcome.type === 'empty') return { status: 204, body: null, headers: { 'Cache-Control': 'no-store' } };
  if (outcome.type === 'command') {
    return {
      status: 200,
      body: outcome.body,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    };
  }
  const error =
    outcome.type === 'unauthorized' ? tokenNotValid('access') : forbidden('This device is not registered.');
  return {
    status: error.status,
    body: JSON.stringify(error.body),
    headers: { ...error.headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  };
}

async function run({ request, env, now, url }: DialerCall): Promise<Response> {
  const pull = await readPull(url.pathname + url.search, request.headers.get('authorization'), env, now);
  if (request.method === 'HEAD') return new Response(null, answerOf({ type: 'empty' }));
  const { body, ...init } = answerOf(await hold(pull, env, request.signal, now));
  return new Response(body, init);
}

async function hold(pull: Pull, env: Env, signal: AbortSignal, startedAt: number): Promise<PullOutcome> {
  try {
    const name = await queueNameOf(env, pull.tenantId, pull.poll.userId, startedAt);
    const announced = JSON.stringify({ ...pull.poll, n: 0 } satisfies PollRequest);
    const response = await env.PHONE_QUEUE.getByName(name).fetch('https://phone-queue/poll', {
      headers: { upgrade: 'websocket', [POLL_HEADER]: announced },
    });
    if (response.webSocket) {
      const holdMs = pull.holdMs ?? Math.max(Number(response.headers.get(HOLD_HEADER)), MIN_EMPTY_MS);
      return await listen(response.webSocket, holdMs, signal, startedAt);
    }
    const at = await response.json<{ body: string } | { verdict: PollVerdict }>();
    if ('body' in at) return { type: 'command', body: at.body };
    return at.verdict === 'superseded' ? { type: 'empty' } : { type: at.verdict };
  } catch (error) {
    console.warn(`a poll could not be parked, answered empty (${String(error)})`);
    await pause(startedAt + SETTING_DEFAULTS.dialerEmptyHoldMs - Date.now());
    return { type: 'empty' };
  }
}

/** Waits for the poll's frame, the end of its hold, or the phone going away. */
function listen(
  socket: WebSocket,
  holdMs: number,
  signal: AbortSignal,
  startedAt: number,
): Promise<PullOutcome> {
  const { promise, resolve } = Promise.withResolvers<PullOutcome>();
  let settled = false;
  const settle = (outcome: PullOutcome, code: number): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.close(code);
    if (outcome.type !== 'empty') resolve(outcome);
    else void pause(startedAt + MIN_EMPTY_MS - Date.now()).then(() => resolve(outcome));
  };
  const timer = setTimeout(
    () => settle({ type: 'empty' }, CLOSE_ENDED),
    Math.max(0, startedAt + holdMs - Date.now()),
  );
  socket.addEventListener('message', ({ data }) => {
    const frame = typeof data === 'string' ? decodeToWorker(data) : null;
    if (frame === null || frame.type === 'parked') return;
    // The phone is gone: what was meant for it goes back to the head of the queue.
    if (frame.type === 'command' && signal.aborted) settle({ type: 'empty' }, CLOSE_ENDED);
    else if (frame.type === 'command') settle({ type: 'command', body: frame.body }, CLOSE_DONE);
    else settle(frame.type === 'superseded' ? { type: 'empty' } : { type: frame.type }, CLOSE_DONE);
  });
  // The object was restarted or the deployment replaced: the phone's next poll finds what waits.
  socket.addEventListener('close', () => settle({ type: 'empty' }, CLOSE_DONE));
  signal.addEventListener('abort', () => settle({ type: 'empty' }, CLOSE_ENDED));
  socket.accept();
  return promise;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export const pullEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/calls/pull',
    method: 'GET',
    // Its own reading of the token: the object keeps a copy of the session, so that a poll costs one object request.
    who: 'public',
    doc: {
      summary: 'Wait for the next number to call',
      description:
        'Holds the request until a command is there or the time is over (204). `wait_seconds` is clamped to 0–25.',
      query: { device_id: '9774d56d682e549c', wait_seconds: '25' },
      answer: {
        id: '6f1c8f0e-6f7d-4c43-9a0e-0c5f1a1c9d11',
        phone: '+375290000000',
        company_id: null,
        contact_id: null,
        note: null,
        created_at: '2026-01-05T09:30:00.000Z',
      },
      errors: [401, 403],
    },
    run,
  },
];
