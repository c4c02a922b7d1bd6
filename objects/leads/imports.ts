import type {
  ImportBatch,
  ImportProblemsPage,
  ImportRecord,
  ImportRow,
  ImportsPage,
  ImportState,
  RowProblem,
  StartImportInput,
} from './contract';
import type { LeadHistory } from './history';
import { difference, EMPTY, mergeOf } from './machine';
import type { Statuses } from './statuses';
import type { LeadStore } from './store';

/** Rows of a report that are kept; a file with more of them is the wrong file. */
const MOST_PROBLEMS = 20_000;
/** Batches come within moments of each other: after so long without one whoever read the file is gone. */
export const SILENCE_MS = 60_000;
/** How long an import waits for its file. */
export const PATIENCE_MS = 3_600_000;
const KEEP_MS = 90 * 24 * 3_600_000;

interface ImportDbRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  state: string;
  asked: string;
  started_at: number;
  heard_at: number;
  finished_at: number | null;
  last_row: number;
  read: number;
  added: number;
  merged: number;
  duplicates: number;
  bad: number;
  problem: string | null;
  problem_row: number | null;
}

type Asked = Omit<StartImportInput, 'now'>;
type Taken = 'added' | 'merged' | 'duplicates' | 'bad';

/** Imports of files and what became of their rows. Each change runs inside the caller's transaction. */
export class LeadImports {
  constructor(
    private readonly sql: SqlStorage,
    private readonly store: LeadStore,
    private readonly history: LeadHistory,
    private readonly statuses: Statuses,
  ) {}

  start({ now, ...asked }: StartImportInput, id: string): ImportRecord {
    this.sql.exec(
      "INSERT INTO imports (id, state, asked, started_at, heard_at) VALUES (?, 'waiting', ?, ?, ?)",
      id,
      JSON.stringify(asked),
      now,
      now,
    );
    return this.#known(id);
  }

  open(id: string, now: number): ImportRecord | null {
    const row = this.#row(id);
    if (row?.state !== 'waiting') return null;
    this.sql.exec("UPDATE imports SET state = 'running', heard_at = ? WHERE id = ?", now, id);
    return this.#known(id);
  }

  take({ id, rows, bad, lastRow, read, now }: ImportBatch): ImportRecord | null {
    const row = this.#row(id);
    if (row?.state !== 'running') return null;
    // A batch whose answer was lost comes again.
    if (lastRow <= row.last_row) return recordOf(row);
    const asked = JSON.parse(row.asked) as Asked;
    const counts: Record<Taken, number> = { added: 0, merged: 0, duplicates: 0, bad: bad.length };
    const problems: RowProblem[] = [...bad];
    for (const one of rows) {
      const { taken, problem } = this.#takeRow(one, id, asked, now);
      counts[taken] += 1;
      if (problem !== null) problems.push(problem);
    }
    const room = MOST_PROBLEMS - row.duplicates - row.bad;
    for (const problem of problems.slice(0, Math.max(room, 0))) {
      const { row: at, code, detail } = problem;
      this.sql.exec('INSERT OR IGNORE INTO import_problems VALUES (?, ?, ?, ?)', row.seq, at, code, detail);
    }
    this.sql.exec(
      `UPDATE imports SET added = added + ?, merged = merged + ?, duplicates = duplicates + ?, bad = bad + ?,
         last_row = ?, read = ?, heard_at = ? WHERE id = ?`,
      counts.added,
      counts.merged,
      counts.duplicates,
      counts.bad,
      lastRow,
      read,
      now,
      id,
    );
    return this.#known(id);
  }

  #takeRow(
    { row, lead }: ImportRow,
    importId: string,
    { by, onDuplicate, defaults }: Asked,
    now: number,
  ): { taken: Taken; problem: RowProblem | null } {
    const status = lead.status ?? defaults.status ?? this.statuses.first();
    if (!this.statuses.isOpenToPick(status))
      return { taken: 'bad', problem: { row, code: 'unknown_status', detail: status } };
    const origin = { by, importId, now };
    const known = this.store.byNumber(lead.number);
    if (known === null) {
      const fields = {
        ...EMPTY,
        source: defaults.source ?? null,
        owner: defaults.owner ?? null,
        ...lead,
        status,
      };
      this.store.insert(fields, origin);
      return { taken: 'added', problem: null };
    }
    const differs =
      onDuplicate === 'refuse' ? null : difference(known.lead, mergeOf(known.lead, lead, onDuplicate));
    if (differs === null)
      return { taken: 'duplicates', problem: { row, code: 'duplicate', detail: known.lead.id } };
    this.store.update(known, differs.after, now);
    this.history.add(known.seq, 'merged', differs, origin);
    return { taken: 'merged', problem: null };
  }

  /** Null: no such import, or it was over. */
  end(
    id: string,
    state: Exclude<ImportState, 'waiting' | 'running'>,
    at: { problem: string | null; row: number | null; now: number },
  ): ImportRecord | null {
    const ended = this.sql.exec(
      `UPDATE imports SET state = ?, finished_at = ?, problem = ?, problem_row = ?
       WHERE id = ? AND state IN ('waiting', 'running') RETURNING id`,
      state,
      at.now,
      at.problem,
      at.row,
      id,
    );
    return ended.toArray().length === 0 ? null : this.#known(id);
  }

  /** Ends those that nobody feeds any more, forgets old ones. Answers when to look again. */
  sweep(now: number): number | null {
    this.sql.exec(
      "UPDATE imports SET state = 'interrupted', finished_at = ? WHERE state = 'running' AND heard_at <= ?",
      now,
      now - SILENCE_MS,
    );
    this.sql.exec(
      "UPDATE imports SET state = 'cancelled', finished_at = ? WHERE state = 'waiting' AND heard_at <= ?",
      now,
      now - PATIENCE_MS,
    );
    const old = 'SELECT seq FROM imports WHERE started_at < ?';
    this.sql.exec(`DELETE FROM import_problems WHERE import IN (${old})`, now - KEEP_MS);
    this.sql.exec('DELETE FROM imports WHERE started_at < ?', now - KEEP_MS);
    const { at } = this.sql
      .exec<{ at: number | null }>(
        `SELECT min(heard_at + iif(state = 'running', ?, ?)) AS at FROM imports WHERE state IN ('waiting', 'running')`,
        SILENCE_MS,
        PATIENCE_MS,
      )
      .one();
    return at;
  }

  one(id: string): ImportRecord | null {
    const row = this.#row(id);
    return row === null ? null : recordOf(row);
  }

  page({ cursor, limit }: { cursor?: string | undefined; limit: number }): ImportsPage {
    const before =
      cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.MAX_SAFE_INTEGER;
    const sql = 'SELECT * FROM imports WHERE seq < ? ORDER BY seq DESC LIMIT ?';
    const rows = this.sql.exec<ImportDbRow>(sql, before, limit + 1).toArray();
    const items = rows.slice(0, limit);
    return { items: items.map(recordOf), next: rows.length > limit ? String(items.at(-1)?.seq) : null };
  }

  problems(query: { id: string; after?: number | undefined; limit: number }): ImportProblemsPage | null {
    const row = this.#row(query.id);
    if (row === null) return null;
    const rows = this.sql
      .exec<{ row: number; code: string; detail: string | null }>(
        'SELECT row, code, detail FROM import_problems WHERE import = ? AND row > ? ORDER BY row LIMIT ?',
        row.seq,
        query.after ?? 0,
        query.limit + 1,
      )
      .toArray();
    const items = rows.slice(0, query.limit);
    const next = rows.length > query.limit ? (items.at(-1)?.row ?? null) : null;
    return { items, next, cut: row.duplicates + row.bad > MOST_PROBLEMS };
  }

  #row(id: string): ImportDbRow | null {
    return this.sql.exec<ImportDbRow>('SELECT * FROM imports WHERE id = ?', id).toArray()[0] ?? null;
  }

  #known(id: string): ImportRecord {
    const row = this.#row(id);
    if (row === null) throw new Error('an import just written is not there');
    return recordOf(row);
  }
}

const recordOf = (row: ImportDbRow): ImportRecord => ({
  // Written by this class only.
  ...(JSON.parse(row.asked) as Asked),
  id: row.id,
  state: row.state as ImportState,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  read: row.read,
  rows: row.added + row.merged + row.duplicates + row.bad,
  added: row.added,
  merged: row.merged,
  duplicates: row.duplicates,
  bad: row.bad,
  problem: row.problem,
  problemRow: row.problem_row,
});
