/**
 * Rules of an Outbox as pure functions: when a failed delivery is tried again, when it is given up, and when the
 * destination as a whole is left alone (the breaker). Times are milliseconds since the epoch; `random` answers [0, 1).
 */
import type { BreakerState } from './contract';

export const POLICY = {
  /** Deliveries of one message before it is a dead letter. */
  maxAttempts: 8,
  baseDelayMs: 1_000,
  maxDelayMs: 60_000,
  /** A message older than this is a dead letter whatever its attempts: waking a phone an hour late helps nobody. */
  lifeMs: 3_600_000,
  /** How long an attempt may stay without a verdict before it counts as lost (a crash in mid-delivery). */
  attemptLeaseMs: 60_000,
  /** Failures in a row after which the breaker opens. */
  breakerAfter: 5,
  breakerBaseMs: 15_000,
  breakerMaxMs: 600_000,
  /** Longest `Retry-After` believed. */
  maxRetryAfterMs: 3_600_000,
} as const;

/** What became of one attempt. */
export type Outcome =
  | { kind: 'delivered' }
  /** Nobody to deliver to; the destination was not asked. */
  | { kind: 'skipped'; reason: string }
  /** The destination says the recipient is no more: settled, and a sign that the destination is well. */
  | { kind: 'gone'; reason: string }
  /** The destination refuses this message for good. */
  | { kind: 'refused'; error: string }
  /** The destination is unreachable, overloaded or refuses us; `retryAfterMs` when it said when to come back. */
  | { kind: 'failed'; error: string; retryAfterMs?: number };

export type Verdict =
  | { kind: 'delivered' }
  | { kind: 'skipped'; reason: string }
  | { kind: 'retry'; at: number; error: string }
  | { kind: 'dead'; error: string };

/** @param attempt 1 for the first failure. */
export function backoff(attempt: number, random: () => number, retryAfterMs = 0): number {
  const ceiling = Math.min(POLICY.maxDelayMs, POLICY.baseDelayMs * 2 ** Math.min(attempt - 1, 20));
  // Full jitter: senders that failed together don't come back together.
  return Math.ceil(Math.min(Math.max(retryAfterMs, 0), POLICY.maxRetryAfterMs) + random() * ceiling);
}

/** What to do with a message after an attempt. `attempts` includes this one. */
export function judge(
  message: { attempts: number; createdAt: number },
  outcome: Outcome,
  now: number,
  random: () => number,
): Verdict {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'skipped':
    case 'gone':
      return { kind: 'skipped', reason: outcome.reason };
    case 'refused':
      return { kind: 'dead', error: outcome.error };
    case 'failed': {
      if (message.attempts >= POLICY.maxAttempts) return { kind: 'dead', error: outcome.error };
      const at = now + backoff(message.attempts, random, outcome.retryAfterMs);
      if (at >= message.createdAt + POLICY.lifeMs)
        return { kind: 'dead', error: `${outcome.error} (too old to retry)` };
      return { kind: 'retry', at, error: outcome.error };
    }
  }
}

export interface Breaker {
  state: BreakerState;
  /** Failures in a row while closed. */
  failures: number;
  /** Openings in a row; each rests twice as long as the one before. */
  openings: number;
  until: number | null;
}

export const CLOSED: Breaker = { state: 'closed', failures: 0, openings: 0, until: null };

/** How many deliveries may be under way at once, and the breaker as it then stands. */
export function admit(breaker: Breaker, now: number, most: number): { breaker: Breaker; slots: number } {
  if (breaker.state === 'closed') return { breaker, slots: most };
  if (breaker.until !== null && now < breaker.until) return { breaker, slots: 0 };
  return { breaker: { ...breaker, state: 'half_open', until: null }, slots: 1 };
}

/** The breaker after an attempt. */
export function afterAttempt(breaker: Breaker, outcome: Outcome, now: number, random: () => number): Breaker {
  // The destination was not asked, so nothing was learnt about it.
  if (outcome.kind === 'skipped') return breaker;
  if (outcome.kind !== 'failed') return CLOSED;
  // Deliveries that started before it opened may still fail: they don't prolong the rest.
  if (breaker.state === 'open') return breaker;
  const failures = breaker.failures + 1;
  if (breaker.state === 'closed' && failures < POLICY.breakerAfter) return { ...breaker, failures };
  const rest = Math.min(POLICY.breakerMaxMs, POLICY.breakerBaseMs * 2 ** Math.min(breaker.openings, 20));
  const asked = Math.min(outcome.retryAfterMs ?? 0, POLICY.maxRetryAfterMs);
  const until = now + Math.ceil(Math.max(asked, rest / 2 + (random() * rest) / 2));
  return { state: 'open', failures, openings: breaker.openings + 1, until };
}
