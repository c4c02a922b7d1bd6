/**
 * Rules of an Outbox as pure functions: when a failed delivery is tried again, when it is given up, and when the
 * destination as a whole is left alone (the breaker). Times are milliseconds since the epoch; `random` answers [0, 1).
 */
import { admit, afterFailure, CLOSED, type Breaker } from '../lib/breaker';

export { admit, CLOSED, type Breaker };

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

/** The breaker after an attempt. */
export function afterAttempt(breaker: Breaker, outcome: Outcome, now: number, random: () => number): Breaker {
  // The destination was not asked, so nothing was learnt about it.
  if (outcome.kind === 'skipped') return breaker;
  return outcome.kind === 'failed' ? afterFailure(breaker, outcome, now, random, POLICY) : CLOSED;
}
