/** The budget of requests a CRM allows, as pure functions over a state that is stored. */
export interface Bucket {
  tokens: number;
  at: number;
}

/**
 * How much of a second's budget may go out at once. What leaves evenly may arrive in a heap, and the CRM counts arrivals: a
 * burst of the whole budget would now and then be refused.
 */
const BURST = 0.5;

const mostOf = (perSecond: number): number => Math.max(1, Math.floor(perSecond * BURST));

/** How many of `wanted` requests may be made now, and the bucket after them. */
export function take(
  bucket: Bucket | null,
  perSecond: number,
  wanted: number,
  now: number,
): { bucket: Bucket; granted: number } {
  const most = mostOf(perSecond);
  const before = bucket ?? { tokens: most, at: now };
  // A clock that went back grants nothing.
  const passed = Math.max(0, now - before.at);
  const tokens = Math.min(most, before.tokens + (passed / 1_000) * perSecond);
  const granted = Math.min(wanted, Math.floor(tokens));
  return { bucket: { tokens: tokens - granted, at: now }, granted };
}

/** After a request that was granted and not made. */
export const giveBack = (bucket: Bucket, perSecond: number): Bucket => ({
  ...bucket,
  tokens: Math.min(mostOf(perSecond), bucket.tokens + 1),
});

/** Milliseconds until one more request may be made. */
export const untilNext = (bucket: Bucket, perSecond: number): number =>
  bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
