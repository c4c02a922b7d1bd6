import { describe, expect, it } from 'vitest';
import { ago, clockFace, dayIn, timeOfDay } from './time';

describe('time on screen', () => {
  it('shows durations as a clock does', () => {
    expect([0, 9, 75, 3_600, 36_610].map(clockFace)).toEqual(['0:00', '0:09', '1:15', '1:00:00', '10:10:10']);
  });

  it("takes the day and the hour of the tenant's zone, not of the browser", () => {
    expect(dayIn('2026-03-01T22:30:00Z', 'Europe/Moscow')).toBe('2026-03-02');
    expect(dayIn('2026-03-01T22:30:00Z', 'UTC')).toBe('2026-03-01');
    expect(timeOfDay('2026-03-01T21:05:00Z', 'ru', 'Europe/Moscow')).toBe('00:05');
  });

  it('says how long ago in the largest unit that fits', () => {
    const now = Date.parse('2026-03-01T10:00:00Z');
    expect(ago('2026-03-01T09:55:00Z', now, 'en')).toBe('5 min. ago');
    expect(ago('2026-02-27T10:00:00Z', now, 'en')).toBe('2 days ago');
    expect(ago('2026-03-01T10:00:05Z', now, 'en')).toBe('now');
  });
});
