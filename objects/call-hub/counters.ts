/**
 * All calls of the tenant as running counters: one row per hour of its own clock and kind of call, changed by the
 * transaction that changes the call. So "today" costs as much as a day has hours and kinds, however long the history.
 */
import type { DayCounters, HourKind, HubGauges } from './history-contract';
import { readRecord, statusOf, type CallRecord } from './machine';
import { dayIn } from './stats';

/** Calls counted by one turn of `countWaiting`. */
const BATCH = 500;
/** After a change of the time zone, calls this young move to their new day; older days stay as they were counted. */
const MOVED_MS = 2 * 24 * 3_600_000;

const minutes = new Map<string, Intl.DateTimeFormat>();

/** When the hour a moment lies in began by the clocks of a zone, ms; zones may be half an hour off. */
export function hourIn(timeZone: string, at: number): number {
  let formatter = minutes.get(timeZone);
  if (!formatter) {
    const options = { minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
    try {
      formatter = new Intl.DateTimeFormat('en-US', { ...options, timeZone });
    } catch {
      formatter = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
    }
    minutes.set(timeZone, formatter);
  }
  const part = { minute: 0, second: 0 };
  for (const { type, value } of formatter.formatToParts(at))
    if (type === 'minute' || type === 'second') part[type] = Number(value);
  const ms = ((at % 1_000) + 1_000) % 1_000;
  return at - part.minute * 60_000 - part.second * 1_000 - ms;
}

const bucketOf = (timeZone: string, at: number): string => `${dayIn(timeZone, at)} ${hourIn(timeZone, at)}`;

const kindOf = (call: CallRecord): string =>
  `${call.source}/${call.direction}/${statusOf(call) === 'ended' ? (call.ending?.outcome ?? 'none') : 'live'}`;

const talkOf = (call: CallRecord): number => call.ending?.talkSec ?? 0;

interface CountedRow extends Record<string, SqlStorageValue> {
  bucket: string | null;
  record: string;
}

/** Each change runs inside the caller's transaction. */
export class CallCounters {
  constructor(
    private readonly sql: SqlStorage,
    /** The tenant's IANA zone; null while it has not been read yet. */
    private readonly zone: () => string | null,
    private readonly now: () => number,
  ) {}

  /** Counts a call in place of how it was counted before; answers where, for its row. */
  count(call: CallRecord, known: CallRecord | null): string | null {
    const zone = this.zone();
    if (zone === null) return null;
    const before = known === null ? null : this.bucket(known.callId);
    const bucket = before !== null && known?.startAt === call.startAt ? before : bucketOf(zone, call.startAt);
    const same =
      before === bucket && known !== null && kindOf(known) === kindOf(call) && talkOf(known) === talkOf(call);
    if (!same) {
      if (known !== null && before !== null) this.add(before, known, -1);
      this.add(bucket, call, 1);
    }
    if (call.ending && (before === null || !known?.ending)) this.addEnded(call);
    return bucket;
  }

  /** Whether calls wait to be counted: they are older than the counters, or came before the zone was known. */
  get waiting(): boolean {
    return (
      this.sql.exec('SELECT 1 FROM calls INDEXED BY calls_uncounted WHERE bucket IS NULL LIMIT 1').toArray()
        .length > 0
    );
  }

  /** Counts some of those; does nothing while the zone is not known. */
  countWaiting(): void {
    if (this.zone() === null) return;
    const sql = 'SELECT bucket, record FROM calls INDEXED BY calls_uncounted WHERE bucket IS NULL LIMIT ?';
    for (const { record } of this.sql.exec<CountedRow>(sql, BATCH).toArray()) {
      const call = readRecord(record);
      this.place(call, this.count(call, null));
    }
  }

  /** Today is another day once the zone has changed: moves the calls of the last days. */
  followZone(): void {
    const zone = this.zone();
    if (zone === null) return;
    const [row] = this.sql
      .exec<{ value: string }>("SELECT value FROM meta WHERE key = 'counted_zone'")
      .toArray();
    if (row?.value === zone) return;
    this.sql.exec("INSERT OR REPLACE INTO meta VALUES ('counted_zone', ?)", zone);
    if (!row) return;
    const recent = this.sql.exec<CountedRow>(
      'SELECT bucket, record FROM calls INDEXED BY calls_time WHERE started_at >= ? AND bucket IS NOT NULL',
      this.now() - MOVED_MS,
    );
    for (const { bucket, record } of recent.toArray()) {
      const call = readRecord(record);
      const next = bucketOf(zone, call.startAt);
      if (bucket === null || bucket === next) continue;
      this.add(bucket, call, -1);
      this.add(next, call, 1);
      this.place(call, next);
    }
  }

  /** One day by hour and kind. */
  day(day: string | undefined, now: number): DayCounters {
    const timeZone = this.zone() ?? 'UTC';
    const wanted = day ?? dayIn(timeZone, now);
    const rows = this.sql.exec<{ hour: number; kind: string; calls: number; talk_sec: number }>(
      'SELECT hour, kind, calls, talk_sec FROM call_counters WHERE day = ? AND calls > 0 ORDER BY hour, kind',
      wanted,
    );
    const kinds = [...rows].map((row) => ({ hour: row.hour, ...readKind(row) }));
    return { day: wanted, timeZone, kinds, active: this.active(), counting: this.waiting };
  }

  /** Calls that have ended since there are counters, by kind. */
  ended(): HubGauges['ended'] {
    const sql = 'SELECT kind, calls, talk_sec FROM call_totals';
    return [...this.sql.exec<{ kind: string; calls: number; talk_sec: number }>(sql)].map(readKind);
  }

  private active(): number {
    const sql = "SELECT count(*) AS n FROM calls INDEXED BY calls_live WHERE status <> 'ended'";
    return this.sql.exec<{ n: number }>(sql).one().n;
  }

  private bucket(callId: string): string | null {
    const sql = 'SELECT bucket FROM calls WHERE call_id = ?';
    return this.sql.exec<{ bucket: string | null }>(sql, callId).toArray()[0]?.bucket ?? null;
  }

  private place(call: CallRecord, bucket: string | null): void {
    this.sql.exec('UPDATE calls SET bucket = ? WHERE call_id = ?', bucket, call.callId);
  }

  private add(bucket: string, call: CallRecord, by: 1 | -1): void {
    const [day = '', hour = '0'] = bucket.split(' ');
    this.sql.exec(
      `INSERT INTO call_counters VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       calls = calls + excluded.calls, talk_sec = talk_sec + excluded.talk_sec`,
      day,
      Number(hour),
      kindOf(call),
      by,
      by * talkOf(call),
    );
  }

  private addEnded(call: CallRecord): void {
    this.sql.exec(
      `INSERT INTO call_totals VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET
       calls = calls + 1, talk_sec = talk_sec + excluded.talk_sec`,
      kindOf(call),
      talkOf(call),
    );
  }
}

function readKind(row: { kind: string; calls: number; talk_sec: number }): Omit<HourKind, 'hour'> {
  // Written by `kindOf`, of the same closed sets.
  const [source, direction, outcome] = row.kind.split('/') as [
    HourKind['source'],
    HourKind['direction'],
    HourKind['outcome'],
  ];
  return { source, direction, outcome, calls: row.calls, talkSec: row.talk_sec };
}
