import { takeTokens, type Bucket } from '../lib/token-bucket';
import type { AttemptPolicy, BucketPolicy, LimitResult } from './contract';

export { takeTokens, type Bucket };

/** Failed attempts of one key. All times are ms since the epoch. */
export interface Attempts {
  failures: number;
  lastFailureAt: number;
  lockedUntil: number;
}

export const NO_ATTEMPTS: Attempts = { failures: 0, lastFailureAt: 0, lockedUntil: 0 };

/** An attempt nobody closed is forgotten after this: its request died. */
export const ABANDONED_MS = 30_000;
/** When to come back while other attempts are under way: about what one takes. */
const BUSY_RETRY_MS = 1_000;

/** Attempts as they stand at `now`: nothing once the window since the last failure is over. */
export const current = (attempts: Attempts, policy: AttemptPolicy, now: number): Attempts =>
  attempts.failures > 0 && now - attempts.lastFailureAt >= policy.windowMs ? NO_ATTEMPTS : attempts;

/**
 * Whether one more attempt may start. `underWay` are the start times of attempts not closed yet. Beyond the free
 * failures attempts go one at a time: else a burst of parallel guesses would all start before the first is counted.
 */
export function mayBegin(
  attempts: Attempts,
  underWay: readonly number[],
  policy: AttemptPolicy,
  now: number,
): LimitResult {
  const known = current(attempts, policy, now);
  if (now < known.lockedUntil) return { ok: false, retryAfterMs: known.lockedUntil - now };
  const open = underWay.filter((at) => now - at < ABANDONED_MS).length;
  const parallel = known.failures > policy.free ? 1 : policy.maxParallel;
  return open >= parallel ? { ok: false, retryAfterMs: BUSY_RETRY_MS } : { ok: true };
}

/** Counts a failure; the delay starts with the first beyond `free` and doubles up to `maxDelayMs`. */
export function afterFailure(attempts: Attempts, policy: AttemptPolicy, now: number): Attempts {
  const failures = current(attempts, policy, now).failures + 1;
  const beyond = failures - policy.free;
  // Past 2^30 the doubling has long met any sane maximum; unbounded it would overflow to Infinity.
  const delay =
    beyond <= 0 ? 0 : Math.min(policy.baseDelayMs * 2 ** Math.min(beyond - 1, 30), policy.maxDelayMs);
  return { failures, lastFailureAt: now, lockedUntil: now + delay };
}

/** When a bucket is full again and so worth nothing to remember. */
export const fullAt = (bucket: Bucket, policy: BucketPolicy): number =>
  bucket.at + Math.ceil(((policy.capacity - bucket.tokens) / policy.refillPerSec) * 1_000);
