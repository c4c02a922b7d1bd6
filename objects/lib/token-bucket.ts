/** A token bucket as pure functions. Times are milliseconds since the epoch. */

export interface BucketPolicy {
  /** Most tokens it holds: the burst. */
  capacity: number;
  refillPerSec: number;
}

/** `retryAfterMs` is at least 1 and says when the next call may succeed. */
export type LimitResult = { ok: true } | { ok: false; retryAfterMs: number };

export interface Bucket {
  tokens: number;
  at: number;
}

/** A bucket never used is full; tokens grow with time up to the capacity. A clock that went back gives none. */
export function takeTokens(
  bucket: Bucket | null,
  policy: BucketPolicy,
  cost: number,
  now: number,
): { bucket: Bucket; result: LimitResult } {
  const elapsedSec = bucket === null ? 0 : Math.max(0, now - bucket.at) / 1_000;
  const tokens =
    bucket === null
      ? policy.capacity
      : Math.min(policy.capacity, bucket.tokens + elapsedSec * policy.refillPerSec);
  if (tokens >= cost) return { bucket: { tokens: tokens - cost, at: now }, result: { ok: true } };
  const retryAfterMs = Math.max(1, Math.ceil(((cost - tokens) / policy.refillPerSec) * 1_000));
  return { bucket: { tokens, at: now }, result: { ok: false, retryAfterMs } };
}
