/** Everything a DialGuard keeps; the only place with its SQL. */
import type { AdmitInput, AdmitResult, DialLimits, DncEntry, DncInput, DncPage, DncQuery } from './contract';

/** Entries of one tenant. */
const MOST_ENTRIES = 2_000_000;
/** Attempts are counted by the day at the number, which is over everywhere after this. */
const ADMITTED_KEPT_MS = 3 * 24 * 3_600_000;
const DEFAULT_LIMITS: DialLimits = { calls_per_number_per_day: 3 };

type Row = { number: string; reason: string | null; by: string; created_at: number; until: number | null };

const iso = (at: number): string => new Date(at).toISOString();
const viewOf = ({ created_at, until, ...row }: Row): DncEntry => ({
  ...row,
  created_at: iso(created_at),
  until: until === null ? null : iso(until),
});

export class GuardStore {
  constructor(private readonly sql: SqlStorage) {}

  admit({ attemptId, campaignId, number, day, now }: AdmitInput): AdmitResult {
    const cap = this.limits().calls_per_number_per_day;
    const listed = this.entry(number, now);
    const known =
      this.sql.exec('SELECT 1 FROM admitted WHERE attempt_id = ?', attemptId).toArray().length > 0;
    const callsToday = this.#countOf(number, day);
    const seen = { dncVersion: this.version(), callsToday: callsToday + (known || listed ? 0 : 1), cap };
    if (listed) {
      this.release(attemptId);
      return { ok: false, code: 'listed', ...seen, reason: listed.reason };
    }
    if (known) return { ok: true, ...seen };
    if (cap !== null && callsToday >= cap)
      return { ok: false, code: 'capped', ...seen, callsToday, reason: null };
    this.sql.exec(
      'INSERT INTO admitted (attempt_id, campaign_id, number, day, at) VALUES (?, ?, ?, ?, ?)',
      attemptId,
      campaignId,
      number,
      day,
      now,
    );
    return { ok: true, ...seen };
  }

  release(attemptId: string): void {
    this.sql.exec('DELETE FROM admitted WHERE attempt_id = ?', attemptId);
  }

  /** Which of the numbers are on the list. */
  listed(numbers: readonly string[], now: number): string[] {
    return this.sql
      .exec<{ number: string }>(
        'SELECT number FROM dnc WHERE number IN (SELECT value FROM json_each(?)) AND (until IS NULL OR until > ?)',
        JSON.stringify(numbers),
        now,
      )
      .toArray()
      .map(({ number }) => number);
  }

  /** The entry that keeps a number from being dialled now. */
  entry(number: string, now: number): DncEntry | null {
    const [row] = this.sql
      .exec<Row>(
        'SELECT number, reason, by, created_at, until FROM dnc WHERE number = ? AND (until IS NULL OR until > ?)',
        number,
        now,
      )
      .toArray();
    return row === undefined ? null : viewOf(row);
  }

  page({ q, cursor, limit }: DncQuery, now: number): DncPage {
    const text = (q ?? '').trim();
    const digits = /^\+?[\d\s()-]+$/.test(text) ? text.replaceAll(/\D/g, '') : '';
    const like = (part: string): string => `%${part.replaceAll(/[\\%_]/g, '\\$&')}%`;
    const rows = this.sql
      .exec<Row>(
        `SELECT number, reason, by, created_at, until FROM dnc
         WHERE (until IS NULL OR until > ?1) AND number > ?2
           AND (?3 = '' OR (?4 <> '' AND number LIKE ?4 ESCAPE '\\') OR reason LIKE ?5 ESCAPE '\\')
         ORDER BY number LIMIT ?6`,
        now,
        cursor ?? '',
        text,
        digits === '' ? '' : like(digits),
        like(text),
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit).map(viewOf);
    return {
      items,
      next: rows.length > limit ? (items.at(-1)?.number ?? null) : null,
      total: this.#total(),
      version: this.version(),
    };
  }

  add(
    entries: readonly DncInput[],
    by: string,
    now: number,
  ): { added: number; changed: number; full: boolean } {
    let room = MOST_ENTRIES - this.#total();
    let [added, changed, full] = [0, 0, false];
    for (const { number, reason, until } of entries) {
      const isKnown = this.sql.exec('SELECT 1 FROM dnc WHERE number = ?', number).toArray().length > 0;
      if (!isKnown && room <= 0) {
        full = true;
        continue;
      }
      this.sql.exec(
        `INSERT INTO dnc (number, reason, by, created_at, until) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET reason = excluded.reason, until = excluded.until`,
        number,
        reason,
        by,
        now,
        until,
      );
      if (isKnown) changed += 1;
      else {
        added += 1;
        room -= 1;
      }
    }
    this.#write('total', this.#total() + added);
    if (added + changed > 0) this.#write('version', this.version() + 1);
    return { added, changed, full };
  }

  remove(number: string): boolean {
    const gone = this.sql.exec('DELETE FROM dnc WHERE number = ? RETURNING number', number).toArray().length;
    if (gone === 0) return false;
    this.#write('total', this.#total() - gone);
    this.#write('version', this.version() + 1);
    return true;
  }

  limits(): DialLimits {
    return { ...DEFAULT_LIMITS, ...(this.#read('limits') as DialLimits | null) };
  }

  setLimits(limits: DialLimits): void {
    this.#write('limits', limits);
  }

  agentCampaign(userId: string): string | null {
    const [row] = this.sql
      .exec<{ campaign_id: string }>('SELECT campaign_id FROM agents WHERE user_id = ?', userId)
      .toArray();
    return row?.campaign_id ?? null;
  }

  claimAgent(userId: string, campaignId: string): void {
    this.sql.exec('INSERT OR REPLACE INTO agents (user_id, campaign_id) VALUES (?, ?)', userId, campaignId);
  }

  freeAgent(userId: string, campaignId: string): void {
    this.sql.exec('DELETE FROM agents WHERE user_id = ? AND campaign_id = ?', userId, campaignId);
  }

  /** Drops what is past its time; answers when the next of it is. */
  prune(now: number): number | null {
    this.sql.exec('DELETE FROM admitted WHERE at < ?', now - ADMITTED_KEPT_MS);
    const over = this.sql.exec('DELETE FROM dnc WHERE until <= ? RETURNING number', now).toArray().length;
    if (over > 0) {
      this.#write('total', this.#total() - over);
      this.#write('version', this.version() + 1);
    }
    const [row] = this.sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM admitted').toArray();
    const [dnc] = this.sql.exec<{ at: number | null }>('SELECT min(until) AS at FROM dnc').toArray();
    const times = [row?.at == null ? null : row.at + ADMITTED_KEPT_MS, dnc?.at ?? null].filter(
      (at) => at !== null,
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  version(): number {
    return Number(this.#read('version') ?? 0);
  }

  #total(): number {
    return Number(this.#read('total') ?? 0);
  }

  #countOf(number: string, day: string): number {
    return this.sql
      .exec<{ n: number }>('SELECT count(*) AS n FROM admitted WHERE number = ? AND day = ?', number, day)
      .one().n;
  }

  #read(key: string): unknown {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray();
    return row === undefined ? null : JSON.parse(row.value);
  }

  #write(key: string, value: unknown): void {
    this.sql.exec('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, JSON.stringify(value));
  }
}
