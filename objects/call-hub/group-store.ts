import { newCallId } from '../lib/ids';
import type { Told } from './crm/told';
import { mergeLegs, type LegSet } from './pbx/legs';
import { put } from './memory';
import type { PbxFact } from './pbx/fields';
import type { GroupIndex, PbxGroup } from './pbx/groups';

interface GroupRow extends Record<string, SqlStorageValue> {
  published: number;
  started_at: number | null;
  facts: string;
  legs: string | null;
  crm: string | null;
}

/** What is known of each PBX call: the dialplan's facts and the bridge's channels, and which keys lead to it. */
export class GroupStore implements GroupIndex {
  private readonly groups = new Map<string, PbxGroup>();

  constructor(
    private readonly sql: SqlStorage,
    private readonly now: () => number = Date.now,
  ) {}

  forget(): void {
    this.groups.clear();
  }

  group(callId: string): PbxGroup | null {
    const cached = this.groups.get(callId);
    if (cached) return cached;
    const [row] = this.sql
      .exec<GroupRow>(
        'SELECT published, started_at, facts, legs, crm FROM pbx_groups WHERE call_id = ?',
        callId,
      )
      .toArray();
    if (!row) return null;
    return this.cache({
      callId,
      published: row.published === 1,
      startedAt: row.started_at,
      facts: JSON.parse(row.facts) as PbxFact[],
      legs: row.legs === null ? null : (JSON.parse(row.legs) as LegSet),
      crm: row.crm === null ? null : (JSON.parse(row.crm) as Told),
    });
  }

  byKey(key: string): PbxGroup[] {
    const rows = this.sql
      .exec<{ call_id: string }>('SELECT call_id FROM pbx_keys WHERE key = ?', key)
      .toArray();
    return rows.flatMap((row) => this.group(row.call_id) ?? []);
  }

  started(callId: string): PbxGroup | null {
    const known = this.group(callId);
    if (known) return known;
    // Told of long after it was over: its facts were dropped, the call is still the same one.
    const [row] = this.sql
      .exec<{ started_at: number; source: string }>(
        "SELECT started_at, record ->> 'source' AS source FROM calls WHERE call_id = ?",
        callId,
      )
      .toArray();
    return row?.source === 'pbx' ? this.start(callId, row.started_at) : null;
  }

  /** A call that is asked for, before anything is heard of it. */
  start(callId: string, startedAt: number): PbxGroup {
    return this.cache({ callId, published: true, startedAt, facts: [], legs: null, crm: null });
  }

  create(): PbxGroup {
    const callId = newCallId(this.now());
    return this.cache({ callId, published: false, startedAt: null, facts: [], legs: null, crm: null });
  }

  addKeys(group: PbxGroup, keys: readonly string[]): void {
    for (const key of keys) {
      // A channel or bridge belongs to the first call that named it; a pair of numbers may belong to several.
      const own = /^[ubl]:/.test(key);
      const sql = own
        ? 'INSERT INTO pbx_keys SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM pbx_keys WHERE key = ?1)'
        : 'INSERT OR IGNORE INTO pbx_keys VALUES (?1, ?2)';
      this.sql.exec(sql, key, group.callId);
    }
  }

  merge(from: PbxGroup, into: PbxGroup): void {
    into.facts.push(...from.facts);
    if (from.legs && into.legs) mergeLegs(into.legs, from.legs);
    else into.legs ??= from.legs;
    this.sql.exec('UPDATE OR IGNORE pbx_keys SET call_id = ? WHERE call_id = ?', into.callId, from.callId);
    this.drop(from.callId);
  }

  absorb(from: PbxGroup, into: PbxGroup): void {
    into.facts.push(...from.facts);
    from.facts = [];
    this.sql.exec('UPDATE OR IGNORE pbx_keys SET call_id = ? WHERE call_id = ?', into.callId, from.callId);
  }

  save(group: PbxGroup, due: number | null): void {
    this.sql.exec(
      `INSERT INTO pbx_groups (call_id, published, touched_at, due, facts, legs, started_at, crm)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET published = excluded.published,
       touched_at = excluded.touched_at, due = excluded.due, facts = excluded.facts, legs = excluded.legs,
       crm = excluded.crm`,
      group.callId,
      group.published ? 1 : 0,
      this.now(),
      due,
      JSON.stringify(group.facts),
      group.legs && JSON.stringify(group.legs),
      group.startedAt,
      group.crm && JSON.stringify(group.crm),
    );
    if (due === null) this.groups.delete(group.callId);
  }

  drop(callId: string): void {
    this.groups.delete(callId);
    this.sql.exec('DELETE FROM pbx_keys WHERE call_id = ?', callId);
    this.sql.exec('DELETE FROM pbx_groups WHERE call_id = ?', callId);
  }

  due(now: number): PbxGroup[] {
    return this.select('SELECT call_id FROM pbx_groups WHERE due <= ? ORDER BY due LIMIT 200', now);
  }

  /** PBX calls that are not over. */
  open(): PbxGroup[] {
    return this.select('SELECT call_id FROM pbx_groups WHERE due IS NOT NULL');
  }

  private select(sql: string, ...bindings: number[]): PbxGroup[] {
    const rows = this.sql.exec<{ call_id: string }>(sql, ...bindings).toArray();
    return rows.flatMap((row) => this.group(row.call_id) ?? []);
  }

  private cache(group: PbxGroup): PbxGroup {
    put(this.groups, group.callId, group);
    return group;
  }
}
