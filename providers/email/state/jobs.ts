import type { DatabaseSync } from 'node:sqlite';

/** A request that Trunkline is to get. */
export interface Job {
  seq: number;
  tenant: string;
  /** What it is ordered by: a chat. */
  lane: string;
  /** Travels as `Idempotency-Key`. */
  key: string;
  path: string;
  body: string;
  attempts: number;
}

export interface NewJob {
  tenant: string;
  lane: string;
  key: string;
  path: string;
  body: Record<string, unknown>;
}

const WAITING = 'done_at IS NULL AND dead_at IS NULL';
/** How long it is remembered that a job was done: as long as a mail server may hand over the same mail again. */
const REMEMBERED_MS = 30 * 86_400_000;

/** Requests on their way to Trunkline: in order within their lane, until they are answered. */
export class Jobs {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Once per key; inside the caller's transaction. Answers false for a repeat. */
  add({ tenant, lane, key, path, body }: NewJob, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT OR IGNORE INTO job (tenant, lane, key, path, body, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(tenant, lane, key, path, JSON.stringify(body), now, now);
    return Number(changes) === 1;
  }

  /** The first of each lane, where it may be tried now. `busy`: lanes that are at work; `tenants`: who may be asked for. */
  due(now: number, busy: ReadonlySet<string>, tenants: readonly string[], most: number): Job[] {
    return this.#database
      .prepare(
        `SELECT seq, tenant, lane, key, path, body, attempts FROM job
         WHERE ${WAITING} AND next_at <= ?
           AND seq IN (SELECT min(seq) FROM job WHERE ${WAITING} GROUP BY lane)
           AND tenant IN (SELECT value FROM json_each(?)) AND lane NOT IN (SELECT value FROM json_each(?))
         ORDER BY seq LIMIT ?`,
      )
      .all(now, JSON.stringify(tenants), JSON.stringify([...busy]), most) as unknown as Job[];
  }

  /** When the next one may be tried; null where none waits. */
  nextAt(tenants: readonly string[]): number | null {
    const { at } = this.#database
      .prepare(
        `SELECT min(next_at) AS at FROM job WHERE seq IN (SELECT min(seq) FROM job WHERE ${WAITING} GROUP BY lane)
           AND tenant IN (SELECT value FROM json_each(?))`,
      )
      .get(JSON.stringify(tenants)) as { at: number | null };
    return at;
  }

  /** Done jobs keep their key and nothing of the text. */
  done(seq: number, now: number): void {
    this.#database.prepare(`UPDATE job SET done_at = ?, body = '', error = NULL WHERE seq = ?`).run(now, seq);
  }

  again(seq: number, at: number, error: string): void {
    this.#database
      .prepare('UPDATE job SET attempts = attempts + 1, next_at = ?, error = ? WHERE seq = ?')
      .run(at, error, seq);
  }

  die(seq: number, error: string, now: number): void {
    this.#database
      .prepare('UPDATE job SET attempts = attempts + 1, dead_at = ?, error = ? WHERE seq = ?')
      .run(now, error, seq);
  }

  /** Given-up ones wait again. */
  retry(now: number): number {
    const sql = 'UPDATE job SET dead_at = NULL, next_at = ? WHERE dead_at IS NOT NULL';
    return Number(this.#database.prepare(sql).run(now).changes);
  }

  /** Those of a tenant are tried at once. */
  hurry(tenant: string, now: number): void {
    this.#database
      .prepare(`UPDATE job SET next_at = min(next_at, ?) WHERE tenant = ? AND ${WAITING}`)
      .run(now, tenant);
  }

  prune(now: number): void {
    this.#database.prepare('DELETE FROM job WHERE done_at < ?').run(now - REMEMBERED_MS);
  }

  counts(): { waiting: number; dead: { seq: number; path: string; error: string }[] } {
    const { waiting } = this.#database
      .prepare(`SELECT count(*) AS waiting FROM job WHERE ${WAITING}`)
      .get() as { waiting: number };
    const dead = this.#database
      .prepare('SELECT seq, path, error FROM job WHERE dead_at IS NOT NULL ORDER BY seq LIMIT 100')
      .all() as unknown as { seq: number; path: string; error: string }[];
    return { waiting, dead };
  }
}
