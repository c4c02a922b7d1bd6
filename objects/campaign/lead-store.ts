/** SQL of leads. Rows in, rows out; their counters follow every write. */
import { RANK, type Outcomes } from './retry';
import type { AttemptOutcome, LeadInput, LeadQuery, LeadResult, LeadState, LeadView, Page } from './views';
import { localTime, type ZoneSource } from './zones';

export interface Lead {
  id: number;
  number: string;
  name: string | null;
  /** Names by `&`. */
  zone: string;
  zoneSource: ZoneSource;
  consent: string | null;
  contactId: string | null;
  companyId: string | null;
  note: string | null;
  state: LeadState;
  result: LeadResult | null;
  rank: number;
  nextAt: number;
  attempts: number;
  outcomes: Outcomes;
  lastOutcome: AttemptOutcome | null;
  lastAttemptAt: number | null;
  lastAttemptId: string | null;
  agentId: string | null;
  disposition: string | null;
  agentNote: string | null;
  importId: number | null;
  listVersion: number;
  createdAt: number;
}

type Row = {
  id: number;
  number: string;
  name: string | null;
  zone: string;
  zone_source: string;
  consent: string | null;
  contact_id: string | null;
  company_id: string | null;
  note: string | null;
  state: string;
  result: string | null;
  rank: number;
  next_at: number;
  attempts: number;
  outcomes: string;
  last_outcome: string | null;
  last_attempt_at: number | null;
  last_attempt_id: string | null;
  agent_id: string | null;
  disposition: string | null;
  agent_note: string | null;
  import_id: number | null;
  list_version: number;
  created_at: number;
};

export const zonesIn = (zone: string): string[] => zone.split('&');

export interface LeadTally {
  total: number;
  byState: Partial<Record<LeadState, number>>;
  byResult: Partial<Record<LeadResult, number>>;
  /** Waiting, and called before. */
  retry: number;
}

export class LeadStore {
  constructor(private readonly sql: SqlStorage) {}

  byId(id: number): Lead | null {
    const [row] = this.sql.exec<Row>('SELECT * FROM leads WHERE id = ?', id).toArray();
    return row === undefined ? null : toLead(row);
  }

  /** Adds a lead; false when its number is in the campaign already. */
  add(
    input: LeadInput & { number: string },
    zone: string,
    source: ZoneSource,
    kept: { importId: number | null; listVersion: number; now: number },
  ): boolean {
    const added = this.sql
      .exec(
        `INSERT INTO leads (number, name, zone, zone_source, consent, contact_id, company_id, note, state, rank, next_at,
           import_id, list_version, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 0, ?, ?, ?) ON CONFLICT (number) DO NOTHING RETURNING id`,
        input.number,
        input.name,
        zone,
        source,
        input.consent,
        input.contact_id,
        input.company_id,
        input.note,
        RANK.fresh,
        kept.importId,
        kept.listVersion,
        kept.now,
      )
      .toArray();
    return added.length > 0;
  }

  /** Counts leads that `add` took, a batch at a time: it is not worth a write for each. */
  countAdded(byZone: ReadonlyMap<string, number>): void {
    let all = 0;
    for (const [zone, n] of byZone) {
      all += n;
      this.#countZone(zone, n);
    }
    this.#count({ state: 'waiting', result: null, attempts: 0 }, all);
  }

  save(lead: Lead, before: Lead): void {
    this.sql.exec(
      `UPDATE leads SET state = ?, result = ?, rank = ?, next_at = ?, attempts = ?, outcomes = ?, last_outcome = ?,
         last_attempt_at = ?, last_attempt_id = ?, agent_id = ?, disposition = ?, agent_note = ? WHERE id = ?`,
      lead.state,
      lead.result,
      lead.rank,
      lead.nextAt,
      lead.attempts,
      JSON.stringify(lead.outcomes),
      lead.lastOutcome,
      lead.lastAttemptAt,
      lead.lastAttemptId,
      lead.agentId,
      lead.disposition,
      lead.agentNote,
      lead.id,
    );
    this.#count(before, -1);
    this.#count(lead, 1);
    if ((lead.state === 'waiting') !== (before.state === 'waiting'))
      this.#countZone(lead.zone, lead.state === 'waiting' ? 1 : -1);
  }

  /** Takes out the leads of an import that were never called. */
  dropFresh(importId: number): number {
    const gone = this.sql
      .exec<{ zone: string }>(
        "DELETE FROM leads WHERE import_id = ? AND state = 'waiting' AND attempts = 0 RETURNING zone",
        importId,
      )
      .toArray();
    for (const { zone } of gone) this.#countZone(zone, -1);
    this.#count({ state: 'waiting', result: null, attempts: 0 }, -gone.length);
    return gone.length;
  }

  /** The next leads of these zones that are due, those to be called again first. */
  due(zones: readonly string[], now: number, limit: number): Lead[] {
    const found = zones.flatMap((zone) =>
      [RANK.again, RANK.fresh].flatMap((rank) =>
        this.sql
          .exec<Row>(
            `SELECT * FROM leads WHERE state = 'waiting' AND zone = ? AND rank = ? AND next_at <= ?
             ORDER BY next_at, id LIMIT ?`,
            zone,
            rank,
            now,
            limit,
          )
          .toArray(),
      ),
    );
    return found
      .sort((a, b) => a.rank - b.rank || a.next_at - b.next_at || a.id - b.id)
      .slice(0, limit)
      .map(toLead);
  }

  /** How many of the leads that wait, wait for their time, and when the first of them is due. */
  later(now: number): { count: number; at: number | null } {
    const row = this.sql
      .exec<{ n: number; at: number | null }>(
        "SELECT count(*) AS n, min(next_at) AS at FROM leads WHERE state = 'waiting' AND next_at > ?",
        now,
      )
      .one();
    return { count: row.n, at: row.at };
  }

  /** Leads that wait, by zone. */
  zones(): { zone: string; n: number }[] {
    return this.sql
      .exec<{ zone: string; n: number }>('SELECT zone, n FROM zone_counts WHERE n > 0')
      .toArray();
  }

  tally(): LeadTally {
    const tally: LeadTally = { total: 0, byState: {}, byResult: {}, retry: 0 };
    const rows = this.sql.exec<{ state: LeadState; result: string; called: number; n: number }>(
      'SELECT state, result, called, n FROM lead_counts WHERE n <> 0',
    );
    for (const { state, result, called, n } of rows) {
      tally.total += n;
      tally.byState[state] = (tally.byState[state] ?? 0) + n;
      if (state === 'waiting' && called === 1) tally.retry += n;
      if (state === 'done' && result !== '')
        tally.byResult[result as LeadResult] = (tally.byResult[result as LeadResult] ?? 0) + n;
    }
    return tally;
  }

  page(query: LeadQuery, now: number): Page<LeadView> {
    const q = query.q?.trim() ?? '';
    // "Person 2" is a name, not every number with a 2 in it.
    const digits = /^\+?[\d\s()-]+$/.test(q) ? q.replaceAll(/\D/g, '') : '';
    const rows = this.sql
      .exec<Row>(
        `SELECT * FROM leads WHERE id > ?1
           AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR result = ?3)
           AND (?4 = '' OR (?5 <> '' AND number LIKE ?5) OR name LIKE ?6 ESCAPE '\\')
         ORDER BY id LIMIT ?7`,
        Number(query.cursor ?? 0),
        query.state ?? null,
        query.result ?? null,
        q,
        digits === '' ? '' : `%${digits}%`,
        `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`,
        query.limit + 1,
      )
      .toArray();
    const items = rows.slice(0, query.limit).map((row) => leadView(toLead(row), now));
    return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  #count(lead: Pick<Lead, 'state' | 'result' | 'attempts'>, n: number): void {
    if (n === 0) return;
    this.sql.exec(
      `INSERT INTO lead_counts (state, result, called, n) VALUES (?, ?, ?, ?)
       ON CONFLICT (state, result, called) DO UPDATE SET n = n + excluded.n`,
      lead.state,
      lead.result ?? '',
      lead.attempts > 0 ? 1 : 0,
      n,
    );
  }

  #countZone(zone: string, n: number): void {
    this.sql.exec(
      'INSERT INTO zone_counts (zone, n) VALUES (?, ?) ON CONFLICT (zone) DO UPDATE SET n = n + excluded.n',
      zone,
      n,
    );
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export function leadView(lead: Lead, now: number): LeadView {
  const zones = zonesIn(lead.zone);
  return {
    id: String(lead.id),
    number: lead.number,
    name: lead.name,
    state: lead.state,
    result: lead.result,
    attempts: lead.attempts,
    last_outcome: lead.lastOutcome,
    last_attempt_at: iso(lead.lastAttemptAt),
    next_at: lead.state === 'waiting' && lead.nextAt > now ? iso(lead.nextAt) : null,
    time_zones: zones,
    time_zone_source: lead.zoneSource,
    local_time: localTime(zones[0] ?? 'UTC', now),
    consent: lead.consent,
    contact_id: lead.contactId,
    company_id: lead.companyId,
    note: lead.note,
    disposition: lead.disposition,
    agent_note: lead.agentNote,
    agent_id: lead.agentId,
    list_version: lead.listVersion,
    created_at: new Date(lead.createdAt).toISOString(),
  };
}

const toLead = (row: Row): Lead => ({
  id: row.id,
  number: row.number,
  name: row.name,
  zone: row.zone,
  zoneSource: row.zone_source as ZoneSource,
  consent: row.consent,
  contactId: row.contact_id,
  companyId: row.company_id,
  note: row.note,
  state: row.state as LeadState,
  result: row.result as LeadResult | null,
  rank: row.rank,
  nextAt: row.next_at,
  attempts: row.attempts,
  outcomes: JSON.parse(row.outcomes) as Outcomes,
  lastOutcome: row.last_outcome as AttemptOutcome | null,
  lastAttemptAt: row.last_attempt_at,
  lastAttemptId: row.last_attempt_id,
  agentId: row.agent_id,
  disposition: row.disposition,
  agentNote: row.agent_note,
  importId: row.import_id,
  listVersion: row.list_version,
  createdAt: row.created_at,
});
