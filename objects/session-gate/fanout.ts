import { retryDelay } from './machine';

/**
 * `revoke` ends a session or bars a user, `restore` lets a user's phones in again. Targets: `phone:<object name>`,
 * `hub`, `d1`, `bridge:<id>`. Subjects: `session:<sid>`, `user:<id>`, and `tenant`, which is for bridges.
 */
export interface FanoutItem {
  target: string;
  subject: string;
  verb: 'revoke' | 'restore';
  at: number;
  by: string;
  version: number;
  attempts: number;
}

/**
 * What must still be told to other objects and to D1, in the gate's own storage. A row goes when its target has
 * acknowledged; until then it is tried again. A newer verb about the same subject takes the place of an older one.
 */
export class FanoutStore {
  constructor(private readonly sql: SqlStorage) {}

  add(item: Pick<FanoutItem, 'target' | 'subject' | 'verb' | 'by'>, now: number): void {
    this.sql.exec(
      `INSERT INTO fanout (target, subject, verb, at, by, version, next_at) VALUES (?, ?, ?, ?, ?, 1, ?)
       ON CONFLICT (target, subject) DO UPDATE SET verb = excluded.verb, at = excluded.at, by = excluded.by,
         version = version + 1, attempts = 0, next_at = excluded.next_at`,
      item.target,
      item.subject,
      item.verb,
      now,
      item.by,
      now,
    );
  }

  /** What is due, D1 last: it only keeps the record, the others hold connections open. */
  due(now: number, limit: number): FanoutItem[] {
    return this.sql
      .exec<Record<keyof FanoutItem, string | number>>(
        `SELECT target, subject, verb, at, by, version, attempts FROM fanout
         WHERE next_at <= ? ORDER BY target = 'd1', next_at LIMIT ?`,
        now,
        limit,
      )
      .toArray()
      .map((row) => ({
        target: String(row.target),
        subject: String(row.subject),
        verb: row.verb === 'restore' ? 'restore' : 'revoke',
        at: Number(row.at),
        by: String(row.by),
        version: Number(row.version),
        attempts: Number(row.attempts),
      }));
  }

  /** The target has it. A verb that came in while it was being told stays. */
  acknowledge(item: FanoutItem): void {
    this.sql.exec(
      'DELETE FROM fanout WHERE target = ? AND subject = ? AND version = ?',
      item.target,
      item.subject,
      item.version,
    );
  }

  postpone(item: FanoutItem, now: number, random: number): void {
    this.sql.exec(
      'UPDATE fanout SET attempts = attempts + 1, next_at = ? WHERE target = ? AND subject = ? AND version = ?',
      now + retryDelay(item.attempts, random),
      item.target,
      item.subject,
      item.version,
    );
  }

  pending(): number {
    return this.sql.exec<{ n: number }>('SELECT count(*) AS n FROM fanout').one().n;
  }

  /** When the next attempt is due, null when nothing is left. */
  nextAt(): number | null {
    return this.sql.exec<{ at: number | null }>('SELECT min(next_at) AS at FROM fanout').one().at;
  }
}
