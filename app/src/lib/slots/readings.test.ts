import { describe, expect, it } from 'vitest';
import type { Sample } from './model';
import { chartsOf, isLow, takenLongAgo } from './readings';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 15, 10, minute)).toISOString();
const sample = (minute: number, readings: Partial<Sample>): Sample => ({
  at: at(minute),
  battery: null,
  temperature: null,
  signal: null,
  cpu: null,
  ram: null,
  storage: null,
  latency_ms: null,
  ...readings,
});
const span = { from: Date.parse(at(0)), to: Date.parse(at(17)), bucketSec: 300 };
const chart = (samples: Sample[], field: string) =>
  chartsOf(samples, span).find((one) => one.field === field);

describe('charts of samples', () => {
  it('takes the mean of a bucket and leaves out what could not be had', () => {
    const battery = chart(
      [sample(0, { battery: 80 }), sample(1, { battery: 83 }), sample(2, { cpu: 5 })],
      'battery',
    );
    expect(battery?.values).toEqual([81.5, null, null, null]);
  });

  it('shows a time without samples as a gap', () => {
    const latency = chart([sample(0, { latency_ms: 7 }), sample(16, { latency_ms: 9 })], 'latency_ms');
    expect(latency?.values).toEqual([7, null, null, 9]);
    expect(latency?.times).toEqual([0, 5, 10, 15].map((minute) => Date.parse(at(minute))));
  });

  it('knows the newest reading, and that there was none', () => {
    const samples = [sample(0, { signal: -90 }), sample(9, {})];
    expect(chart(samples, 'signal')?.last).toBe(-90);
    expect(chart(samples, 'storage')?.last).toBeNull();
  });

  it('spans the whole time even with nothing in it', () => {
    expect(chart([], 'cpu')).toMatchObject({ values: [null, null, null, null], last: null });
  });
});

it('warns of an empty or hot battery and of a weak signal', () => {
  expect([isLow('battery', 15), isLow('battery', 16)]).toEqual([true, false]);
  expect([isLow('temperature', 45), isLow('temperature', 44)]).toEqual([true, false]);
  expect([isLow('signal', -110), isLow('signal', -100)]).toEqual([true, false]);
});

it('says when a reading was taken only where that is long ago', () => {
  expect(takenLongAgo({ at: at(0), age_sec: 181 })).toBe(at(0));
  expect(takenLongAgo({ at: at(0), age_sec: 180 })).toBeNull();
  expect(takenLongAgo({ at: null, age_sec: null })).toBeNull();
});
