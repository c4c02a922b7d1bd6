import type { Telemetry, TelemetryPoint, TelemetrySeries } from './model';

export interface SeriesChart {
  type: string;
  total: number;
  errors: number;
  /** Start of each bucket, milliseconds since the epoch. */
  times: number[];
  counts: (number | null)[];
  failed: (number | null)[];
  /** Null where the phone measures no time in this series. */
  average: (number | null)[] | null;
  longest: (number | null)[] | null;
}

const round = (value: number | null | undefined): number | null => (value == null ? null : Math.round(value));

/**
 * Lays a series out over every bucket of its period: nothing measured is a gap in times and a zero in counts.
 * Buckets start where the server's first one does, so that its points fall on them.
 */
export function chartOf({ from, to, bucket_sec }: Telemetry, series: TelemetrySeries): SeriesChart {
  const step = bucket_sec * 1_000;
  const points = new Map<number, TelemetryPoint>(series.points.map((point) => [Date.parse(point.at), point]));
  const anchor = [...points.keys()][0] ?? Date.parse(from);
  const start = anchor - Math.floor((anchor - Date.parse(from)) / step) * step;
  const times = new Set(points.keys());
  for (let at = start; at <= Date.parse(to); at += step) times.add(at);
  const ordered = [...times].sort((a, b) => a - b);
  const timed = series.points.some((point) => point.avg_ms !== null);
  const pick = (value: (point: TelemetryPoint | undefined) => number | null) =>
    ordered.map((at) => value(points.get(at)));
  return {
    type: series.type,
    total: series.total,
    errors: series.errors,
    times: ordered,
    counts: pick((point) => point?.count ?? 0),
    failed: pick((point) => point?.errors ?? 0),
    average: timed ? pick((point) => round(point?.avg_ms)) : null,
    longest: timed ? pick((point) => round(point?.max_ms)) : null,
  };
}
