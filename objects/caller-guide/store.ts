import type { ClickOutcome } from './contract';
import { CLICK_MS, KEPT_MS } from './machine';

/** A CallerGuide's tables. */
export class GuideStore {
  constructor(private readonly sql: SqlStorage) {}

  read<T>(name: string): T | undefined {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name).toArray();
    return row === undefined ? undefined : (JSON.parse(row.value) as T);
  }

  write(name: string, value: unknown): void {
    this.sql.exec('INSERT OR REPLACE INTO state VALUES (?, ?)', name, JSON.stringify(value));
  }

  wasRedirected(uniqueid: string): boolean {
    return this.sql.exec('SELECT 1 FROM redirects WHERE uniqueid = ?', uniqueid).toArray().length > 0;
  }

  /** False: somebody else was first. */
  claimRedirect(uniqueid: string, extension: string, now: number): boolean {
    const { rowsWritten } = this.sql.exec(
      'INSERT OR IGNORE INTO redirects (uniqueid, extension, at) VALUES (?, ?, ?)',
      uniqueid,
      extension,
      now,
    );
    return rowsWritten > 0;
  }

  settleRedirect(uniqueid: string, error: string | null, now: number): void {
    this.sql.exec(
      'UPDATE redirects SET settled_at = ?, error = ? WHERE uniqueid = ?',
      now,
      error?.slice(0, 300) ?? null,
      uniqueid,
    );
  }

  /** Undefined: there was none within moments; null: nobody knows what it came to. */
  click(extension: string, phone: string, now: number): ClickOutcome | null | undefined {
    const [row] = this.sql
      .exec<{ at: number; status: number | null; body: string | null }>(
        'SELECT at, status, body FROM clicks WHERE extension = ? AND phone = ?',
        extension,
        phone,
      )
      .toArray();
    if (row === undefined || row.at + CLICK_MS <= now) return undefined;
    return row.status === null ? null : { status: row.status, body: row.body ?? '' };
  }

  beginClick(extension: string, phone: string, now: number): void {
    this.sql.exec(
      'INSERT OR REPLACE INTO clicks (extension, phone, at) VALUES (?, ?, ?)',
      extension,
      phone,
      now,
    );
  }

  settleClick(extension: string, phone: string, { status, body }: ClickOutcome): void {
    this.sql.exec(
      'UPDATE clicks SET status = ?, body = ? WHERE extension = ? AND phone = ?',
      status,
      body,
      extension,
      phone,
    );
  }

  /** Answers whether anything is left that grows old. */
  prune(now: number): boolean {
    this.sql.exec('DELETE FROM redirects WHERE at < ?', now - KEPT_MS);
    this.sql.exec('DELETE FROM clicks WHERE at < ?', now - CLICK_MS);
    const left = this.sql.exec('SELECT 1 FROM redirects UNION ALL SELECT 1 FROM clicks LIMIT 1');
    return left.toArray().length > 0;
  }
}
