/**
 * A breaker as pure functions: after a row of failures a destination is left alone for a while, then one attempt decides.
 * Times are milliseconds since the epoch; `random` answers [0, 1).
 */

/** closed: delivering; open: resting after a row of failures; half_open: the next attempt decides. */
export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerPolicy {
  /** Failures in a row after which the breaker opens. */
  breakerAfter: number;
  breakerBaseMs: number;
  breakerMaxMs: number;
  /** Longest `Retry-After` believed. */
  maxRetryAfterMs: number;
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

/** The breaker after a failure of the destination. */
export function afterFailure(
  breaker: Breaker,
  failure: { retryAfterMs?: number },
  now: number,
  random: () => number,
  policy: BreakerPolicy,
): Breaker {
  // Deliveries that started before it opened may still fail: they don't prolong the rest.
  if (breaker.state === 'open') return breaker;
  const failures = breaker.failures + 1;
  if (breaker.state === 'closed' && failures < policy.breakerAfter) return { ...breaker, failures };
  const rest = Math.min(policy.breakerMaxMs, policy.breakerBaseMs * 2 ** Math.min(breaker.openings, 20));
  const asked = Math.min(failure.retryAfterMs ?? 0, policy.maxRetryAfterMs);
  const until = now + Math.ceil(Math.max(asked, rest / 2 + (random() * rest) / 2));
  return { state: 'open', failures, openings: breaker.openings + 1, until };
}
