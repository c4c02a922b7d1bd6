import { describe, expect, it } from 'vitest';
import type { DayKind } from './api';
import { countBy, dayBeside, hoursOf } from './day';

const kind = (change: Partial<DayKind>): DayKind => ({
  hour: '2025-11-15T06:00:00.000Z',
  source: 'pbx',
  direction: 'in',
  outcome: 'answered',
  calls: 1,
  talk_seconds: 0,
  ...change,
});

describe('hoursOf', () => {
  it('has every hour of a day that is over, with its sums', () => {
    const hours = hoursOf(
      {
        day: '2025-11-15',
        time_zone: 'Europe/Moscow',
        kinds: [
          kind({ calls: 3, talk_seconds: 90 }),
          kind({ outcome: 'busy', calls: 2 }),
          kind({ outcome: 'none' }),
          kind({ outcome: 'live', direction: 'out' }),
        ],
      },
      Date.parse('2025-12-01T00:00:00Z'),
    );
    expect(hours).toHaveLength(24);
    expect(hours[0]?.hour).toBe('2025-11-14T21:00:00.000Z');
    expect(hours[9]).toEqual({
      hour: '2025-11-15T06:00:00.000Z',
      answered: 3,
      missed: 3,
      live: 1,
      talkSeconds: 90,
    });
  });

  it('ends with the hour that is now, and has 25 where the clocks go back', () => {
    const now = Date.parse('2025-11-15T01:30:00Z');
    expect(hoursOf({ day: '2025-11-15', time_zone: 'UTC', kinds: [] }, now)).toHaveLength(2);
    const long = { day: '2025-10-26', time_zone: 'Europe/Berlin', kinds: [] };
    expect(hoursOf(long, now)).toHaveLength(25);
  });
});

it('counts by a field', () => {
  const counts = countBy([kind({ calls: 2 }), kind({ source: 'slot' }), kind({})], 'source');
  expect([...counts]).toEqual([
    ['pbx', 3],
    ['slot', 1],
  ]);
});

it('goes from day to day over the ends of months', () => {
  expect(dayBeside('2025-03-01', -1)).toBe('2025-02-28');
  expect(dayBeside('2025-12-31', 1)).toBe('2026-01-01');
});
