import type { ClaimStartInput, ClaimStartResult } from './contract';

/** How long a key is remembered. */
const START_KEY_MS = 24 * 3_600_000;

/** A start that was begun and never settled (its Worker died) is given up after this long. */
const UNSETTLED_MS = 60_000;

/** Keys with which clients make a start safe to repeat. Each change runs inside the caller's transaction. */
export class StartKeys {
  constructor(private readonly sql: SqlStorage) {}

  claim({ userId, key, hash, now }: ClaimStartInput): ClaimStartResult {
    this.sql.exec('DELETE FROM start_keys WHERE at < ?', now - START_KEY_MS);
    const [known] = this.sql
      .exec<{ hash: string; at: number; answer: string | null }>(
        'SELECT hash, at, answer FROM start_keys WHERE user_id = ? AND key = ?',
        userId,
        key,
      )
      .toArray();
    if (known && (known.answer !== null || known.at > now - UNSETTLED_MS))
      return { fresh: false, same: known.hash === hash, answer: known.answer };
    this.sql.exec('INSERT OR REPLACE INTO start_keys VALUES (?, ?, ?, ?, NULL)', userId, key, hash, now);
    return { fresh: true };
  }

  settle(userId: string, key: string, answer: string | null): void {
    if (answer === null) this.sql.exec('DELETE FROM start_keys WHERE user_id = ? AND key = ?', userId, key);
    else this.sql.exec('UPDATE start_keys SET answer = ? WHERE user_id = ? AND key = ?', answer, userId, key);
  }
}
