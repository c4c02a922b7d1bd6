/**
 * Calls per manager as running counters: one row per the tenant's own day, manager, dimension and value, so an
 * answer costs as much as its period has days, not calls. A call whose result changes leaves its old place.
 */
import type { CallResult, PhoneEvent } from '../phone-queue/contract';
import type { CallUser, PhoneStatsQuery, PhoneStatsRow } from './contract';

/** Where a call is counted. */
export interface StatEntry {
  day: string;
  userId: string;
  status: CallResult['status'];
  direction: string;
  method: string;
  source: string;
  talkSec: number;
}

/** Longest word of the phone's own that becomes a value of a counter. */
const MAX_VALUE = 40;
const word = (value: string | null): string =>
  value === null || value === '' ? 'unknown' : value.slice(0, MAX_VALUE);

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The calendar day of a moment in a zone, `YYYY-MM-DD`. An unknown zone counts as UTC. */
export function dayIn(timeZone: string, at: number): string {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    try {
      formatter = new Intl.DateTimeFormat('en-CA', { ...options, timeZone });
    } catch {
      formatter = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' });
    }
    formatters.set(timeZone, formatter);
  }
  return formatter.format(at);
}

export const entryOf = (
  event: PhoneEvent,
  result: CallResult,
  startAt: number,
  timeZone: string,
): StatEntry => ({
  day: dayIn(timeZone, startAt),
  userId: event.userId,
  status: result.status,
  direction: word(result.direction),
  method: word(result.method),
  source: word(result.source),
  talkSec: result.status === 'connected' ? Math.max(0, result.durationSec ?? 0) : 0,
});

export class PhoneCounters {
  constructor(private readonly sql: SqlStorage) {}

  /** Counts a call, in place of where it was counted before. */
  count(callId: string, entry: StatEntry): void {
    const [row] = this.sql
      .exec<{ entry: string }>('SELECT entry FROM phone_counted WHERE call_id = ?', callId)
      .toArray();
    if (row) this.add(JSON.parse(row.entry) as StatEntry, -1);
    this.add(entry, 1);
    this.sql.exec('INSERT OR REPLACE INTO phone_counted VALUES (?, ?)', callId, JSON.stringify(entry));
  }

  rows(query: PhoneStatsQuery, user: (id: string) => CallUser): PhoneStatsRow[] {
    const found = this.sql.exec<{
      period: string;
      user_id: string;
      dimension: string;
      value: string;
      calls: number;
      talk_sec: number;
    }>(
      `SELECT substr(day, 1, ?1) AS period, user_id, dimension, value, sum(calls) AS calls, sum(talk_sec) AS talk_sec
       FROM phone_stats WHERE day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR user_id = ?4)
       GROUP BY period, user_id, dimension, value HAVING sum(calls) <> 0 ORDER BY period, user_id`,
      query.by === 'day' ? 10 : 7,
      query.from,
      query.to,
      query.userId ?? null,
    );
    const rows = new Map<string, PhoneStatsRow>();
    for (const line of found) {
      const key = `${line.period} ${line.user_id}`;
      const row = rows.get(key) ?? emptyRow(line.period, user(line.user_id));
      rows.set(key, row);
      if (line.dimension === 'total') {
        row.total = line.calls;
        row.talk_seconds = line.talk_sec;
      } else if (line.dimension === 'status') row.by_status[line.value] = line.calls;
      else if (line.dimension === 'direction') row.by_direction[line.value] = line.calls;
      else if (line.dimension === 'method') row.by_method[line.value] = line.calls;
      else row.by_source[line.value] = line.calls;
    }
    for (const row of rows.values()) {
      row.connected = row.by_status.connected ?? 0;
      row.connect_rate = row.total > 0 ? row.connected / row.total : null;
      row.average_talk_seconds = row.connected > 0 ? row.talk_seconds / row.connected : null;
    }
    return [...rows.values()];
  }

  private add(entry: StatEntry, calls: 1 | -1): void {
    const dimensions = {
      total: '',
      status: entry.status,
      direction: entry.direction,
      method: entry.method,
      source: entry.source,
    };
    for (const [dimension, value] of Object.entries(dimensions)) {
      this.sql.exec(
        `INSERT INTO phone_stats VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         calls = calls + excluded.calls, talk_sec = talk_sec + excluded.talk_sec`,
        entry.day,
        entry.userId,
        dimension,
        value,
        calls,
        calls * entry.talkSec,
      );
    }
  }
}

const emptyRow = (period: string, user: CallUser): PhoneStatsRow => ({
  period,
  user,
  total: 0,
  connected: 0,
  connect_rate: null,
  talk_seconds: 0,
  average_talk_seconds: null,
  by_status: {},
  by_direction: {},
  by_method: {},
  by_source: {},
});
