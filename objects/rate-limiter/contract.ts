/**
 * What other rooms may ask of a RateLimiter: one object per key (`${kind}:${key}`), either a token bucket (`take`)
 * or a counter of failed attempts with a growing delay (`begin`, then `fail` or `succeed`). The policy comes with
 * every call, so that an object needs no configuration. It forgets itself when its window is over.
 */

import type { BucketPolicy, LimitResult } from '../lib/token-bucket';

export type { BucketPolicy, LimitResult };

export interface AttemptPolicy {
  /** Failures without any delay. */
  free: number;
  /** Delay after the first failure beyond `free`; it doubles with each further one. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** Failures are forgotten this long after the last one. */
  windowMs: number;
  /** Attempts that may be under way at once: parallel guesses don't slip past the count. */
  maxParallel: number;
}

export interface RateLimiterApi extends Rpc.DurableObjectBranded {
  /** Takes `cost` tokens (default 1) or refuses and takes none. */
  take(policy: BucketPolicy, cost?: number): Promise<LimitResult>;
  /** Asks to make an attempt; each allowed one must be closed by `fail` or `succeed` (or is forgotten after 30 s). */
  begin(policy: AttemptPolicy): Promise<LimitResult>;
  /** The attempt failed. `retryAfterMs` is when the next one is allowed, 0 for at once. */
  fail(policy: AttemptPolicy): Promise<{ failures: number; retryAfterMs: number }>;
  /** The attempt succeeded: earlier failures are forgotten. */
  succeed(): Promise<void>;
  /** The attempt came to no verdict (for one, a fault of ours): only closes it. */
  release(): Promise<void>;
}
