import { expect, it } from 'vitest';
import { dayMoment } from './day-moment';

it.each([
  ['2026-11-21', 'UTC', 0, '2026-11-21T00:00:00.000Z'],
  ['2026-11-21', 'Europe/Moscow', 0, '2026-11-20T21:00:00.000Z'],
  ['2026-11-21', 'America/New_York', 1, '2026-11-22T05:00:00.000Z'],
  // The clocks go forward in the night after, and back in the night before.
  ['2026-03-29', 'Europe/Berlin', 1, '2026-03-29T22:00:00.000Z'],
  ['2026-10-25', 'Europe/Berlin', 0, '2026-10-24T22:00:00.000Z'],
  ['2026-12-31', 'Asia/Kolkata', 1, '2026-12-31T18:30:00.000Z'],
  ['21.11.2026', 'UTC', 0, null],
])('%s in %s and %i days: %s', (day, zone, days, expected) => {
  expect(dayMoment(day, zone, days)).toBe(expected);
});
