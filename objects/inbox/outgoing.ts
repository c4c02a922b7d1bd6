import type { ProviderDelivery, TakeResult } from '../provider-link/contract';

/** Rows handed over at once. */
const BATCH = 100;

export interface Task {
  delivery: ProviderDelivery;
  /**
   * Ids under which it may have been given up before: then that delivery is tried anew, under the key that the provider
   * may have seen, and this one is not needed.
   */
  replay?: string[];
}

export interface OutgoingParts {
  sql: SqlStorage;
  take(provider: number, deliveries: ProviderDelivery[]): Promise<TakeResult>;
  /** How many dead letters of those ids are tried anew. */
  replay(provider: number, ids: string[]): Promise<number>;
  /** The tenant has no active integration with the provider any more: nobody will take these. In a transaction. */
  refused(provider: number, deliveries: ProviderDelivery[]): void;
  transaction(work: () => void): void;
  /** Try again later. */
  later(): void;
}

interface Row extends Record<string, SqlStorageValue> {
  seq: number;
  provider: number;
  task: string;
}

/**
 * What providers are to be told, on its way to their links: rows written with the change itself and gone once a link has
 * stored them. Links drop repeats by the delivery's id.
 */
export class Outgoing {
  #draining = false;
  /** Rows were written that no drain has looked for yet. */
  #added = false;

  constructor(private readonly parts: OutgoingParts) {}

  add(provider: number, task: Task, now: number): void {
    const sql = 'INSERT INTO outgoing (provider, task, created_at) VALUES (?, ?, ?)';
    this.parts.sql.exec(sql, provider, JSON.stringify(task), now);
    this.#added = true;
  }

  get added(): boolean {
    return this.#added;
  }

  /** Nothing is waiting or on its way. */
  get idle(): boolean {
    return !this.#draining && this.#isEmpty;
  }

  /** Hands over what waits, providers side by side, each in its order. A row that comes meanwhile is taken along. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let goesOn = true; goesOn;) {
        this.#added = false;
        const providers = this.parts.sql
          .exec<{ provider: number }>('SELECT DISTINCT provider FROM outgoing')
          .toArray();
        const results = await Promise.all(providers.map(({ provider }) => this.#handOver(provider)));
        goesOn = results.some(Boolean) || this.#added;
      }
    } finally {
      this.#draining = false;
    }
    if (!this.#isEmpty) this.parts.later();
  }

  get #isEmpty(): boolean {
    return this.parts.sql.exec('SELECT 1 FROM outgoing LIMIT 1').toArray().length === 0;
  }

  /** One step for a provider; answers whether something went. */
  async #handOver(provider: number): Promise<boolean> {
    const { sql, take, replay, refused, transaction } = this.parts;
    const rows = sql
      .exec<Row>('SELECT * FROM outgoing WHERE provider = ? ORDER BY seq LIMIT ?', provider, BATCH)
      .toArray()
      // Written by `add` of this class only.
      .map(({ seq, task }) => ({ seq, task: JSON.parse(task) as Task }));
    const [first] = rows;
    if (first === undefined) return false;
    try {
      const old = first.task.replay ?? [];
      if (old.length > 0 && (await replay(provider, old)) > 0) {
        sql.exec('DELETE FROM outgoing WHERE seq = ?', first.seq);
        return true;
      }
      // The next one that may have been given up before has its own turn.
      const end = rows.findIndex(({ task }, index) => index > 0 && task.replay !== undefined);
      const batch = end === -1 ? rows : rows.slice(0, end);
      const deliveries = batch.map(({ task }) => task.delivery);
      const result = await take(provider, deliveries);
      if (!result.ok && result.code === 'full') return false;
      transaction(() => {
        if (!result.ok) refused(provider, deliveries);
        for (const { seq } of batch) sql.exec('DELETE FROM outgoing WHERE seq = ?', seq);
      });
      return true;
    } catch (error) {
      console.warn(`inbox: a provider's link was not reached (${String(error)})`);
      return false;
    }
  }
}
