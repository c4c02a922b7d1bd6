/**
 * Rules of a provider's link as pure functions: what an answer means, when a failed delivery is tried again and when it is
 * given up, and what follows when a tenant's integration changes. Times are milliseconds since the epoch; `random`
 * answers [0, 1).
 */
import { afterFailure, CLOSED, type Breaker } from '../lib/breaker';
import type { OutgoingAnswer, OutgoingFailure } from '../lib/outgoing-fetch';
import type { LinkConfig } from './contract';

interface LanePolicy {
  /** Waits before the second attempt, the third …; the last one counts for all that follow. */
  delaysMs: readonly number[];
  /** What could not be delivered for so long is a dead letter. */
  lifeMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** An answer later than this counts as none. */
export const TIMEOUT_MS = 5_000;
/** How long an attempt may stay without a verdict before it counts as lost (a crash in mid-delivery). */
export const ATTEMPT_LEASE_MS = 20_000;

export const LANES = {
  /** The provider's endpoints. */
  calls: {
    delaysMs: [1, 2, 4, 8, 15, 30, 60, 120, 300, 600].map((seconds) => seconds * SECOND),
    lifeMs: 24 * HOUR,
  },
  /** The provider's webhook, as Standard Webhooks advises: over about three days. */
  webhook: {
    delaysMs: [
      5 * SECOND,
      5 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
    ],
    lifeMs: 76 * HOUR,
  },
} as const satisfies Record<string, LanePolicy>;
export type LaneName = keyof typeof LANES;

/** A webhook that failed for so long in a row is asked no more until it is set anew. */
export const WEBHOOK_PATIENCE_MS = 5 * 24 * HOUR;

export const BREAKER = {
  breakerAfter: 5,
  breakerBaseMs: 5 * SECOND,
  breakerMaxMs: 5 * MINUTE,
  maxRetryAfterMs: HOUR,
} as const;

/** What became of one attempt. */
export type Outcome =
  /** `cut`: there was more of the answer than is read. */
  | { kind: 'delivered'; body: string; cut?: true }
  /** The provider refuses this message for good, or says of a webhook that it is no more. */
  | { kind: 'refused'; error: string; gone?: true }
  /** Too many requests: the provider is well, we are too fast. */
  | { kind: 'limited'; error: string; retryAfterMs?: number }
  /** Nothing is known of it, and not for its own sake: it is tried again at once. */
  | { kind: 'again'; error: string }
  /** No answer, or one that says the provider is not well or does not know us. */
  | { kind: 'failed'; error: string; retryAfterMs?: number };

export type Verdict =
  { kind: 'delivered' } | { kind: 'retry'; at: number; error: string } | { kind: 'dead'; error: string };

/** `Retry-After` in seconds or as a date; undefined where it says nothing. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * SECOND : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** @param repeated whether its key was sent before */
export function readAnswer(
  answer: OutgoingAnswer | OutgoingFailure,
  repeated: boolean,
  now: number,
): Outcome {
  if (!answer.ok)
    return answer.reason === 'refused'
      ? { kind: 'refused', error: answer.message }
      : { kind: 'failed', error: answer.message };
  const { status } = answer;
  if (status >= 200 && status < 300)
    return { kind: 'delivered', body: answer.body, ...(answer.truncated && { cut: true }) };
  const error = `HTTP ${status}${answer.body === '' ? '' : `: ${answer.body.slice(0, 300)}`}`;
  // The answer to an earlier attempt got lost: the key of the request tells the provider that it has it.
  if (status === 409 && repeated) return { kind: 'delivered', body: '' };
  const later = retryAfter(answer.headers.get('retry-after'), now);
  const wait = later === undefined ? {} : { retryAfterMs: later };
  if (status === 429) return { kind: 'limited', error, ...wait };
  if (status >= 500 || [401, 403, 408, 425].includes(status)) return { kind: 'failed', error, ...wait };
  return { kind: 'refused', error, ...(status === 410 && { gone: true as const }) };
}

/** @param attempt 1 for the first failure */
export function backoff(lane: LaneName, attempt: number, random: () => number, retryAfterMs = 0): number {
  const { delaysMs } = LANES[lane];
  const most = delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? 0;
  const asked = Math.min(Math.max(retryAfterMs, 0), BREAKER.maxRetryAfterMs);
  // Half of it is certain: a webhook's long waits should stay long, and senders that failed together still come apart.
  return Math.ceil(asked + most / 2 + (random() * most) / 2);
}

/** What to do with a message after an attempt. `attempts` includes this one. */
export function judge(
  lane: LaneName,
  message: { attempts: number; createdAt: number },
  outcome: Outcome,
  now: number,
  random: () => number,
): Verdict {
  if (outcome.kind === 'delivered') return { kind: 'delivered' };
  if (outcome.kind === 'refused') return { kind: 'dead', error: outcome.error };
  if (outcome.kind === 'again') return { kind: 'retry', at: now, error: outcome.error };
  const at = now + backoff(lane, message.attempts, random, outcome.retryAfterMs);
  return at >= message.createdAt + LANES[lane].lifeMs
    ? { kind: 'dead', error: `${outcome.error} (given up)` }
    : { kind: 'retry', at, error: outcome.error };
}

/** The breaker after an attempt. Who refuses or slows us down is there. */
export const breakerAfter = (
  breaker: Breaker,
  outcome: Outcome,
  now: number,
  random: () => number,
): Breaker => (outcome.kind === 'failed' ? afterFailure(breaker, outcome, now, random, BREAKER) : CLOSED);

/** What the link asks of its provider by itself, besides what people do. */
export const TASK_KINDS = ['set_webhook', 'get_channels', 'history', 'delete_webhook', 'disconnect'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Of these alone a provider may still hear when its integration is off. */
export const FAREWELLS: readonly string[] = ['delete_webhook', 'disconnect'] satisfies TaskKind[];

/** What a change of the configuration asks for, in this order. */
export interface Consequences {
  /** Nothing that waits is delivered any more. */
  stop: boolean;
  tasks: TaskKind[];
  /** The tenant's accounts of this provider are to be deactivated. */
  uninstalled: boolean;
}

const isActive = (config: LinkConfig | null): boolean =>
  config !== null && config.tie !== null && config.tokens.length > 0;

/**
 * What follows from a copy of the configuration that took the place of another. Only the difference counts, so a copy that
 * was read twice, or late, asks for nothing twice.
 */
export function consequences(before: LinkConfig | null, after: LinkConfig): Consequences {
  const was = isActive(before);
  const is = isActive(after);
  const uninstalled = before !== null && before.tie !== null && after.tie === null;
  if (was && !is) {
    const has = before?.tie?.content.endpoints.deleteWebhook !== undefined;
    return { stop: true, tasks: [...(has ? ['delete_webhook' as const] : []), 'disconnect'], uninstalled };
  }
  if (!is || after.tie === null) return { stop: false, tasks: [], uninstalled };
  const { endpoints } = after.tie.content;
  const setUp: TaskKind[] = [
    ...(endpoints.setWebhook === undefined ? [] : ['set_webhook' as const]),
    'get_channels',
  ];
  if (!was)
    return {
      stop: false,
      tasks: [...setUp, ...(endpoints.getMessageHistory === undefined ? [] : ['history' as const])],
      uninstalled,
    };
  // Moved to another configuration: the provider may have other channels by now.
  const moved = before?.tie?.configurationId !== after.tie.configurationId;
  return { stop: false, tasks: moved ? setUp : [], uninstalled };
}
