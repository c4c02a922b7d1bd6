/** SQL of imports: how far each is, and which rows were not taken. */
import type { ImportState, ImportView, LeadCounts, LeadProblem } from './views';

const SHOWN = 50;
/** Imports that wait for their file or read it. */
const MOST_OPEN = 20;
/** Rows kept of one import's report. */
const MOST_PROBLEMS = 100_000;
/** An upload that brought nothing for this long broke off. */
export const SILENT_MS = 60_000;

type Row = {
  id: number;
  state: ImportState;
  file_name: string;
  size: number | null;
  bytes_read: number;
  rows: number;
  added: number;
  duplicates: number;
  invalid: number;
  do_not_call: number;
  undone: number;
  error: string | null;
  created_at: number;
  touched_at: number;
  ended_at: number | null;
  by: string;
  list_version: number;
};

const viewOf = ({ id, created_at, ended_at, touched_at: _, ...row }: Row): ImportView => ({
  ...row,
  id: String(id),
  created_at: new Date(created_at).toISOString(),
  ended_at: ended_at === null ? null : new Date(ended_at).toISOString(),
});

export class ImportStore {
  constructor(private readonly sql: SqlStorage) {}

  create(input: {
    fileName: string;
    size: number | null;
    by: string;
    now: number;
    listVersion: number;
  }): ImportView | null {
    this.sql.exec(
      "DELETE FROM imports WHERE state = 'waiting' AND created_at < ?",
      input.now - 24 * 3_600_000,
    );
    const open = this.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM imports WHERE state IN ('waiting', 'running')")
      .one();
    if (open.n >= MOST_OPEN) return null;
    const [row] = this.sql
      .exec<Row>(
        `INSERT INTO imports (state, file_name, size, created_at, touched_at, by, list_version)
         VALUES ('waiting', ?, ?, ?, ?, ?, ?) RETURNING *`,
        input.fileName,
        input.size,
        input.now,
        input.now,
        input.by,
        input.listVersion,
      )
      .toArray();
    return row === undefined ? null : viewOf(row);
  }

  byId(id: number): ImportView | null {
    const [row] = this.sql.exec<Row>('SELECT * FROM imports WHERE id = ?', id).toArray();
    return row === undefined ? null : viewOf(row);
  }

  list(): ImportView[] {
    return this.sql.exec<Row>('SELECT * FROM imports ORDER BY id DESC LIMIT ?', SHOWN).toArray().map(viewOf);
  }

  setState(id: number, state: ImportState, now: number, error: string | null = null): void {
    this.sql.exec(
      'UPDATE imports SET state = ?, error = ?, touched_at = ?, ended_at = ? WHERE id = ?',
      state,
      error,
      now,
      state === 'running' ? null : now,
      id,
    );
  }

  progress(
    id: number,
    read: { rows: number; bytes: number; now: number },
    counts: LeadCounts,
    problems: readonly LeadProblem[],
  ): void {
    this.sql.exec(
      `UPDATE imports SET rows = ?, bytes_read = ?, touched_at = ?, added = added + ?, duplicates = duplicates + ?,
         invalid = invalid + ?, do_not_call = do_not_call + ? WHERE id = ?`,
      read.rows,
      read.bytes,
      read.now,
      counts.added,
      counts.duplicates,
      counts.invalid,
      counts.do_not_call,
      id,
    );
    if (problems.length === 0) return;
    const { n } = this.sql
      .exec<{ n: number }>('SELECT count(*) AS n FROM problems WHERE import_id = ?', id)
      .one();
    for (const { row, number, problem } of problems.slice(0, Math.max(0, MOST_PROBLEMS - n)))
      this.sql.exec('INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)', id, row, number, problem);
  }

  undone(id: number, count: number): void {
    this.sql.exec('UPDATE imports SET undone = undone + ? WHERE id = ?', count, id);
  }

  /** Ends uploads that broke off; answers when the next one would count as such. */
  endSilent(now: number): number | null {
    this.sql.exec(
      `UPDATE imports SET state = 'failed', error = 'The upload broke off: send the file again, rows that were taken count once.',
         ended_at = ? WHERE state = 'running' AND touched_at <= ?`,
      now,
      now - SILENT_MS,
    );
    const [row] = this.sql
      .exec<{ at: number | null }>("SELECT min(touched_at) AS at FROM imports WHERE state = 'running'")
      .toArray();
    return row?.at == null ? null : row.at + SILENT_MS;
  }

  problems(id: number, after: number, limit: number): LeadProblem[] {
    return this.sql
      .exec<{ row: number; number: string; problem: LeadProblem['problem'] }>(
        'SELECT row, number, problem FROM problems WHERE import_id = ? AND row > ? ORDER BY row LIMIT ?',
        id,
        after,
        limit,
      )
      .toArray();
  }
}
