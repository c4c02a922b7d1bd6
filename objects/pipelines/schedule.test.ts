import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRun } from './schedule';
import type { PipelineSchedule } from './spec';

const at = (times: string[], days = [1, 2, 3, 4, 5, 6, 7]): PipelineSchedule => ({
  kind: 'at',
  times,
  days,
  enabled: true,
});
const every = (minutes: number): PipelineSchedule => ({ kind: 'every', minutes, enabled: true });
const next = (schedule: PipelineSchedule | null, after: string, zone = 'Europe/Minsk', anchor = after) => {
  const found = nextRun(schedule, Date.parse(after), Date.parse(anchor), zone);
  return found === null ? null : new Date(found).toISOString();
};

describe('the next moment of a schedule', () => {
  it('is none without a schedule, or with one that is off', () => {
    expect(next(null, '2026-03-01T00:00:00Z')).toBeNull();
    expect(next({ ...every(5), enabled: false }, '2026-03-01T00:00:00Z')).toBeNull();
  });

  it('counts from the moment the schedule was set', () => {
    const anchor = '2026-03-01T10:02:00Z';
    expect(next(every(30), anchor, 'UTC', anchor)).toBe('2026-03-01T10:32:00.000Z');
    expect(next(every(30), '2026-03-01T10:31:59Z', 'UTC', anchor)).toBe('2026-03-01T10:32:00.000Z');
    expect(next(every(30), '2026-03-01T10:32:00Z', 'UTC', anchor)).toBe('2026-03-01T11:02:00.000Z');
    expect(next(every(30), '2026-03-09T00:00:00Z', 'UTC', anchor)).toBe('2026-03-09T00:02:00.000Z');
  });

  it('is a time of the tenant’s own clock', () => {
    expect(next(at(['03:30']), '2026-03-01T00:00:00Z')).toBe('2026-03-01T00:30:00.000Z');
    expect(next(at(['03:30']), '2026-03-01T00:30:00Z')).toBe('2026-03-02T00:30:00.000Z');
    expect(next(at(['09:00', '21:15']), '2026-03-01T12:00:00Z')).toBe('2026-03-01T18:15:00.000Z');
    expect(next(at(['03:30']), '2026-03-01T00:00:00Z', 'America/New_York')).toBe('2026-03-01T08:30:00.000Z');
  });

  it('is on one of its days', () => {
    // 1 March 2026 is a Sunday.
    expect(next(at(['12:00'], [1]), '2026-03-01T00:00:00Z', 'UTC')).toBe('2026-03-02T12:00:00.000Z');
    expect(next(at(['12:00'], [7]), '2026-03-01T12:00:00Z', 'UTC')).toBe('2026-03-08T12:00:00.000Z');
  });

  it('comes once a day when the clock is changed', () => {
    // Berlin: 29 March 2026 02:00 → 03:00, 25 October 03:00 → 02:00.
    expect(next(at(['02:30']), '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
    expect(next(at(['02:30']), '2026-03-29T01:30:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30:00.000Z');
    expect(next(at(['02:30']), '2026-10-24T12:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(next(at(['02:30']), '2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-26T01:30:00.000Z');
  });

  it('is always later, never more than eight days away, and shows the time asked for', () => {
    const zones = [
      'UTC',
      'Europe/Minsk',
      'Asia/Kathmandu',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ];
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true }),
        fc.constantFrom(...zones),
        fc.integer({ min: 4 * 60, max: 23 * 60 + 59 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (after, zone, minute, days) => {
          const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
          const found = nextRun(at([time], days), after.getTime(), 0, zone);
          expect(found).not.toBeNull();
          const shown = new Intl.DateTimeFormat('en-GB', {
            timeZone: zone,
            hourCycle: 'h23',
            hour: '2-digit',
            minute: '2-digit',
          }).format(found ?? 0);
          expect(shown).toBe(time);
          expect(found ?? 0).toBeGreaterThan(after.getTime());
          expect((found ?? 0) - after.getTime()).toBeLessThanOrEqual(8 * 86_400_000);
        },
      ),
      { numRuns: 300 },
    );
  });
});
