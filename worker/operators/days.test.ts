import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Segment } from '../../objects/operator-desk/contract';
import { clipped, daysFrom, sumOf } from './days';

const at = (text: string): number => Date.parse(text);
const segment = (from: number, to: number | null, more: Partial<Segment> = {}): Segment => ({
  from,
  to,
  state: 'line',
  reason: null,
  cause: 'asked',
  actor: 'u1',
  ...more,
});

describe('days', () => {
  it('begin at midnight of the zone, and a clock change makes one longer or shorter', () => {
    expect(daysFrom('2026-03-28', '2026-03-30', 'Europe/Warsaw')).toEqual([
      { day: '2026-03-28', from: at('2026-03-27T23:00Z'), to: at('2026-03-28T23:00Z') },
      { day: '2026-03-29', from: at('2026-03-28T23:00Z'), to: at('2026-03-29T22:00Z') },
      { day: '2026-03-30', from: at('2026-03-29T22:00Z'), to: at('2026-03-30T22:00Z') },
    ]);
    expect(daysFrom('2026-03-29', '2026-03-28', 'UTC')).toEqual([]);
  });
});

describe('the sum of a day', () => {
  const [day] = daysFrom('2026-03-02', '2026-03-02', 'Europe/Minsk');
  if (!day) throw new Error('no day');

  it('has seconds of each state, pauses by reason, and when the work began and ended', () => {
    const lunch = { state: 'paused', reason: 'lunch' } as const;
    const segments = [
      segment(day.from - 60_000, day.from + 60_000),
      segment(day.from + 60_000, day.from + 90_000, lunch),
      segment(day.from + 90_000, day.from + 100_000, { state: 'paused', reason: null }),
      segment(day.from + 100_000, day.from + 130_000, lunch),
      segment(day.from + 130_000, null, { state: 'off' }),
    ];
    expect(sumOf(segments, day, day.from + 200_000)).toEqual({
      day: '2026-03-02',
      seconds: { line: 60, paused: 70, off: 70 },
      pauses: [
        { reason: 'lunch', count: 2, seconds: 60 },
        { reason: null, count: 1, seconds: 10 },
      ],
      first: day.from,
      last: day.from + 130_000,
    });
  });

  it('is nothing where nothing is known', () => {
    expect(sumOf([], day, day.to)).toBeNull();
    expect(sumOf([segment(day.to, null)], day, day.to + 1)).toBeNull();
    // It has not come yet.
    expect(sumOf([segment(day.from - 5, null)], day, day.from - 1)).toBeNull();
  });
});

it('days of a time share it without a gap or an overlap, whatever the zone and the segments', () => {
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Warsaw',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
  );
  const start = fc.integer({ min: at('2025-01-01'), max: at('2026-12-01') });
  const lengths = fc.array(fc.integer({ min: 1, max: 40 * 3_600_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(zone, start, lengths, fc.boolean(), (timeZone, from, steps, isOpen) => {
      let moment = from;
      const segments = steps.map((length, index) => {
        const state = (['line', 'paused', 'off'] as const)[index % 3] ?? 'off';
        const one = segment(moment, moment + length, { state });
        moment += length;
        return one;
      });
      const last = segments.at(-1);
      if (isOpen && last) last.to = null;
      const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
      const days = daysFrom(day(from - 86_400_000), day(moment + 86_400_000), timeZone);
      for (const [index, one] of days.entries()) {
        expect(one.to).toBeGreaterThan(one.from);
        if (index > 0) expect(one.from).toBe(days[index - 1]?.to);
      }
      const parts = days.flatMap((one) => clipped(segments, one, moment));
      expect(parts.reduce((sum, part) => sum + (part.to ?? moment) - part.from, 0)).toBe(moment - from);
      expect(parts[0]?.from).toBe(from);
    }),
  );
});
