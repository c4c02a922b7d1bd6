/** Everything an OperatorEnrolment keeps; the only place with its SQL. */
import type { Actor, Include, ItemRecord, ItemResult, Problem, RunRecord } from './contract';
import type { Item, Run, RunState } from './machine';

/** Runs that are kept. */
const MOST_RUNS = 50;
/** Operators of one statement. */
const AT_ONCE = 1_000;

/** An operator as a run takes it up. */
export interface Candidate {
  uuid: string;
  login: string;
  fullName: string;
  extension: string | null;
}

export interface KnownRun extends Run {
  seq: number;
  id: string;
  include: Include;
  actor: Actor;
  startedAt: number;
  finishedAt: number | null;
}

export interface KnownItem extends Item {
  n: number;
  uuid: string;
}

interface RunRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  include: string;
  by_id: string;
  address: string | null;
  started_at: number;
  finished_at: number | null;
  state: string;
  streak: number;
  wake_at: number;
  problem: string | null;
}

interface ItemRow extends Record<string, SqlStorageValue> {
  n: number;
  uuid: string;
  login: string;
  full_name: string;
  extension: string | null;
  result: string;
  problem: string | null;
  tries: number;
  at: number | null;
}

const problemOf = (text: string | null): Problem | null =>
  text === null ? null : (JSON.parse(text) as Problem);
const textOf = (problem: Problem | null): string | null => problem && JSON.stringify(problem);

const runOf = (row: RunRow): KnownRun => ({
  seq: row.seq,
  id: row.id,
  include: row.include as Include,
  actor: { userId: row.by_id, address: row.address },
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  state: row.state as RunState,
  streak: row.streak,
  wakeAt: row.wake_at,
  problem: problemOf(row.problem),
});

export class EnrolmentStore {
  constructor(private readonly sql: SqlStorage) {}

  /** Whose object it is. An alarm may wake it without its name, so that the first one heard is kept. */
  tenant(name: string | undefined): string {
    if (name !== undefined) {
      this.sql.exec("INSERT OR IGNORE INTO meta VALUES ('tenant', ?)", name);
      return name;
    }
    const [row] = this.sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = 'tenant'").toArray();
    return row?.value ?? '';
  }

  run(id: string): KnownRun | null {
    const [row] = this.sql.exec<RunRow>('SELECT * FROM runs WHERE id = ?', id).toArray();
    return row === undefined ? null : runOf(row);
  }

  runs(): KnownRun[] {
    return this.sql.exec<RunRow>('SELECT * FROM runs ORDER BY seq DESC').toArray().map(runOf);
  }

  /** The one that goes on. */
  running(): KnownRun | null {
    const [row] = this.sql
      .exec<RunRow>("SELECT * FROM runs WHERE state = 'running' ORDER BY seq DESC LIMIT 1")
      .toArray();
    return row === undefined ? null : runOf(row);
  }

  add(
    id: string,
    given: { include: Include; actor: Actor; now: number },
    run: Run,
    candidates: readonly Candidate[],
  ): void {
    const [row] = this.sql
      .exec<{ seq: number }>(
        `INSERT INTO runs (id, include, by_id, address, started_at, state, streak, wake_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
        id,
        given.include,
        given.actor.userId,
        given.actor.address,
        given.now,
        run.state,
        run.streak,
        run.wakeAt,
      )
      .toArray();
    const seq = row?.seq ?? 0;
    // A bound text has a limit.
    for (let at = 0; at < candidates.length; at += AT_ONCE)
      this.sql.exec(
        `INSERT INTO items (run, n, uuid, login, full_name, extension, result, tries)
         SELECT ?, ? + key, value ->> 'uuid', value ->> 'login', value ->> 'fullName', value ->> 'extension', 'pending', 0
         FROM json_each(?)`,
        seq,
        at + 1,
        JSON.stringify(candidates.slice(at, at + AT_ONCE)),
      );
    this.sql.exec('DELETE FROM items WHERE run <= ?', seq - MOST_RUNS);
    this.sql.exec('DELETE FROM runs WHERE seq <= ?', seq - MOST_RUNS);
  }

  save(seq: number, { state, streak, wakeAt, problem }: Run, finishedAt: number | null): void {
    this.sql.exec(
      'UPDATE runs SET state = ?, streak = ?, wake_at = ?, problem = ?, finished_at = ? WHERE seq = ?',
      state,
      streak,
      wakeAt,
      textOf(problem),
      finishedAt,
      seq,
    );
  }

  /** Who goes on asking, for the audit log. */
  takenOver(seq: number, { userId, address }: Actor): void {
    this.sql.exec('UPDATE runs SET by_id = ?, address = ? WHERE seq = ?', userId, address, seq);
  }

  /** Whoever has no result yet; those that were away before come last. */
  pending(seq: number, limit: number): KnownItem[] {
    return this.sql
      .exec<ItemRow>(
        "SELECT * FROM items WHERE run = ? AND result = 'pending' ORDER BY tries, n LIMIT ?",
        seq,
        limit,
      )
      .toArray()
      .map(({ n, uuid, tries, problem }) => ({
        n,
        uuid,
        tries,
        result: 'pending',
        problem: problemOf(problem),
      }));
  }

  settle(seq: number, n: number, { result, tries, problem }: Item, now: number): void {
    this.sql.exec(
      'UPDATE items SET result = ?, tries = ?, problem = ?, at = ? WHERE run = ? AND n = ?',
      result,
      tries,
      textOf(problem),
      now,
      seq,
      n,
    );
  }

  /** Makes those that failed wait again, as if they were new. */
  retryFailed(seq: number): void {
    this.sql.exec(
      "UPDATE items SET result = 'pending', tries = 0 WHERE run = ? AND result IN ('failed', 'pending')",
      seq,
    );
  }

  counts(seq: number): Record<ItemResult, number> {
    const counts = { pending: 0, added: 0, already: 0, failed: 0, gone: 0 };
    for (const { result, count } of this.sql.exec<{ result: ItemResult; count: number }>(
      'SELECT result, count(*) AS count FROM items WHERE run = ? GROUP BY result',
      seq,
    ))
      counts[result] = count;
    return counts;
  }

  items(seq: number, result: ItemResult | null, after: number, limit: number): ItemRecord[] {
    return this.sql
      .exec<ItemRow>(
        'SELECT * FROM items WHERE run = ?1 AND n > ?2 AND (?3 IS NULL OR result = ?3) ORDER BY n LIMIT ?4',
        seq,
        after,
        result,
        limit,
      )
      .toArray()
      .map((row) => ({
        n: row.n,
        uuid: row.uuid,
        login: row.login,
        fullName: row.full_name,
        extension: row.extension,
        result: row.result as ItemResult,
        problem: problemOf(row.problem),
        tries: row.tries,
        at: row.at,
      }));
  }

  record(run: KnownRun, now: number): RunRecord {
    const counts = this.counts(run.seq);
    const { id, state, include, actor, startedAt, finishedAt, problem, wakeAt } = run;
    return {
      id,
      state,
      include,
      by: actor.userId,
      startedAt,
      finishedAt,
      total: Object.values(counts).reduce((sum, count) => sum + count, 0),
      counts,
      problem,
      waitsUntil: state === 'running' && problem !== null && wakeAt > now ? wakeAt : null,
    };
  }
}
