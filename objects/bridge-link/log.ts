import type { LogLine } from './contract';

/** Kept; a page shows a hundred. */
const KEEP = 2_000;
/** Cut this often, so that a line costs one write. */
const CUT_EVERY = 100;
const MAX_TEXT = 500;

/** Words of a PBX or a phone may quote the number that was rung: only its end is shown. */
export const masked = (text: string): string => text.replace(/\+?\d{5,}(?=\d{2})/g, '•••');

/** What a bridge's page shows: the bridge's own lines and those of its tunnel. */
export class LinkLog {
  constructor(
    private readonly sql: SqlStorage,
    private readonly now: () => number,
  ) {}

  add(level: LogLine['level'], part: string, text: string, at = this.now()): void {
    const { id } = this.sql
      .exec<{ id: number }>(
        'INSERT INTO log (at, level, part, text) VALUES (?, ?, ?, ?) RETURNING id',
        at,
        level,
        part.slice(0, 40),
        text.slice(0, MAX_TEXT),
      )
      .one();
    if (id % CUT_EVERY === 0) this.sql.exec('DELETE FROM log WHERE id <= ?', id - KEEP);
  }

  /** Newest first. */
  page({ before, limit }: { before?: number; limit: number }): LogLine[] {
    return this.sql
      .exec<{ id: number; at: number; level: LogLine['level']; part: string; text: string }>(
        'SELECT id, at, level, part, text FROM log WHERE id < ? ORDER BY id DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        Math.min(Math.max(limit, 1), 500),
      )
      .toArray();
  }
}
