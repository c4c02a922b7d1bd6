import type { Sample, SlotMetrics } from './model';

export const CARD_READINGS = ['battery', 'temperature', 'signal'] as const;
export type CardReading = (typeof CARD_READINGS)[number];

export const HEALTH_READINGS = [
  'battery',
  'temperature',
  'signal',
  'cpu',
  'ram',
  'storage',
  'latency_ms',
] as const satisfies readonly (keyof Sample)[];
export type HealthReading = (typeof HEALTH_READINGS)[number];

/** Seconds after which a reading no longer says how the phone is now. */
const STALE_SEC = 180;

/** When a reading that is still shown was taken, where that is long ago; null while it is fresh or was never had. */
export const takenLongAgo = ({ at, age_sec: age }: Pick<SlotMetrics, 'at' | 'age_sec'>): string | null =>
  age !== null && age > STALE_SEC ? at : null;

/** A value somebody should look at: an empty or hot battery, a signal too weak to call. */
export function isLow(field: CardReading, value: number): boolean {
  if (field === 'battery') return value <= 15;
  if (field === 'temperature') return value >= 45;
  return value <= -110;
}

export interface HealthChart {
  field: HealthReading;
  times: number[];
  values: (number | null)[];
  /** Newest reading that was had, null if none was in the whole time. */
  last: number | null;
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0
    ? null
    : Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 10) / 10;

/**
 * One chart per reading over the whole time from `from` to `to`: means of buckets of `bucketSec`, so that a day is some
 * hundred points. A bucket without a sample, and a reading that could not be had, is a gap.
 */
export function chartsOf(
  samples: readonly Sample[],
  { from, to, bucketSec }: { from: number; to: number; bucketSec: number },
): HealthChart[] {
  const step = bucketSec * 1_000;
  const bucketAt = (at: number) => Math.floor(at / step) * step;
  const buckets = Map.groupBy(samples, ({ at }) => bucketAt(Date.parse(at)));
  const first = bucketAt(from);
  const times = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, at) => first + at * step);
  return HEALTH_READINGS.map((field) => {
    const values = times.map((time) =>
      mean((buckets.get(time) ?? []).flatMap((sample) => sample[field] ?? [])),
    );
    const newest = samples.findLast((sample) => sample[field] !== null);
    return { field, times, values, last: newest?.[field] ?? null };
  });
}

/** The ends of what a reading can be, where it has any. */
export const rangeOf = (field: HealthReading): readonly [number, number] | undefined =>
  field === 'temperature' || field === 'signal' || field === 'latency_ms' ? undefined : [0, 100];
