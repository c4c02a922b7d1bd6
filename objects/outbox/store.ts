import type { DeadLetter, OutboxMessage, OutboxStatus, PushPayload } from './contract';
import type { StoredMessage } from './drain';
import { CLOSED, POLICY, type Breaker, type Verdict } from './machine';

/** Settled ids are remembered this long: a sender may repeat itself after its own restart. */
const REMEMBER_MS = 24 * 3_600_000;
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const MOST_DEAD = 1_000;
const MOST_WAITING = 10_000;

interface Totals {
  delivered: number;
  skipped: number;
  lastDeliveredAt: number | null;
  lastFailureAt: number | null;
  lastError: string | null;
}

const NO_TOTALS: Totals = {
  delivered: 0,
  skipped: 0,
  lastDeliveredAt: null,
  lastFailureAt: null,
  lastError: null,
};

type Row = {
  seq: number;
  id: string;
  key: string;
  payload: string;
  created_at: number;
  attempts: number;
  error: string | null;
  dead_at: number | null;
};

/** Everything an Outbox keeps; the only place with its SQL. */
export class OutboxStore {
  #breaker: Breaker | null = null;

  constructor(private readonly sql: SqlStorage) {}

  /** `name` of the object, remembered because an alarm may find it without one. */
  get name(): string | null {
    return this.#read<string>('name') ?? null;
  }
  set name(name: string) {
    this.#write('name', name);
  }

  add(message: OutboxMessage, now: number): 'added' | 'duplicate' | 'full' {
    const known = this.sql.exec(
      'SELECT 1 FROM messages WHERE id = ?1 UNION ALL SELECT 1 FROM settled WHERE id = ?1',
      message.id,
    );
    if (known.toArray().length > 0) return 'duplicate';
    if (this.#count('dead_at IS NULL') >= MOST_WAITING) return 'full';
    this.sql.exec(
      'INSERT INTO messages (id, kind, key, payload, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?)',
      message.id,
      message.kind,
      message.key,
      JSON.stringify(message.payload),
      now,
      now,
    );
    return 'added';
  }

  dueHeads(now: number, limit: number): StoredMessage[] {
    return this.sql
      .exec<Row>(
        `SELECT m.* FROM (SELECT min(seq) AS seq FROM messages WHERE dead_at IS NULL GROUP BY key) AS head
         JOIN messages AS m ON m.seq = head.seq WHERE m.next_at <= ? ORDER BY m.seq LIMIT ?`,
        now,
        limit,
      )
      .toArray()
      .map((row) => ({ ...messageOf(row), createdAt: row.created_at, attempts: row.attempts }));
  }

  begin(id: string, now: number): boolean {
    const changed = this.sql.exec(
      'UPDATE messages SET attempts = attempts + 1, next_at = ? WHERE id = ? AND dead_at IS NULL RETURNING seq',
      now + POLICY.attemptLeaseMs,
      id,
    );
    return changed.toArray().length > 0;
  }

  settle(message: StoredMessage, verdict: Verdict, now: number): void {
    const totals = { ...NO_TOTALS, ...this.#read<Totals>('totals') };
    switch (verdict.kind) {
      case 'delivered':
      case 'skipped':
        this.sql.exec('DELETE FROM messages WHERE id = ?', message.id);
        this.sql.exec('INSERT OR REPLACE INTO settled (id, at) VALUES (?, ?)', message.id, now);
        if (verdict.kind === 'delivered') {
          totals.delivered += 1;
          totals.lastDeliveredAt = now;
        } else {
          totals.skipped += 1;
        }
        break;
      case 'retry':
        this.sql.exec(
          'UPDATE messages SET next_at = ?, error = ? WHERE id = ?',
          verdict.at,
          verdict.error,
          message.id,
        );
        break;
      case 'dead':
        this.sql.exec(
          'UPDATE messages SET dead_at = ?, error = ? WHERE id = ?',
          now,
          verdict.error,
          message.id,
        );
        break;
    }
    if (verdict.kind === 'retry' || verdict.kind === 'dead') {
      totals.lastFailureAt = now;
      totals.lastError = verdict.error;
    }
    this.#write('totals', totals);
  }

  breaker(): Breaker {
    this.#breaker ??= this.#read<Breaker>('breaker') ?? CLOSED;
    return this.#breaker;
  }

  saveBreaker(breaker: Breaker): void {
    if (breaker === this.breaker()) return;
    this.#breaker = breaker;
    this.#write('breaker', breaker);
  }

  /** Trust the destination again. */
  closeBreaker(): void {
    this.saveBreaker(CLOSED);
  }

  /** When there is something to do next; null when nothing waits. */
  nextWake(): number | null {
    const [row] = this.sql
      .exec<{ at: number | null }>(
        `SELECT min(m.next_at) AS at FROM (SELECT min(seq) AS seq FROM messages WHERE dead_at IS NULL GROUP BY key) AS head
         JOIN messages AS m ON m.seq = head.seq`,
      )
      .toArray();
    const at = row?.at ?? null;
    if (at === null) return null;
    return Math.max(at, this.breaker().until ?? 0);
  }

  status(): OutboxStatus {
    const breaker = this.breaker();
    const [oldest] = this.sql
      .exec<{ at: number | null }>('SELECT min(created_at) AS at FROM messages WHERE dead_at IS NULL')
      .toArray();
    return {
      ...NO_TOTALS,
      ...this.#read<Totals>('totals'),
      breaker: breaker.state,
      breakerUntil: breaker.until,
      waiting: this.#count('dead_at IS NULL'),
      oldestWaitingAt: oldest?.at ?? null,
      dead: this.#count('dead_at IS NOT NULL'),
    };
  }

  /** Newest first, older than `before` (a `seq`). */
  dead(before: number | null, limit: number): { items: DeadLetter[]; next: string | null } {
    const rows = this.sql
      .exec<Row>(
        'SELECT * FROM messages WHERE dead_at IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit).map((row) => ({
      id: row.id,
      key: row.key,
      payload: messageOf(row).payload,
      createdAt: row.created_at,
      diedAt: row.dead_at ?? row.created_at,
      attempts: row.attempts,
      error: row.error ?? '',
    }));
    return { items, next: rows.length > limit ? String(rows[limit - 1]?.seq) : null };
  }

  /** Dead letters wait again, at the end of their keys' queues and with a life of their own. */
  replay(ids: readonly string[] | undefined, now: number): number {
    const rows = this.#deadRows(ids);
    for (const row of rows) {
      this.sql.exec('DELETE FROM messages WHERE seq = ?', row.seq);
      this.sql.exec(
        'INSERT INTO messages (id, kind, key, payload, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?)',
        row.id,
        'push',
        row.key,
        row.payload,
        now,
        now,
      );
    }
    return rows.length;
  }

  discard(ids: readonly string[] | undefined, now: number): number {
    const rows = this.#deadRows(ids);
    for (const row of rows) {
      this.sql.exec('DELETE FROM messages WHERE seq = ?', row.seq);
      this.sql.exec('INSERT OR REPLACE INTO settled (id, at) VALUES (?, ?)', row.id, now);
    }
    return rows.length;
  }

  /** What waits is due now. */
  hurry(now: number): void {
    this.sql.exec('UPDATE messages SET next_at = ? WHERE dead_at IS NULL AND next_at > ?', now, now);
  }

  /** Forgets what is too old to matter. */
  prune(now: number): void {
    this.sql.exec('DELETE FROM settled WHERE at < ?', now - REMEMBER_MS);
    this.sql.exec('DELETE FROM messages WHERE dead_at < ?', now - KEEP_DEAD_MS);
    this.sql.exec(
      `DELETE FROM messages WHERE dead_at IS NOT NULL AND seq <=
         (SELECT seq FROM messages WHERE dead_at IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      MOST_DEAD,
    );
  }

  #deadRows(ids: readonly string[] | undefined): Row[] {
    const rows = this.sql
      .exec<Row>('SELECT * FROM messages WHERE dead_at IS NOT NULL ORDER BY seq')
      .toArray();
    if (ids === undefined) return rows;
    const wanted = new Set(ids);
    return rows.filter((row) => wanted.has(row.id));
  }

  #count(where: 'dead_at IS NULL' | 'dead_at IS NOT NULL'): number {
    return this.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM messages WHERE ${where}`).one().n;
  }

  #read<T>(name: string): T | undefined {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name).toArray();
    // Written by #write of this class only.
    return row === undefined ? undefined : (JSON.parse(row.value) as T);
  }

  #write(name: string, value: unknown): void {
    this.sql.exec('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, JSON.stringify(value));
  }
}

const messageOf = (row: Row): OutboxMessage => ({
  id: row.id,
  kind: 'push',
  key: row.key,
  payload: JSON.parse(row.payload) as PushPayload,
});
