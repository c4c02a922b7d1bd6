import type { Person, StatsRow } from './model';

export interface Totals {
  total: number;
  connected: number;
  /** 0–1; null when there was no call. */
  connectRate: number | null;
  /** Seconds over connected calls whose duration is known; null when none is. */
  avgTalkSec: number | null;
  talkSec: number;
  byStatus: Record<string, number>;
  byDirection: Record<string, number>;
  byMethod: Record<string, number>;
  bySource: Record<string, number>;
}

function addCounters(into: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) into[name] = (into[name] ?? 0) + count;
}

/** Adds rows up. An average is weighted by the calls it stands for: talk time over its average is their number. */
export function totalsOf(rows: readonly StatsRow[]): Totals {
  const sum: Totals = {
    total: 0,
    connected: 0,
    connectRate: null,
    avgTalkSec: null,
    talkSec: 0,
    byStatus: {},
    byDirection: {},
    byMethod: {},
    bySource: {},
  };
  let timed = 0;
  for (const row of rows) {
    sum.total += row.total;
    sum.connected += row.connected;
    sum.talkSec += row.talk_sec;
    // Calls of no length at all: how many there were is not told, and they move no average but their own.
    if (row.avg_talk_sec !== null)
      timed += row.avg_talk_sec > 0 ? row.talk_sec / row.avg_talk_sec : row.connected;
    addCounters(sum.byStatus, row.by_status);
    addCounters(sum.byDirection, row.by_direction);
    addCounters(sum.byMethod, row.by_method);
    addCounters(sum.bySource, row.by_source);
  }
  if (sum.total > 0) sum.connectRate = sum.connected / sum.total;
  if (timed > 0) sum.avgTalkSec = sum.talkSec / timed;
  return sum;
}

export interface PersonTotals extends Totals {
  user: Person;
}

/** One line per manager over all periods, busiest first. */
export function byPerson(rows: readonly StatsRow[]): PersonTotals[] {
  const groups = new Map<string, StatsRow[]>();
  for (const row of rows) groups.set(row.user.id, [...(groups.get(row.user.id) ?? []), row]);
  return [...groups.values()]
    .map((group) => ({ user: (group[0] as StatsRow).user, ...totalsOf(group) }))
    .sort((a, b) => b.total - a.total);
}

export interface PeriodTotals extends Totals {
  period: string;
}

/** One line per period, empty ones included, oldest first. */
export function byPeriod(rows: readonly StatsRow[], periods: readonly string[]): PeriodTotals[] {
  const groups = new Map<string, StatsRow[]>(periods.map((period) => [period, []]));
  for (const row of rows) groups.get(row.period)?.push(row);
  return periods.map((period) => ({ period, ...totalsOf(groups.get(period) ?? []) }));
}
