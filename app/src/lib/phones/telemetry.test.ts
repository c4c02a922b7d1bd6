import { describe, expect, it } from 'vitest';
import type { Telemetry, TelemetrySeries } from './model';
import { chartOf } from './telemetry';

const series: TelemetrySeries = {
  type: 'latency',
  total: 3,
  errors: 1,
  points: [
    { at: '2026-11-15T10:01:00.000Z', count: 2, errors: 0, avg_ms: 120.4, max_ms: 200 },
    { at: '2026-11-15T10:03:00.000Z', count: 1, errors: 1, avg_ms: null, max_ms: null },
  ],
};
const telemetry: Telemetry = {
  from: '2026-11-15T10:00:30.000Z',
  to: '2026-11-15T10:04:00.000Z',
  bucket_sec: 60,
  series: [series],
};
const minutes = (times: number[]) => times.map((time) => new Date(time).getUTCMinutes());

describe('chartOf', () => {
  it('shows gaps where nothing was measured', () => {
    const chart = chartOf(telemetry, series);
    expect(minutes(chart.times)).toEqual([1, 2, 3, 4]);
    expect(chart.counts).toEqual([2, 0, 1, 0]);
    expect(chart.failed).toEqual([0, 0, 1, 0]);
    expect(chart.average).toEqual([120, null, null, null]);
  });

  it('has no time lines for a series without times', () => {
    const counted = {
      ...series,
      points: series.points.map((point) => ({ ...point, avg_ms: null, max_ms: null })),
    };
    expect(chartOf(telemetry, counted)).toMatchObject({ average: null, longest: null });
  });
});
