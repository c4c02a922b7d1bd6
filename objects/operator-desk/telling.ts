/**
 * Telling the tenant's live feed of operators and queues. A change leaves a mark in its own transaction; what is told is
 * how things stand when the feed is reached, so a mark that waited long or is told twice does no harm.
 */
import type { LineTold } from '../call-hub/contract';
import { isNews, type OperatorUpdate, type QueueUpdate } from './live';

/** Told in one request. */
const BATCH = 200;

export interface TellingParts {
  sql: SqlStorage;
  /** How the thing that a key names stands now, and which users are told of it besides who sees everybody. */
  read(key: string): { event: LineTold['event']; data: OperatorUpdate | QueueUpdate; viewers: string[] };
  /** Returns when the feed has it. */
  tell(told: LineTold[]): Promise<void>;
}

interface Mark {
  key: string;
  n: number;
  told: string | null;
}

export class Telling {
  readonly #parts: TellingParts;
  #running: Promise<boolean> | null = null;

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  /** Something that is told of `operator:<id>` or `queue:<name>` may have changed. Within the change's transaction. */
  mark(key: string): void {
    this.#parts.sql.exec(
      'INSERT INTO marks (key, n) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET n = n + 1',
      key,
    );
  }

  get waiting(): boolean {
    return this.#parts.sql.exec('SELECT 1 FROM marks WHERE n > done LIMIT 1').toArray().length > 0;
  }

  /** Tells all that is marked. False when the feed could not be reached: try again later. */
  drain(): Promise<boolean> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #drain(): Promise<boolean> {
    for (;;) {
      const marks = this.#parts.sql
        .exec<{ key: string; n: number; told: string | null }>(
          'SELECT key, n, told FROM marks WHERE n > done ORDER BY key LIMIT ?',
          BATCH,
        )
        .toArray();
      if (marks.length === 0) return true;
      const rows = marks.map((mark) => ({ mark, told: this.#told(mark) }));
      const news = rows.flatMap(({ told }) => told ?? []);
      try {
        if (news.length > 0) await this.#parts.tell(news);
      } catch (error) {
        console.warn(`operator desk: the feed was not told, again later (${String(error)})`);
        return false;
      }
      // What was marked again meanwhile stays marked.
      for (const { mark, told } of rows)
        this.#parts.sql.exec(
          'UPDATE marks SET done = max(done, ?), told = ? WHERE key = ?',
          mark.n,
          told === null ? mark.told : keptOf(told),
          mark.key,
        );
    }
  }

  /** Null: nothing that anybody would see. */
  #told({ key, n, told }: Mark): LineTold | null {
    const { event, data, viewers } = this.#parts.read(key);
    const before = told === null ? null : (JSON.parse(told) as Kept);
    const moved = before?.viewers.join() !== viewers.join();
    if (!moved && !isNews(before.data, data)) return null;
    return { key, rev: n, event, data: JSON.stringify(data), viewers };
  }
}

interface Kept {
  data: OperatorUpdate | QueueUpdate;
  viewers: string[];
}

const keptOf = ({ data, viewers }: LineTold): string =>
  JSON.stringify({ data: JSON.parse(data) as Kept['data'], viewers } satisfies Kept);
