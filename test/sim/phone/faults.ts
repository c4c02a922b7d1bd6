import { jsonObject, type Answer, type Outcome } from './http.ts';
import { TIMES } from './machine.ts';

/** What the phone asked when the server hurt it. */
export type CallName =
  | 'qr/exchange'
  | 'token'
  | 'token/refresh'
  | 'register'
  | 'pull'
  | 'update'
  | 'heartbeat'
  | 'telemetry'
  | 'logs';

/** One thing a server did that would hurt a real phone. */
export interface Fault {
  call: CallName;
  rule: string;
  detail: string;
}

export interface Asked {
  call: CallName;
  /** Seconds asked for by a pull; null without the parameter. */
  waitSeconds?: number | null;
  /** New builds measure the server by its latency, older ones don't. */
  generation: 'new' | 'old';
  /** Nobody revoked the phone's session and its access token is no old one: a refusal is a fault. */
  sessionLives: boolean;
}

/** The app's limit is 30 s on a plain read; anything close to it loses answers on a slow network. */
const LONGEST_HOLD_MS = 28_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Everything in one answer that would hurt a real phone; empty for a good one, and for none at all. */
export function faultsOf(asked: Asked, outcome: Outcome): Fault[] {
  if (!outcome.ok) return heldTooLong(asked, outcome.tookMs);
  const rules = [
    ...anyAnswer(asked, outcome),
    ...(asked.call === 'pull' ? pullAnswer(asked, outcome) : []),
    ...(asked.call === 'token/refresh' ? refreshAnswer(asked, outcome) : []),
  ].map(([rule, detail]) => ({ call: asked.call, rule, detail }));
  return [...rules, ...heldTooLong(asked, outcome.tookMs)];
}

/** The command in a 200, or null when the app would not find one. */
export function commandOf(answer: Answer): { id: string; phone: string } | null {
  const body = answer.status === 200 ? jsonObject(answer.body) : null;
  const id = body?.['id'];
  const phone = body?.['phone'];
  if (typeof id !== 'string' || typeof phone !== 'string') return null;
  return id.trim() === '' || phone.trim() === '' ? null : { id, phone };
}

type Rule = readonly [rule: string, detail: string];

function anyAnswer(asked: Asked, answer: Answer): Rule[] {
  const found: Rule[] = [];
  const type = answer.headers['content-type'] ?? '';
  if (answer.status >= 300 && answer.status < 400) {
    found.push(['redirect', `${answer.status} to ${answer.headers.location ?? 'nowhere'}`]);
  }
  if (answer.status !== 204 && !type.startsWith('application/json')) {
    found.push(['not JSON', `${answer.status} with content type "${type}"`]);
  } else if (answer.status !== 204 && jsonObject(answer.body) === null) {
    found.push(['not a JSON object', answer.body.slice(0, 80)]);
  }
  if (answer.status >= 500) found.push(['server error', `${answer.status} ${answer.body.slice(0, 120)}`]);
  const refusable = asked.call === 'pull' || asked.call === 'token/refresh';
  if (refusable && asked.sessionLives && [400, 401, 403, 404, 429].includes(answer.status)) {
    found.push(['refused a live session', `${answer.status} ${answer.body.slice(0, 120)}`]);
  }
  return found;
}

function pullAnswer(asked: Asked, answer: Answer): Rule[] {
  const found: Rule[] = [];
  if (answer.status === 204) {
    const length = Number(answer.headers['content-length'] ?? 0);
    if (answer.body !== '' || length > 0) found.push(['204 with a body', `content-length ${length}`]);
    if (answer.headers['transfer-encoding'] !== undefined)
      found.push(['204 with a body', 'transfer-encoding']);
    if (asked.generation === 'new' && answer.tookMs < TIMES.longPollProof) {
      const kind = (asked.waitSeconds ?? null) === null ? 'plain' : 'long';
      found.push([
        `empty ${kind} poll answered too soon`,
        `${answer.tookMs} ms: the app would stop long-polling`,
      ]);
    }
  }
  if (answer.status === 200) {
    const command = commandOf(answer);
    if (command === null) found.push(['200 without a command', answer.body.slice(0, 120)]);
    else if (!UUID.test(command.id)) found.push(['command id is no uuid', command.id]);
  }
  const cache = answer.headers['cache-control'] ?? '';
  if (answer.status < 300 && !cache.includes('no-store'))
    found.push(['cacheable pull', `cache-control "${cache}"`]);
  return found;
}

function refreshAnswer(asked: Asked, answer: Answer): Rule[] {
  const body = jsonObject(answer.body);
  if (answer.status === 200) {
    const found: Rule[] = [];
    if (typeof body?.['access'] !== 'string' || body['access'] === '')
      found.push(['refresh without access', '']);
    if (body !== null && 'refresh' in body)
      found.push(['rotated refresh', 'the app keeps its first one for ever']);
    return found;
  }
  const told = [400, 401, 403, 404, 429].includes(answer.status);
  return asked.sessionLives && answer.status >= 400 && answer.status < 500 && !told
    ? [['refused a good refresh', `${answer.status} logs the phone out`]]
    : [];
}

function heldTooLong(asked: Asked, tookMs: number): Fault[] {
  if (asked.call !== 'pull' || tookMs < LONGEST_HOLD_MS) return [];
  return [{ call: asked.call, rule: 'held near 30 s', detail: `${tookMs} ms` }];
}
