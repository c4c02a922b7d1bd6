import { createHash } from 'node:crypto';
import { newCallId } from '../lib/ids';
import { statusOf, type CallRecord } from './machine';
import { pbxEventKey, type PbxFact } from './pbx-fields';
import type { GroupIndex, PbxGroup } from './pbx-groups';

const DAY = 24 * 3_600_000;
/** Raw PBX events and ids of phone events are kept this long: against repeats, and to be read again. */
export const EVENTS_KEPT_MS = 7 * DAY;
const RAW_EVENTS_KEPT = 200_000;
/** A closed call's facts are kept this long, for the repeats a recovering PBX sends. */
const FACTS_KEPT_MS = DAY;
const CACHED = 2_000;
/** More live calls than any screen shows at once. */
const MAX_LIVE = 1_000;

/**
 * CallHub's tables of calls and PBX events. Live calls are kept in memory as well, filled from SQLite as they are
 * asked for; `forget` drops that copy after a failed transaction.
 */
export class CallStore implements GroupIndex {
  private readonly calls = new Map<string, CallRecord>();
  private readonly groups = new Map<string, PbxGroup>();

  constructor(
    private readonly sql: SqlStorage,
    private readonly now: () => number = Date.now,
  ) {}

  forget(): void {
    this.calls.clear();
    this.groups.clear();
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
    return row ? this.cache(JSON.parse(row.record) as CallRecord) : null;
  }

  /** `offset`: of the feed's row that will tell this change; whoever may see the call now is told from there on. */
  saveCall(call: CallRecord, known: CallRecord | null, offset: number): void {
    this.sql.exec(
      `INSERT INTO calls VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       status = excluded.status, started_at = excluded.started_at, user_id = excluded.user_id, record = excluded.record`,
      call.callId,
      statusOf(call),
      call.startAt,
      call.userId,
      JSON.stringify(call),
    );
    for (const userId of call.audience) {
      if (known?.audience.includes(userId)) continue;
      this.sql.exec('INSERT OR IGNORE INTO call_viewers VALUES (?, ?, ?)', userId, call.callId, offset);
    }
    this.cache(call);
  }

  /** Calls that are not over, newest first; of a viewer of own calls only those. */
  liveCalls(viewerId: string | null = null): CallRecord[] {
    const mine = `EXISTS (SELECT 1 FROM call_viewers v WHERE v.user_id = ?1 AND v.call_id = calls.call_id)`;
    return this.records(
      `SELECT record FROM calls WHERE status <> 'ended' AND (?1 IS NULL OR ${mine}) ORDER BY call_id DESC LIMIT ${MAX_LIVE}`,
      viewerId,
    );
  }

  /** Phone calls that began before `at` and are not over, oldest first. */
  stalePhoneCalls(at: number): CallRecord[] {
    return this.records(
      `SELECT record FROM calls WHERE status <> 'ended' AND started_at <= ? AND record ->> 'source' = 'phone'
       ORDER BY started_at LIMIT 200`,
      at,
    );
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

  group(callId: string): PbxGroup | null {
    const cached = this.groups.get(callId);
    if (cached) return cached;
    const [row] = this.sql
      .exec<{ published: number; facts: string }>(
        'SELECT published, facts FROM pbx_groups WHERE call_id = ?',
        callId,
      )
      .toArray();
    if (!row) return null;
    return this.cacheGroup({
      callId,
      published: row.published === 1,
      facts: JSON.parse(row.facts) as PbxFact[],
    });
  }

  byKey(key: string): PbxGroup[] {
    const rows = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM pbx_keys WHERE key = ?', key)
      .toArray();
    return rows.flatMap((row) => this.group(row.call_id) ?? []);
  }

  create(): PbxGroup {
    return this.cacheGroup({ callId: newCallId(this.now()), published: false, facts: [] });
  }

  addKeys(group: PbxGroup, keys: readonly string[]): void {
    for (const key of keys) {
      // A channel or bridge belongs to the first call that named it; a pair of numbers may belong to several.
      const own = /^[ub]:/.test(key);
      const sql = own
        ? 'INSERT INTO pbx_keys SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM pbx_keys WHERE key = ?1)'
        : 'INSERT OR IGNORE INTO pbx_keys VALUES (?1, ?2)';
      this.sql.exec(sql, key, group.callId);
    }
  }

  merge(from: PbxGroup, into: PbxGroup): void {
    into.facts.push(...from.facts);
    this.sql.exec('UPDATE OR IGNORE pbx_keys SET call_id = ? WHERE call_id = ?', into.callId, from.callId);
    this.dropGroup(from.callId);
  }

  saveGroup(group: PbxGroup, due: number | null): void {
    this.sql.exec(
      `INSERT INTO pbx_groups VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       published = excluded.published, touched_at = excluded.touched_at, due = excluded.due, facts = excluded.facts`,
      group.callId,
      group.published ? 1 : 0,
      this.now(),
      due,
      JSON.stringify(group.facts),
    );
    if (due === null) this.groups.delete(group.callId);
  }

  dropGroup(callId: string): void {
    this.groups.delete(callId);
    this.sql.exec('DELETE FROM pbx_keys WHERE call_id = ?', callId);
    this.sql.exec('DELETE FROM pbx_groups WHERE call_id = ?', callId);
  }

  dueGroups(now: number): PbxGroup[] {
    const rows = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM pbx_groups WHERE due <= ? ORDER BY due LIMIT 200', now)
      .toArray();
    return rows.flatMap((row) => this.group(row.call_id) ?? []);
  }

  /** PBX calls that are not over. */
  openGroups(): PbxGroup[] {
    const rows = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM pbx_groups WHERE due IS NOT NULL')
      .toArray();
    return rows.flatMap((row) => this.group(row.call_id) ?? []);
  }

  /** When to look at PBX calls next, and when the oldest phone call that is not over began. */
  nextDue(): { pbx: number | null; phoneSince: number | null } {
    return this.sql
      .exec<{ pbx: number | null; phoneSince: number | null }>(
        `SELECT (SELECT min(due) FROM pbx_groups WHERE due IS NOT NULL) AS pbx,
         (SELECT min(started_at) FROM calls WHERE status <> 'ended' AND record ->> 'source' = 'phone') AS phoneSince`,
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
    return rows.map((row) => JSON.parse(row.record) as CallRecord);
  }

  private cache(call: CallRecord): CallRecord {
    if (statusOf(call) === 'ended') this.calls.delete(call.callId);
    else put(this.calls, call.callId, call);
    return call;
  }

  private cacheGroup(group: PbxGroup): PbxGroup {
    put(this.groups, group.callId, group);
    return group;
  }
}

/** Adds to a map that forgets its oldest entry when full. */
function put<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= CACHED && !map.has(key)) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(key, value);
}
