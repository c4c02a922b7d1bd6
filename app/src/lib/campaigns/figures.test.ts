import { describe, expect, it } from 'vitest';
import { answerRate, daily, finished, hourly, shareDone } from './figures';

const leads = { total: 10, waiting: 3, retry: 1, offered: 0, calling: 1, wrap_up: 0, done: 4, removed: 2 };

describe('how far a campaign is', () => {
  it('leaves out what was taken out', () => {
    expect(finished({ leads })).toEqual({ done: 4, total: 8 });
    expect(shareDone({ leads })).toBe(0.5);
  });

  it('is nothing without leads', () => {
    expect(shareDone({ leads: { ...leads, total: 2, done: 0 } })).toBe(0);
  });

  it('has a rate of answers only once something was dialled', () => {
    expect(answerRate({})).toBeNull();
    expect(answerRate({ answered: 1, busy: 3 })).toBe(0.25);
  });
});

describe('outcomes over time', () => {
  const hours = [
    { at: '2026-11-20T20:00:00.000Z', by_outcome: { answered: 2, busy: 1 } },
    { at: '2026-11-20T22:00:00.000Z', by_outcome: { answered: 1 } },
  ];
  const from = Date.parse('2026-11-20T19:30:00Z');
  const to = Date.parse('2026-11-20T23:00:00Z');

  it('shows an hour without calls as nothing', () => {
    expect(hourly(hours, from, to)).toEqual([
      { key: '2026-11-20T19:00:00.000Z', byOutcome: {} },
      { key: '2026-11-20T20:00:00.000Z', byOutcome: { answered: 2, busy: 1 } },
      { key: '2026-11-20T21:00:00.000Z', byOutcome: {} },
      { key: '2026-11-20T22:00:00.000Z', byOutcome: { answered: 1 } },
    ]);
  });

  it('counts days where the tenant is', () => {
    expect(daily(hours, from, to, 'Europe/Moscow')).toEqual([
      { key: '2026-11-20', byOutcome: { answered: 2, busy: 1 } },
      { key: '2026-11-21', byOutcome: { answered: 1 } },
    ]);
  });
});
