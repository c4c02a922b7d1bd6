import type { Exchange } from '../provider-link/contract';
import type { SandboxEvent, SandboxToken } from './contract';
import type { NumberedRun, Run } from './machine';

const MOST_EVENTS = 1_000;
const MOST_RUNS = 50;
/** Longest body that is kept of a request or an answer, UTF-16 code units. */
const LONGEST_BODY = 8_192;

const cut = (text: string): string =>
  text.length > LONGEST_BODY ? `${text.slice(0, LONGEST_BODY).toWellFormed()}…` : text;

/** As it is kept: long bodies are cut. */
export const shortened = (exchange: Exchange): Exchange => ({
  ...exchange,
  request: { ...exchange.request, body: exchange.request.body === null ? null : cut(exchange.request.body) },
  answer: exchange.answer && { ...exchange.answer, body: cut(exchange.answer.body) },
});

/** Tokens, events and runs; the only place with their SQL. Each change runs inside the caller's transaction. */
export class SandboxStore {
  constructor(private readonly sql: SqlStorage) {}

  tokens(): SandboxToken[] {
    return this.sql
      .exec<{ id: string; hint: string; created_at: number }>('SELECT * FROM tokens ORDER BY created_at, id')
      .toArray()
      .map(({ created_at: createdAt, ...token }) => ({ ...token, createdAt }));
  }

  addToken({ id, hint, createdAt }: SandboxToken): void {
    this.sql.exec('INSERT INTO tokens (id, hint, created_at) VALUES (?, ?, ?)', id, hint, createdAt);
  }

  removeToken(id: string): void {
    this.sql.exec('DELETE FROM tokens WHERE id = ?', id);
  }

  removeTokens(): void {
    this.sql.exec('DELETE FROM tokens');
  }

  addEvent(exchange: Exchange, now: number): void {
    const { seq } = this.sql
      .exec<{ seq: number }>(
        'INSERT INTO events (at, kind, event) VALUES (?, ?, ?) RETURNING seq',
        now,
        exchange.kind,
        JSON.stringify(shortened(exchange)),
      )
      .one();
    this.sql.exec('DELETE FROM events WHERE seq <= ?', seq - MOST_EVENTS);
  }

  get lastEvent(): number {
    const { seq } = this.sql.exec<{ seq: number | null }>('SELECT max(seq) AS seq FROM events').one();
    return seq ?? 0;
  }

  events({
    before,
    after,
    limit,
  }: {
    before?: number | undefined;
    after?: number | undefined;
    limit: number;
  }): SandboxEvent[] {
    const rows =
      after === undefined
        ? this.sql.exec<EventRow>(
            'SELECT * FROM events WHERE seq < ? ORDER BY seq DESC LIMIT ?',
            before ?? Number.MAX_SAFE_INTEGER,
            limit,
          )
        : this.sql.exec<EventRow>('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?', after, limit);
    return rows.toArray().map(eventOf);
  }

  /** The first event of a kind behind a number that is as asked for. */
  firstOf(
    kind: string,
    after: number,
    isIt: (event: SandboxEvent) => boolean = () => true,
  ): SandboxEvent | null {
    const rows = this.sql.exec<EventRow>(
      'SELECT * FROM events WHERE seq > ? AND kind = ? ORDER BY seq',
      after,
      kind,
    );
    return rows.toArray().map(eventOf).find(isIt) ?? null;
  }

  /** The run that is under way. */
  running(): Run | null {
    const [row] = this.sql.exec<RunRow>('SELECT * FROM runs ORDER BY seq DESC LIMIT 1').toArray();
    if (row === undefined) return null;
    const run = runOf(row);
    return run.state === 'running' ? run : null;
  }

  /** One that is over and not told to D1 yet. */
  unrecorded(): Run | null {
    const [row] = this.sql
      .exec<RunRow>('SELECT * FROM runs WHERE recorded = 0 ORDER BY seq LIMIT 1')
      .toArray();
    const run = row === undefined ? null : runOf(row);
    return run?.state === 'running' ? null : run;
  }

  recorded(id: string): void {
    this.sql.exec('UPDATE runs SET recorded = 1 WHERE id = ?', id);
  }

  run(id: string): Run | null {
    const [row] = this.sql.exec<RunRow>('SELECT * FROM runs WHERE id = ?', id).toArray();
    return row === undefined ? null : runOf(row);
  }

  runs(before: number | undefined, limit: number): NumberedRun[] {
    return this.sql
      .exec<RunRow>(
        'SELECT * FROM runs WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map((row) => ({ ...runOf(row), number: row.seq }));
  }

  save(run: Run): void {
    // What was cancelled says nothing of the configuration.
    const isTold = run.state === 'cancelled' ? 1 : 0;
    const { seq } = this.sql
      .exec<{ seq: number }>(
        `INSERT INTO runs (id, run, recorded) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET run = ?2, recorded = max(recorded, ?3) RETURNING seq`,
        run.id,
        JSON.stringify(run),
        isTold,
      )
      .one();
    this.sql.exec('DELETE FROM runs WHERE seq <= ? AND recorded = 1', seq - MOST_RUNS);
  }
}

type EventRow = { seq: number; at: number; kind: string; event: string };
type RunRow = { seq: number; id: string; run: string; recorded: number };

// Both were written by this class.
const eventOf = ({ seq, at, event }: EventRow): SandboxEvent => ({
  ...(JSON.parse(event) as Exchange),
  seq,
  at,
});
const runOf = ({ run }: RunRow): Run => JSON.parse(run) as Run;
