import { createHash } from 'node:crypto';
import { readRecord, statusOf, type CallRecord } from './machine';
import { pbxEventKey } from './pbx/fields';
import { put } from './memory';

const DAY = 24 * 3_600_000;
/** Raw PBX events and ids of phone events are kept this long: against repeats, and to be read again. */
export const EVENTS_KEPT_MS = 7 * DAY;
const RAW_EVENTS_KEPT = 200_000;
/** A closed call's facts are kept this long, for the repeats a recovering PBX sends. */
const FACTS_KEPT_MS = DAY;
/** More live calls than any screen shows at once. */
const MAX_LIVE = 1_000;

/** What the history's indexes are over, in the order of the statement that writes them. */
const indexedColumns = (call: CallRecord): (string | number | null)[] => [
  statusOf(call),
  call.startAt,
  call.userId,
  call.source,
  call.direction,
  call.ending?.outcome ?? null,
  call.number,
  call.slotId,
];

/**
 * CallHub's tables of calls and of what was reported. Live calls are kept in memory as well, filled from SQLite as they are
 * asked for; `forget` drops that copy after a failed transaction.
 */
export class CallStore {
  private readonly calls = new Map<string, CallRecord>();

  constructor(private readonly sql: SqlStorage) {}

  forget(): void {
    this.calls.clear();
  }

  meta(key: string): string | null {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray();
    return row?.value ?? null;
  }

  setMeta(key: string, value: string): void {
    this.sql.exec(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }

  call(callId: string): CallRecord | null {
    const cached = this.calls.get(callId);
    if (cached) return cached;
    const [row] = this.sql
      .exec<{ record: string }>('SELECT record FROM calls WHERE call_id = ?', callId)
      .toArray();
    return row ? this.cache(readRecord(row.record)) : null;
  }

  /**
   * `offset`: of the feed's row that will tell this change; whoever may see the call now is told from there on.
   * `bucket`: where it is counted.
   */
  saveCall(call: CallRecord, known: CallRecord | null, offset: number, bucket: string | null): void {
    const columns = indexedColumns(call);
    // Most changes touch no index: then none of them is written.
    if (known && columns.every((value, at) => value === indexedColumns(known)[at])) {
      const sql = 'UPDATE calls SET record = ?, bucket = coalesce(bucket, ?) WHERE call_id = ?';
      this.sql.exec(sql, JSON.stringify(call), bucket, call.callId);
    } else {
      this.sql.exec(
        `INSERT INTO calls
         (call_id, record, bucket, status, started_at, user_id, source, direction, outcome, number, slot_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         record = excluded.record, bucket = excluded.bucket, status = excluded.status,
         started_at = excluded.started_at, user_id = excluded.user_id, source = excluded.source,
         direction = excluded.direction, outcome = excluded.outcome, number = excluded.number,
         slot_id = excluded.slot_id`,
        call.callId,
        JSON.stringify(call),
        bucket,
        ...columns,
      );
    }
    for (const userId of call.audience) {
      if (!known?.audience.includes(userId))
        this.sql.exec(
          'INSERT OR IGNORE INTO call_viewers (user_id, call_id, since, started_at) VALUES (?, ?, ?, ?)',
          userId,
          call.callId,
          offset,
          call.startAt,
        );
      else if (known.startAt !== call.startAt) {
        const sql = 'UPDATE call_viewers SET started_at = ? WHERE user_id = ? AND call_id = ?';
        this.sql.exec(sql, call.startAt, userId, call.callId);
      }
    }
    this.cache(call);
  }

  /** Calls that are not over, newest first; of a viewer of own calls only those. */
  liveCalls(viewerId: string | null = null): CallRecord[] {
    const mine = `EXISTS (SELECT 1 FROM call_viewers v WHERE v.user_id = ?1 AND v.call_id = calls.call_id)`;
    return this.records(
      `SELECT record FROM calls INDEXED BY calls_live WHERE status <> 'ended' AND (?1 IS NULL OR ${mine}) ORDER BY call_id DESC LIMIT ${MAX_LIVE}`,
      viewerId,
    );
  }

  /** Calls of phones and slots that began before `at` and are not over, oldest first. */
  stalePhoneCalls(at: number): CallRecord[] {
    return this.records(
      `SELECT record FROM calls INDEXED BY calls_live WHERE status <> 'ended' AND started_at <= ? AND record ->> 'source' <> 'pbx'
       ORDER BY started_at LIMIT 200`,
      at,
    );
  }

  /** Whether somebody at this extension is in a call with the outside, other than `callId`. */
  talksOutside(extension: string, callId: string): boolean {
    const rows = this.sql.exec(
      `SELECT 1 FROM calls INDEXED BY calls_live WHERE status <> 'ended' AND status = 'connected' AND call_id <> ?
       AND record ->> 'extension' = ? AND record ->> 'direction' <> 'internal' LIMIT 1`,
      callId,
      extension,
    );
    return rows.toArray().length > 0;
  }

  /** Ended calls, newest first. */
  recentCalls(limit: number, viewerId: string | null): CallRecord[] {
    if (viewerId === null) {
      return this.records(
        "SELECT record FROM calls WHERE status = 'ended' ORDER BY call_id DESC LIMIT ?",
        limit,
      );
    }
    return this.records(
      `SELECT c.record FROM call_viewers v JOIN calls c ON c.call_id = v.call_id
       WHERE v.user_id = ? AND c.status = 'ended' ORDER BY v.call_id DESC LIMIT ?`,
      viewerId,
      limit,
    );
  }

  /** False when the same event is known already. */
  keepPhoneEvent(id: string, at: number): boolean {
    return this.sql.exec('INSERT OR IGNORE INTO phone_events VALUES (?, ?)', id, at).rowsWritten > 0;
  }

  /** Keeps the event as it came, without its token; false when the same one is known already. */
  keepPbxEvent(event: string, body: Record<string, unknown>, receivedAt: number): boolean {
    const key = createHash('sha256').update(pbxEventKey(event, body)).digest('base64');
    const kept = Object.fromEntries(Object.entries(body).filter(([name]) => name.toLowerCase() !== 'token'));
    const written = this.sql.exec(
      'INSERT OR IGNORE INTO pbx_events (key, received_at, event, body) VALUES (?, ?, ?, ?)',
      key,
      receivedAt,
      event,
      JSON.stringify(kept),
    ).rowsWritten;
    return written > 0;
  }

  /** When to look at PBX calls next, and when the oldest phone call that is not over began. */
  nextDue(): { pbx: number | null; phoneSince: number | null } {
    return this.sql
      .exec<{ pbx: number | null; phoneSince: number | null }>(
        `SELECT (SELECT min(due) FROM pbx_groups WHERE due IS NOT NULL) AS pbx,
         (SELECT min(started_at) FROM calls INDEXED BY calls_live WHERE status <> 'ended' AND record ->> 'source' <> 'pbx') AS phoneSince`,
      )
      .one();
  }

  /** Drops what is past its time; answers whether anything is left that will be. */
  trim(now: number): boolean {
    this.sql.exec('DELETE FROM phone_events WHERE at < ?', now - EVENTS_KEPT_MS);
    this.sql.exec('DELETE FROM pbx_events WHERE received_at < ?', now - EVENTS_KEPT_MS);
    this.sql.exec(
      'DELETE FROM pbx_events WHERE seq <= (SELECT max(seq) FROM pbx_events) - ?',
      RAW_EVENTS_KEPT,
    );
    const closed = 'SELECT call_id FROM pbx_groups WHERE due IS NULL AND touched_at < ?';
    this.sql.exec(`DELETE FROM pbx_keys WHERE call_id IN (${closed})`, now - FACTS_KEPT_MS);
    this.sql.exec('DELETE FROM pbx_groups WHERE due IS NULL AND touched_at < ?', now - FACTS_KEPT_MS);
    this.sql.exec('DELETE FROM tickets WHERE expires_at < ?', now);
    const left = this.sql.exec<{ n: number }>(
      `SELECT EXISTS (SELECT 1 FROM phone_events) OR EXISTS (SELECT 1 FROM pbx_events)
       OR EXISTS (SELECT 1 FROM pbx_groups) AS n`,
    );
    return left.one().n === 1;
  }

  private records(sql: string, ...bindings: (string | number | null)[]): CallRecord[] {
    const rows = this.sql.exec<{ record: string }>(sql, ...bindings).toArray();
    return rows.map((row) => readRecord(row.record));
  }

  private cache(call: CallRecord): CallRecord {
    if (statusOf(call) === 'ended') this.calls.delete(call.callId);
    else put(this.calls, call.callId, call);
    return call;
  }
}
