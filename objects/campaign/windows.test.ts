import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpen, nextOpening, openWindow } from './windows';
import { clockIn, isZone, localTime, zonesOf, zonesOfNumber } from './zones';

const WORKDAYS = [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }];
const at = (iso: string): number => Date.parse(iso);

describe('zones of numbers', () => {
  it('reads the country, and the area where that narrows it down', () => {
    expect(zonesOfNumber('+375290000000')).toEqual(['Europe/Minsk']);
    expect(zonesOfNumber('+12125550100')).toEqual(['America/New_York']);
    expect(zonesOfNumber('+74955550100')).toEqual(['Europe/Moscow']);
    expect(zonesOfNumber('+74232550100')).toEqual(['Asia/Vladivostok']);
    expect(zonesOfNumber('+79265550100').length).toBeGreaterThan(5);
    expect(zonesOfNumber('+77012345678')).toEqual(['Asia/Almaty']);
  });

  it('takes the zone given first, the home zone where the number leaves it open, and every zone abroad', () => {
    expect(zonesOf('+79265550100', 'Asia/Omsk', 'Europe/Moscow')).toEqual({
      names: ['Asia/Omsk'],
      source: 'given',
    });
    expect(zonesOf('+79265550100', null, 'Europe/Moscow')).toEqual({
      names: ['Europe/Moscow'],
      source: 'assumed',
    });
    expect(zonesOf('+79265550100', null, 'Europe/Minsk').names).toContain('Asia/Kamchatka');
    expect(zonesOf('+375290000000', null, 'Europe/Moscow')).toEqual({
      names: ['Europe/Minsk'],
      source: 'number',
    });
  });

  it('names zones the runtime knows, and only those', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('+375290000000', '+12065550100', '+551155501000', '+61255501000'),
        (number) => {
          expect(zonesOfNumber(number).every(isZone)).toBe(true);
        },
      ),
    );
    expect([isZone('Europe/Nowhere'), isZone('+03:00'), isZone('Europe/Minsk')]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('shows the clock there', () => {
    expect(localTime('Asia/Tokyo', at('2026-01-01T20:05:00Z'))).toBe('2026-01-02 05:05');
    expect(clockIn('Europe/Minsk', at('2026-11-22T21:30:00Z'))).toEqual({
      day: '2026-11-23',
      weekday: 1,
      minutes: 30,
    });
  });
});

describe('windows', () => {
  it('are open by the clock of the lead, from the first minute to before the last', () => {
    const monday = (utc: string) =>
      openWindow(WORKDAYS, 'Europe/Minsk', at(`2026-11-23T${utc}:00Z`)) !== null;
    expect([monday('05:59'), monday('06:00'), monday('14:59'), monday('15:00')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isOpen(WORKDAYS, ['Europe/Minsk'], at('2026-11-22T10:00:00Z'))).toBe(false);
  });

  it('are open for a lead of many zones only while they are in each', () => {
    const both = ['Europe/Kaliningrad', 'Asia/Yekaterinburg'];
    expect(isOpen(WORKDAYS, both, at('2026-11-23T06:59:00Z'))).toBe(false);
    expect(isOpen(WORKDAYS, both, at('2026-11-23T07:00:00Z'))).toBe(true);
    expect(isOpen(WORKDAYS, both, at('2026-11-23T13:00:00Z'))).toBe(false);
    expect(
      nextOpening(
        WORKDAYS,
        ['Asia/Kamchatka', 'America/Los_Angeles', 'Europe/London'],
        at('2026-11-23T00:00:00Z'),
      ),
    ).toBeNull();
  });

  it('open next at a minute before which they are closed', () => {
    const clock = (minutes: number) =>
      `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_380 }),
        fc.integer({ min: 15, max: 600 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        fc.constantFrom('Europe/Minsk', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham'),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') }),
        (from, length, days, zone, now) => {
          const windows = [{ days, from: clock(from), to: clock(Math.min(1_440, from + length)) }];
          const next = nextOpening(windows, [zone], now);
          if (next === null) throw new Error('a window of every week never opens');
          expect(isOpen(windows, [zone], next)).toBe(true);
          if (next > now) expect(isOpen(windows, [zone], next - 60_000)).toBe(false);
          // Nothing earlier was passed over.
          for (let t = now; t < Math.min(next, now + 86_400_000); t += 7 * 60_000)
            expect(isOpen(windows, [zone], t)).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});
