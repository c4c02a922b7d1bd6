import type { CrmIntent } from '../call-hub/crm/contract';
import type { DeadLetter } from './contract';
import { POLICY } from './machine';
import type { Waiting } from './pump';

/** Ids that were settled are remembered this long: the hub may tell again after days of its own trouble. */
const REMEMBER_MS = 7 * 24 * 3_600_000;
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const MOST_DEAD = 10_000;
/** What came within this long goes before a backlog: a popup is of use to somebody now, and soon to nobody. */
const FRESH_MS = 5_000;

type Row = {
  seq: number;
  id: string;
  key: string;
  intent: string;
  created_at: number;
  attempts: number;
  next_at: number;
  alone: number;
  error: string | null;
  dead_at: number | null;
};

/** What waits to be told and what could not be told; the only place with the SQL of both. */
export class DeliveryStore {
  constructor(private readonly sql: SqlStorage) {}

  /** False: it is known already. */
  add(intent: CrmIntent, now: number): boolean {
    if (this.knows(intent.id)) return false;
    this.insert(intent.id, intent.call.callId, JSON.stringify(intent), now);
    return true;
  }

  private knows(id: string): boolean {
    const found = this.sql.exec(
      'SELECT 1 FROM deliveries WHERE id = ?1 UNION ALL SELECT 1 FROM settled WHERE id = ?1 LIMIT 1',
      id,
    );
    return found.toArray().length > 0;
  }

  private insert(id: string, key: string, intent: string, now: number): void {
    this.sql.exec(
      `INSERT INTO deliveries (id, key, intent, created_at, next_at, head) VALUES (?1, ?2, ?3, ?4, ?4,
         NOT EXISTS (SELECT 1 FROM deliveries WHERE key = ?2 AND dead_at IS NULL))`,
      id,
      key,
      intent,
      now,
    );
  }

  dueHeads(now: number, limit: number): Waiting[] {
    const fresh = this.sql
      .exec<Row>(
        'SELECT * FROM deliveries WHERE head = 1 AND created_at > ? AND next_at <= ? ORDER BY created_at, seq LIMIT ?',
        now - FRESH_MS,
        now,
        limit,
      )
      .toArray();
    const rest =
      fresh.length >= limit
        ? []
        : this.sql
            .exec<Row>(
              'SELECT * FROM deliveries WHERE head = 1 AND next_at <= ? AND created_at <= ? ORDER BY next_at LIMIT ?',
              now,
              now - FRESH_MS,
              limit - fresh.length,
            )
            .toArray();
    return [...fresh, ...rest].map((row) => ({
      id: row.id,
      key: row.key,
      intent: intentOf(row),
      createdAt: row.created_at,
      attempts: row.attempts,
      alone: row.alone === 1,
    }));
  }

  begin(id: string, now: number): boolean {
    return (
      this.sql
        .exec(
          'UPDATE deliveries SET attempts = attempts + 1, next_at = ? WHERE id = ? AND head = 1 RETURNING seq',
          now + POLICY.attemptLeaseMs,
          id,
        )
        .toArray().length > 0
    );
  }

  /** It was told, or need not be: the next of its call is due. */
  done(message: { id: string; key: string }, now: number): void {
    this.sql.exec('DELETE FROM deliveries WHERE id = ? AND dead_at IS NULL', message.id);
    this.sql.exec('INSERT OR REPLACE INTO settled (id, at) VALUES (?, ?)', message.id, now);
    this.promote(message.key);
  }

  retry(id: string, { at, error, alone }: { at: number; error: string; alone: boolean }): void {
    this.sql.exec(
      'UPDATE deliveries SET next_at = ?, error = ?, alone = max(alone, ?) WHERE id = ?',
      at,
      error,
      alone ? 1 : 0,
      id,
    );
  }

  /** It waits as if it had not been tried. */
  putBack(id: string, error: string, now: number): void {
    this.sql.exec(
      'UPDATE deliveries SET next_at = ?, error = ?, attempts = max(attempts - 1, 0) WHERE id = ?',
      now,
      error,
      id,
    );
  }

  die(message: { id: string; key: string }, error: string, now: number): void {
    this.sql.exec(
      'UPDATE deliveries SET dead_at = ?, error = ?, head = 0 WHERE id = ?',
      now,
      error,
      message.id,
    );
    this.promote(message.key);
  }

  private promote(key: string): void {
    this.sql.exec(
      `UPDATE deliveries SET head = 1 WHERE head = 0 AND seq =
         (SELECT seq FROM deliveries WHERE key = ? AND dead_at IS NULL ORDER BY seq LIMIT 1)`,
      key,
    );
  }

  /** When the first of what waits is due; null when nothing waits. */
  nextDue(): number | null {
    const [row] = this.sql
      .exec<{ at: number | null }>('SELECT min(next_at) AS at FROM deliveries WHERE head = 1')
      .toArray();
    return row?.at ?? null;
  }

  counts(): { waiting: number; oldestWaitingAt: number | null; dead: number } {
    const [row] = this.sql
      .exec<{ waiting: number; oldest: number | null; dead: number }>(
        `SELECT (SELECT count(*) FROM deliveries WHERE dead_at IS NULL) AS waiting,
                (SELECT min(created_at) FROM deliveries WHERE dead_at IS NULL) AS oldest,
                (SELECT count(*) FROM deliveries WHERE dead_at IS NOT NULL) AS dead`,
      )
      .toArray();
    return { waiting: row?.waiting ?? 0, oldestWaitingAt: row?.oldest ?? null, dead: row?.dead ?? 0 };
  }

  /** Newest first, older than `before` (a `seq`). */
  dead(before: number | null, limit: number): { items: DeadLetter[]; next: string | null } {
    const rows = this.sql
      .exec<Row>(
        'SELECT * FROM deliveries WHERE dead_at IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit).map((row) => {
      const intent = intentOf(row);
      return {
        id: row.id,
        kind: intent.kind,
        callId: intent.call.externalId,
        phone: intent.call.phone,
        createdAt: row.created_at,
        diedAt: row.dead_at ?? row.created_at,
        attempts: row.attempts,
        error: row.error ?? '',
      };
    });
    return { items, next: rows.length > limit ? String(rows[limit - 1]?.seq) : null };
  }

  /** Dead letters wait again, behind what their calls still have to tell, with a life of their own. */
  replay(ids: readonly string[] | undefined, now: number): number {
    const rows = this.deadRows(ids);
    for (const row of rows) {
      this.sql.exec('DELETE FROM deliveries WHERE seq = ?', row.seq);
      this.insert(row.id, row.key, row.intent, now);
    }
    return rows.length;
  }

  discard(ids: readonly string[] | undefined, now: number): number {
    const rows = this.deadRows(ids);
    for (const row of rows) {
      this.sql.exec('DELETE FROM deliveries WHERE seq = ?', row.seq);
      this.sql.exec('INSERT OR REPLACE INTO settled (id, at) VALUES (?, ?)', row.id, now);
    }
    return rows.length;
  }

  /** What waits is due now, but for what is being told at this moment. */
  hurry(now: number, busy: ReadonlySet<string>): void {
    const later = this.sql.exec<{ id: string }>(
      'SELECT id FROM deliveries WHERE head = 1 AND next_at > ?',
      now,
    );
    for (const { id } of later.toArray())
      if (!busy.has(id)) this.sql.exec('UPDATE deliveries SET next_at = ? WHERE id = ?', now, id);
  }

  /** Forgets what is too old to matter. */
  prune(now: number): void {
    this.sql.exec('DELETE FROM settled WHERE at < ?', now - REMEMBER_MS);
    this.sql.exec('DELETE FROM deliveries WHERE dead_at < ?', now - KEEP_DEAD_MS);
    this.sql.exec(
      `DELETE FROM deliveries WHERE dead_at IS NOT NULL AND seq <=
         (SELECT seq FROM deliveries WHERE dead_at IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      MOST_DEAD,
    );
  }

  /** Nothing is told to a link that is no more. */
  clear(): void {
    this.sql.exec('DELETE FROM deliveries');
  }

  private deadRows(ids: readonly string[] | undefined): Row[] {
    if (ids === undefined)
      return this.sql.exec<Row>('SELECT * FROM deliveries WHERE dead_at IS NOT NULL ORDER BY seq').toArray();
    return ids
      .flatMap((id) =>
        this.sql.exec<Row>('SELECT * FROM deliveries WHERE id = ? AND dead_at IS NOT NULL', id).toArray(),
      )
      .sort((a, b) => a.seq - b.seq);
  }
}

const intentOf = (row: Row): CrmIntent => JSON.parse(row.intent) as CrmIntent;
