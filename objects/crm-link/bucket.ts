/** The budget of requests a CRM allows, as pure functions over a state that is stored. */
export interface Bucket {
  tokens: number;
  at: number;
}

/** How many of `wanted` requests may be made now, and the bucket after them. */
export function take(
  bucket: Bucket | null,
  perSecond: number,
  wanted: number,
  now: number,
): { bucket: Bucket; granted: number } {
  const before = bucket ?? { tokens: perSecond, at: now };
  // A clock that went back grants nothing.
  const passed = Math.max(0, now - before.at);
  const tokens = Math.min(perSecond, before.tokens + (passed / 1_000) * perSecond);
  const granted = Math.min(wanted, Math.floor(tokens));
  return { bucket: { tokens: tokens - granted, at: now }, granted };
}

/** Milliseconds until one more request may be made. */
export const untilNext = (bucket: Bucket, perSecond: number): number =>
  bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
