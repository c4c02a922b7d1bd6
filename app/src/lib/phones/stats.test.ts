import { describe, expect, it } from 'vitest';
import type { StatsRow } from './model';
import { byPeriod, byPerson, totalsOf } from './stats';

const row = (change: Partial<StatsRow>): StatsRow => ({
  period: '2026-11-15',
  user: { id: 'u1', username: 'op12', display_name: 'Olga' },
  total: 4,
  connected: 2,
  connect_rate: 0.5,
  avg_talk_sec: 30,
  talk_sec: 60,
  by_status: { connected: 2, busy: 2 },
  by_direction: { outgoing: 4 },
  by_method: {},
  by_source: { crm_ui: 4 },
  ...change,
});

describe('totalsOf', () => {
  it('weighs averages by the calls behind them', () => {
    const sum = totalsOf([
      row({}),
      row({ total: 6, connected: 6, avg_talk_sec: 10, talk_sec: 60, by_status: { connected: 6 } }),
    ]);
    expect(sum).toMatchObject({
      total: 10,
      connected: 8,
      connectRate: 0.8,
      talkSec: 120,
      byStatus: { connected: 8, busy: 2 },
    });
    expect(sum.avgTalkSec).toBeCloseTo(120 / 8);
  });

  it('has no rate and no average where nothing was', () => {
    expect(totalsOf([])).toMatchObject({ total: 0, connectRate: null, avgTalkSec: null });
    expect(totalsOf([row({ connected: 0, avg_talk_sec: null, talk_sec: 0 })])).toMatchObject({
      connectRate: 0,
      avgTalkSec: null,
    });
  });
});

describe('grouping', () => {
  const other = { id: 'u2', username: 'op13', display_name: 'Oleg' };
  const rows = [row({}), row({ period: '2026-11-17' }), row({ user: other, total: 20 })];

  it('puts the busiest manager first', () => {
    expect(byPerson(rows).map(({ user, total }) => [user.username, total])).toEqual([
      ['op13', 20],
      ['op12', 8],
    ]);
  });

  it('keeps days without calls', () => {
    const days = byPeriod(rows, ['2026-11-15', '2026-11-16', '2026-11-17']);
    expect(days.map(({ period, total }) => [period, total])).toEqual([
      ['2026-11-15', 24],
      ['2026-11-16', 0],
      ['2026-11-17', 4],
    ]);
  });
});
