import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, transaction } from './database.ts';
import { Inbound } from './inbound.ts';
import { Jobs } from './jobs.ts';
import { Outbox } from './outbox.ts';
import { Threads } from './threads.ts';

/** Everything the program remembers. */
export class State {
  readonly inbound: Inbound;
  readonly jobs: Jobs;
  readonly outbox: Outbox;
  readonly threads: Threads;
  readonly #database: DatabaseSync;

  /** @throws Error when the directory can't be written */
  constructor(directory: string) {
    this.#database = openDatabase(directory);
    this.inbound = new Inbound(this.#database);
    this.jobs = new Jobs(this.#database);
    this.outbox = new Outbox(this.#database);
    this.threads = new Threads(this.#database);
  }

  transaction<T>(work: () => T): T {
    return transaction(this.#database, work);
  }

  /** Whether the tenant's integration is on, as far as Trunkline told. */
  isConnected(tenant: string): boolean {
    const row = this.#database.prepare('SELECT connected FROM tenant WHERE id = ?').get(tenant);
    // A tenant who is in the configuration has made a token, which is what turns the integration on.
    return (row as { connected: number } | undefined)?.connected !== 0;
  }

  setConnected(tenant: string, connected: boolean): void {
    this.#database
      .prepare(
        'INSERT INTO tenant (id, connected) VALUES (?, ?) ON CONFLICT DO UPDATE SET connected = excluded.connected',
      )
      .run(tenant, connected ? 1 : 0);
  }

  prune(now: number): void {
    this.jobs.prune(now);
    this.outbox.prune(now);
  }

  close(): void {
    this.#database.close();
  }
}
