import { expect, it } from 'vitest';
import { clockAt, clockMoment, dayMoment } from './day-moment';

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

it.each([
  ['2026-11-21T09:30', 'Europe/Moscow', '2026-11-21T06:30:00.000Z'],
  ['2026-07-01T00:00', 'Europe/Berlin', '2026-06-30T22:00:00.000Z'],
  ['2026-11-21T23:59', 'America/New_York', '2026-11-22T04:59:00.000Z'],
])('%s on the clocks of %s is %s, and back', (clock, zone, at) => {
  expect(clockMoment(clock, zone)).toBe(at);
  expect(clockAt(at, zone)).toBe(clock);
});

it.each(['', 'soon', '2026-11-21', '2026-13-40T99:99'])('%j is no moment', (clock) => {
  expect(clockMoment(clock, 'UTC')).toBeNull();
});
