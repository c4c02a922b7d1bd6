/**
 * Rules of telling a CRM as pure functions: what an answer means, when a failed delivery is tried again and when it is
 * given up. Times are milliseconds since the epoch; `random` answers [0, 1).
 */
import { afterFailure, CLOSED, type Breaker } from '../lib/breaker';

export const POLICY = {
  /** An answer later than this counts as none. */
  timeoutMs: 3_000,
  /** Attempts that follow each other at once: a hiccup costs nobody his popup. */
  quickAttempts: 3,
  quickDelayMs: 250,
  /** After those: this, doubled each time up to the ceiling, jittered. */
  baseDelayMs: 5_000,
  maxDelayMs: 30 * 60_000,
  /** What could not be told for so long is a dead letter. */
  lifeMs: 24 * 3_600_000,
  /** How long an attempt may stay without a verdict before it counts as lost (a crash in mid-delivery). */
  attemptLeaseMs: 10_000,
  /** Over the CRM's own limit: wait this, doubled each time up to a minute. */
  limitedDelayMs: 500,
  maxLimitedDelayMs: 60_000,
  breakerAfter: 5,
  breakerBaseMs: 5_000,
  breakerMaxMs: 5 * 60_000,
  maxRetryAfterMs: 30 * 60_000,
} as const;

/** What became of one attempt. */
export type Outcome =
  | { kind: 'delivered'; duplicate?: true; unknownCodes?: string[] }
  /** Nothing to tell this CRM; it was not asked. */
  | { kind: 'skipped'; reason: string }
  /** The CRM refuses this message for good. */
  | { kind: 'refused'; error: string }
  /** The CRM refuses us: the link is held until somebody sees to it. */
  | { kind: 'rejected'; error: string; httpStatus: number }
  /** Too many requests: the CRM is well, we are too fast. */
  | { kind: 'limited'; error: string; retryAfterMs?: number }
  /** No answer, or one that says the CRM is not well. */
  | { kind: 'failed'; error: string; retryAfterMs?: number };

export type Verdict =
  | { kind: 'delivered'; duplicate: boolean }
  | { kind: 'skipped'; reason: string }
  /** `alone`: from now on by itself, it failed in a request it shared. */
  | { kind: 'retry'; at: number; error: string; alone: boolean }
  /** It waits without having used up an attempt. */
  | { kind: 'held'; error: string; httpStatus: number }
  | { kind: 'dead'; error: string };

/** @param attempt 1 for the first failure */
export function backoff(attempt: number, random: () => number, retryAfterMs = 0): number {
  const asked = Math.min(Math.max(retryAfterMs, 0), POLICY.maxRetryAfterMs);
  if (attempt < POLICY.quickAttempts)
    return Math.ceil(asked + POLICY.quickDelayMs * attempt * (0.5 + random()));
  const step = Math.min(attempt - POLICY.quickAttempts, 20);
  const delay = Math.min(POLICY.maxDelayMs, POLICY.baseDelayMs * 2 ** step);
  // Half of it is jitter: links that failed together don't come back together, and none comes at once. The longest
  // one stays within its ceiling.
  return Math.ceil(Math.max(asked, POLICY.baseDelayMs, delay / 2 + (random() * delay) / 2));
}

/**
 * What to do with a message after an attempt. `attempts` includes this one; `together`: so many messages shared the request.
 */
export function judge(
  message: { attempts: number; createdAt: number },
  outcome: Outcome,
  now: number,
  random: () => number,
  together = 1,
): Verdict {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'delivered', duplicate: outcome.duplicate === true };
    case 'skipped':
      return outcome;
    case 'refused':
      // The CRM refuses a request whole for one message in it: which one it is shows when each goes by itself.
      return together > 1
        ? { kind: 'retry', at: now, error: outcome.error, alone: true }
        : { kind: 'dead', error: outcome.error };
    case 'rejected':
      return { kind: 'held', error: outcome.error, httpStatus: outcome.httpStatus };
    case 'limited': {
      const step = Math.min(
        POLICY.maxLimitedDelayMs,
        POLICY.limitedDelayMs * 2 ** Math.min(message.attempts - 1, 20),
      );
      const asked = Math.min(outcome.retryAfterMs ?? 0, POLICY.maxRetryAfterMs);
      return lifeOr(message, now + Math.ceil(asked + step * (0.5 + random() / 2)), outcome.error, false);
    }
    case 'failed':
      return lifeOr(
        message,
        now + backoff(message.attempts, random, outcome.retryAfterMs),
        outcome.error,
        together > 1,
      );
  }
}

const lifeOr = (message: { createdAt: number }, at: number, error: string, alone: boolean): Verdict =>
  at >= message.createdAt + POLICY.lifeMs
    ? { kind: 'dead', error: `${error} (not told within 24 hours)` }
    : { kind: 'retry', at, error, alone };

/** The breaker after an attempt. */
export function breakerAfter(breaker: Breaker, outcome: Outcome, now: number, random: () => number): Breaker {
  switch (outcome.kind) {
    case 'skipped':
    case 'limited':
      // Nothing was learnt about how the CRM is; but a probe has to be made again.
      return breaker;
    case 'failed':
      return afterFailure(breaker, outcome, now, random, POLICY);
    case 'delivered':
    case 'refused':
    case 'rejected':
      return CLOSED;
  }
}
