import type { RunRecord, RunState } from './machine';

const RUNS_KEPT = 100;

type RunRow = { n: number; id: string; lines: number; data: string };

export interface StoredRun {
  n: number;
  run: RunRecord;
  lines: number;
}

/** Everything a Pipelines object keeps but its log; the only place with its SQL. */
export class PipelineStore {
  constructor(private readonly sql: SqlStorage) {}

  get name(): string | null {
    return this.#read('name');
  }
  set name(name: string) {
    this.#write('name', name);
  }

  /** Number of the newest entry of the log that the tenant's hub was told of. */
  get told(): number {
    return Number(this.#read('told') ?? 0);
  }
  set told(id: number) {
    this.#write('told', String(id));
  }

  add(run: RunRecord): void {
    this.sql.exec(
      'INSERT INTO runs (id, pipeline_id, state, started_at, data) VALUES (?, ?, ?, ?, ?)',
      run.id,
      run.pipelineId,
      run.state,
      run.startedAt,
      JSON.stringify(run),
    );
  }

  save(run: RunRecord): void {
    this.sql.exec(
      'UPDATE runs SET state = ?, ended_at = ?, data = ? WHERE id = ?',
      run.state,
      run.endedAt,
      JSON.stringify(run),
      run.id,
    );
  }

  run(id: string): StoredRun | null {
    return this.#one('SELECT * FROM runs WHERE id = ?', id);
  }

  /** The run under way. */
  running(pipelineId: string): StoredRun | null {
    return this.#one("SELECT * FROM runs WHERE pipeline_id = ? AND state = 'running'", pipelineId);
  }

  last(pipelineId: string): StoredRun | null {
    return this.#one('SELECT * FROM runs WHERE pipeline_id = ? ORDER BY n DESC LIMIT 1', pipelineId);
  }

  allRunning(): StoredRun[] {
    return this.#many("SELECT * FROM runs WHERE state = 'running' ORDER BY n");
  }

  failures(limit: number): StoredRun[] {
    return this.#many("SELECT * FROM runs WHERE state = 'failed' ORDER BY n DESC LIMIT ?", limit);
  }

  /** Newest first, older than the run numbered `before`. */
  of(pipelineId: string, before: number, limit: number): StoredRun[] {
    return this.#many(
      'SELECT * FROM runs WHERE pipeline_id = ? AND n < ? ORDER BY n DESC LIMIT ?',
      pipelineId,
      before,
      limit,
    );
  }

  /** Ids of runs that are past the number kept of each pipeline; they are gone from here. */
  prune(pipelineId: string): string[] {
    return this.sql
      .exec<{ id: string }>(
        `DELETE FROM runs WHERE pipeline_id = ? AND n <=
           (SELECT n FROM runs WHERE pipeline_id = ? ORDER BY n DESC LIMIT 1 OFFSET ?) RETURNING id`,
        pipelineId,
        pipelineId,
        RUNS_KEPT,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Ids of the runs that are gone with their pipeline. */
  forget(pipelineId: string): string[] {
    this.dropSchedule(pipelineId);
    return this.sql
      .exec<{ id: string }>('DELETE FROM runs WHERE pipeline_id = ? RETURNING id', pipelineId)
      .toArray()
      .map(({ id }) => id);
  }

  count(state: RunState): void {
    this.sql.exec(
      'INSERT INTO totals (state, n) VALUES (?, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1',
      state,
    );
  }

  /** A run that was counted goes on: it is counted again at its end. */
  uncount(state: RunState): void {
    this.sql.exec('UPDATE totals SET n = n - 1 WHERE state = ?', state);
  }

  totals(): Record<Exclude<RunState, 'running'>, number> {
    const rows = this.sql.exec<{ state: string; n: number }>('SELECT state, n FROM totals').toArray();
    const of = (state: string): number => rows.find((row) => row.state === state)?.n ?? 0;
    return { ok: of('ok'), failed: of('failed'), cancelled: of('cancelled') };
  }

  schedule(pipelineId: string): { anchor: number; nextAt: number | null } | null {
    const [row] = this.sql
      .exec<{ anchor: number; next_at: number | null }>(
        'SELECT anchor, next_at FROM schedules WHERE pipeline_id = ?',
        pipelineId,
      )
      .toArray();
    return row === undefined ? null : { anchor: row.anchor, nextAt: row.next_at };
  }

  plan(pipelineId: string, anchor: number, nextAt: number | null): void {
    this.sql.exec('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?)', pipelineId, anchor, nextAt);
  }

  dropSchedule(pipelineId: string): void {
    this.sql.exec('DELETE FROM schedules WHERE pipeline_id = ?', pipelineId);
  }

  scheduled(): string[] {
    return this.sql
      .exec<{ pipeline_id: string }>('SELECT pipeline_id FROM schedules')
      .toArray()
      .map((row) => row.pipeline_id);
  }

  #one(query: string, ...values: (string | number)[]): StoredRun | null {
    return this.#many(query, ...values)[0] ?? null;
  }

  #many(query: string, ...values: (string | number)[]): StoredRun[] {
    return this.sql
      .exec<RunRow>(query, ...values)
      .toArray()
      .map((row) => ({ n: row.n, lines: row.lines, run: JSON.parse(row.data) as RunRecord }));
  }

  #read(name: string): string | null {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name).toArray();
    return row?.value ?? null;
  }

  #write(name: string, value: string): void {
    this.sql.exec('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, value);
  }
}
