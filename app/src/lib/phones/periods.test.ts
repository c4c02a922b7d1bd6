import { describe, expect, it } from 'vitest';
import { daysIn, isDay, periodsOf, presetOf, rangeOf } from './periods';

describe('rangeOf', () => {
  it('knows the ends of months and years', () => {
    expect(rangeOf('last_month', '2026-03-31')).toEqual({ from: '2026-02-01', to: '2026-02-28' });
    expect(rangeOf('last_month', '2026-01-05')).toEqual({ from: '2025-12-01', to: '2025-12-31' });
    expect(rangeOf('week', '2026-03-02')).toEqual({ from: '2026-02-24', to: '2026-03-02' });
    expect(daysIn(rangeOf('month', '2026-11-21'))).toBe(30);
  });

  it('is recognised again', () => {
    expect(presetOf({ from: '2026-11-15', to: '2026-11-21' }, '2026-11-21')).toBe('week');
    expect(presetOf({ from: '2026-11-14', to: '2026-11-21' }, '2026-11-21')).toBeNull();
  });
});

describe('periodsOf', () => {
  it('leaves no gap', () => {
    expect(periodsOf({ from: '2026-02-27', to: '2026-03-01' }, 'day')).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
    ]);
    expect(periodsOf({ from: '2025-11-30', to: '2026-02-01' }, 'month')).toEqual([
      '2025-11',
      '2025-12',
      '2026-01',
      '2026-02',
    ]);
    expect(periodsOf({ from: '2026-03-02', to: '2026-03-01' }, 'day')).toEqual([]);
  });
});

describe('isDay', () => {
  it('takes only days there are', () => {
    expect(isDay('2028-02-29')).toBe(true);
    for (const bad of ['', '2026-02-29', '2026-13-01', '2026-1-1']) expect(isDay(bad), bad).toBe(false);
  });
});
