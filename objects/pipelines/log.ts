import type { LogEntry, LogQuery, Severity } from './contract';

/** Entries that belong to no run. */
const MOST_POSTED = 50_000;
const KEEP_MS = 30 * 24 * 3_600_000;
/** Lines of one run; what comes after is counted, not kept. */
const MOST_LINES = 5_000;
const LONGEST = 2_000;

type Row = {
  id: number;
  at: number;
  module: string;
  severity: Severity;
  message: string;
  context: string | null;
  user_id: string | null;
  by_name: string | null;
  run_id: string | null;
  step: number | null;
  line: number | null;
};

export type NewEntry = Omit<LogEntry, 'id' | 'line'>;

/** The tenant's log: lines of runs, and what others post. */
export class LogBook {
  constructor(private readonly sql: SqlStorage) {}

  /** Stores one entry; a line of a run gets the next number of that run. Inside the caller's transaction. */
  add(entry: NewEntry): LogEntry | null {
    const message = entry.message.length > LONGEST ? `${entry.message.slice(0, LONGEST)}…` : entry.message;
    let line: number | null = null;
    if (entry.runId !== null) {
      const [row] = this.sql
        .exec<{ lines: number }>(
          'UPDATE runs SET lines = lines + 1 WHERE id = ? AND lines < ? RETURNING lines',
          entry.runId,
          MOST_LINES,
        )
        .toArray();
      if (row === undefined) return null;
      line = row.lines;
    }
    const { id } = this.sql
      .exec<{ id: number }>(
        `INSERT INTO log (at, module, severity, message, context, user_id, by_name, run_id, step, line)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
        entry.at,
        entry.module,
        entry.severity,
        message,
        entry.context,
        entry.userId,
        entry.by,
        entry.runId,
        entry.step,
        line,
      )
      .one();
    return { ...entry, message, id, line };
  }

  ofRun(runId: string, after: number, limit: number): LogEntry[] {
    return this.sql
      .exec<Row>('SELECT * FROM log WHERE run_id = ? AND line > ? ORDER BY line LIMIT ?', runId, after, limit)
      .toArray()
      .map(entryOf);
  }

  read(query: LogQuery): LogEntry[] {
    const where: string[] = ['1'];
    const values: (string | number)[] = [];
    const add = (condition: string, value: string | number | undefined): void => {
      if (value === undefined) return;
      where.push(condition);
      values.push(value);
    };
    add('module = ?', query.module);
    add('severity = ?', query.severity);
    add('run_id = ?', query.runId);
    add('at >= ?', query.from);
    add('at < ?', query.to);
    add('id < ?', query.before);
    add('id > ?', query.after);
    // Every case-insensitive match of SQLite is for ASCII only: words of people are compared as they are as well.
    if (query.text !== undefined) {
      where.push('(instr(lower(message), lower(?)) > 0 OR instr(message, ?) > 0)');
      values.push(query.text, query.text);
    }
    const order = query.after === undefined ? 'DESC' : 'ASC';
    return this.sql
      .exec<Row>(
        `SELECT * FROM log WHERE ${where.join(' AND ')} ORDER BY id ${order} LIMIT ?`,
        ...values,
        query.limit,
      )
      .toArray()
      .map(entryOf);
  }

  /** What is newer than `id`, oldest first. */
  since(id: number, limit: number): LogEntry[] {
    return this.read({ after: id, limit });
  }

  get last(): number {
    const [row] = this.sql.exec<{ last: number | null }>('SELECT max(id) AS last FROM log').toArray();
    return row?.last ?? 0;
  }

  forgetRun(runId: string): void {
    this.sql.exec('DELETE FROM log WHERE run_id = ?', runId);
  }

  /** Drops what was posted long ago or is too much; lines of runs go with their runs. */
  trim(now: number): void {
    this.sql.exec('DELETE FROM log WHERE run_id IS NULL AND at < ?', now - KEEP_MS);
    this.sql.exec(
      `DELETE FROM log WHERE run_id IS NULL AND id <=
         (SELECT id FROM log WHERE run_id IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      MOST_POSTED,
    );
  }
}

const entryOf = (row: Row): LogEntry => ({
  id: row.id,
  at: row.at,
  module: row.module,
  severity: row.severity,
  message: row.message,
  context: row.context,
  userId: row.user_id,
  by: row.by_name,
  runId: row.run_id,
  step: row.step,
  line: row.line,
});
