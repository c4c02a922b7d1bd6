/** How far back telemetry is shown and in what steps: a few hundred points at most. */
export const RANGES = [
  { id: '1h', ms: 3_600_000, bucketSec: 60 },
  { id: '6h', ms: 6 * 3_600_000, bucketSec: 120 },
  { id: '24h', ms: 24 * 3_600_000, bucketSec: 600 },
  { id: '7d', ms: 7 * 24 * 3_600_000, bucketSec: 3_600 },
] as const;
export type RangeId = (typeof RANGES)[number]['id'];
