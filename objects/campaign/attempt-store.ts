/** SQL of attempts and of what is counted of them. */
import type { Attempt } from './attempt';
import type { AttemptQuery, AttemptView } from './attempt-views';
import type { AttemptOutcome, OutcomePoint, Page } from './views';

const HOUR_MS = 3_600_000;
const OPEN = "state IN ('checking', 'starting', 'dialling', 'live')";

type Row = { record: string };
type Listed = { seq: number; record: string; name: string | null };

const read = ({ record }: Row): Attempt => JSON.parse(record) as Attempt;

export class AttemptStore {
  constructor(private readonly sql: SqlStorage) {}

  byId(id: string): Attempt | null {
    return this.#one('SELECT record FROM attempts WHERE id = ?', id);
  }

  byCall(callId: string): Attempt | null {
    return this.#one('SELECT record FROM attempts WHERE call_id = ?', callId);
  }

  /** Attempts that are not over, oldest first. */
  open(): Attempt[] {
    return this.sql.exec<Row>(`SELECT record FROM attempts WHERE ${OPEN} ORDER BY seq`).toArray().map(read);
  }

  openCount(): number {
    return this.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM attempts WHERE ${OPEN}`).one().n;
  }

  /** Calls sent off since a moment, and when the first of them was. */
  sentSince(at: number): { count: number; first: number | null } {
    const row = this.sql
      .exec<{ n: number; first: number | null }>(
        'SELECT count(*) AS n, min(sent_at) AS first FROM attempts WHERE sent_at > ?',
        at,
      )
      .one();
    // Those about to be sent will count in a moment.
    const { n } = this.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM attempts WHERE state IN ('checking', 'starting')")
      .one();
    return { count: row.n + n, first: row.first };
  }

  insert(attempt: Attempt): void {
    this.sql.exec(
      'INSERT INTO attempts (id, lead_id, n, call_id, state, created_at, record) VALUES (?, ?, ?, ?, ?, ?, ?)',
      attempt.id,
      attempt.leadId,
      attempt.n,
      attempt.callId,
      attempt.state,
      attempt.createdAt,
      JSON.stringify(attempt),
    );
  }

  /** Stores a change and counts what became of it, once. */
  save(attempt: Attempt, before: Attempt): void {
    this.sql.exec(
      'UPDATE attempts SET state = ?, outcome = ?, sent_at = ?, record = ? WHERE id = ?',
      attempt.state,
      attempt.outcome,
      attempt.state === 'withdrawn' ? null : attempt.sentAt,
      JSON.stringify(attempt),
      attempt.id,
    );
    if (before.state !== attempt.state) {
      if (attempt.state === 'dialling') this.count('attempts', 1);
      if (attempt.state === 'withdrawn' && before.state === 'dialling') this.count('attempts', -1);
      if (attempt.state === 'blocked') this.count('blocked', 1);
    }
    if (before.outcome !== attempt.outcome) {
      if (before.outcome !== null) this.#countOutcome(before.outcome, before, -1);
      if (attempt.outcome !== null) this.#countOutcome(attempt.outcome, attempt, 1);
    }
  }

  page(query: AttemptQuery): Page<AttemptView> {
    const rows = this.sql
      .exec<Listed>(
        `SELECT a.seq, a.record, l.name FROM attempts a LEFT JOIN leads l ON l.id = a.lead_id
         WHERE (?1 IS NULL OR a.seq < ?1) AND (?2 IS NULL OR a.lead_id = ?2) AND (?3 IS NULL OR a.outcome = ?3)
           AND (?4 IS NULL OR a.state = ?4)
         ORDER BY a.seq DESC LIMIT ?5`,
        query.cursor === undefined ? null : Number(query.cursor),
        query.leadId === undefined ? null : Number(query.leadId),
        query.outcome ?? null,
        query.state ?? null,
        query.limit + 1,
      )
      .toArray();
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return {
      items: page.map((row) => attemptView(read(row), row.name)),
      next: last === undefined ? null : String(last.seq),
    };
  }

  outcomes({ from, to }: { from: number; to: number }): OutcomePoint[] {
    const points = new Map<number, OutcomePoint>();
    const rows = this.sql.exec<{ hour: number; outcome: AttemptOutcome; n: number }>(
      'SELECT hour, outcome, n FROM outcome_hours WHERE hour >= ? AND hour < ? AND n > 0 ORDER BY hour, outcome',
      Math.floor(from / HOUR_MS) * HOUR_MS,
      to,
    );
    for (const { hour, outcome, n } of rows) {
      const point = points.get(hour) ?? { at: new Date(hour).toISOString(), by_outcome: {} };
      point.by_outcome[outcome] = n;
      points.set(hour, point);
    }
    return [...points.values()];
  }

  count(kind: string, n: number): void {
    this.sql.exec(
      'INSERT INTO counts (kind, n) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET n = n + excluded.n',
      kind,
      n,
    );
  }

  /** Every counter by its kind. */
  counts(): Map<string, number> {
    const rows = this.sql.exec<{ kind: string; n: number }>('SELECT kind, n FROM counts').toArray();
    return new Map(rows.map(({ kind, n }) => [kind, n]));
  }

  #countOutcome(outcome: AttemptOutcome, attempt: Attempt, n: number): void {
    this.count(`outcome:${outcome}`, n);
    const at = attempt.sentAt ?? attempt.createdAt;
    this.sql.exec(
      `INSERT INTO outcome_hours (hour, outcome, n) VALUES (?, ?, ?)
       ON CONFLICT (hour, outcome) DO UPDATE SET n = n + excluded.n`,
      Math.floor(at / HOUR_MS) * HOUR_MS,
      outcome,
      n,
    );
  }

  #one(query: string, binding: string): Attempt | null {
    const [row] = this.sql.exec<Row>(query, binding).toArray();
    return row === undefined ? null : read(row);
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const attemptView = (attempt: Attempt, name: string | null): AttemptView => ({
  id: attempt.id,
  lead_id: String(attempt.leadId),
  number: attempt.number,
  name,
  n: attempt.n,
  call_id: attempt.callId,
  state: attempt.state,
  outcome: attempt.outcome,
  reason: attempt.reason,
  via: attempt.via,
  slot: attempt.slot,
  user_id: attempt.agentId,
  created_at: new Date(attempt.createdAt).toISOString(),
  started_at: iso(attempt.sentAt),
  answered_at: iso(attempt.answeredAt),
  ended_at: iso(attempt.endedAt),
  talk_seconds: attempt.talkSec,
  evidence: attempt.evidence,
});
