/** What other objects must be told: rows stored with the change they are about, sent right after, again by alarm. */
import type { PhoneEvent, PushPayload } from './contract';

export interface PushMessage {
  id: string;
  kind: 'push';
  key: string;
  payload: PushPayload;
}

export interface OutboundTargets {
  ingestPhone(events: PhoneEvent[]): Promise<void>;
  push(message: PushMessage): Promise<void>;
}

type Row = { seq: number; kind: 'hub' | 'push'; body: string };

/** Most rows of one round. */
const BATCH = 100;

export class Outbound {
  /** Rows the target has taken; deleted together with the next write, since a second telling does no harm. */
  #taken: number[] = [];
  #running: Promise<boolean> | null = null;
  #waiting: number;

  constructor(
    private readonly sql: SqlStorage,
    private readonly targets: OutboundTargets,
  ) {
    this.#waiting = sql.exec<{ n: number }>('SELECT count(*) AS n FROM outbound').one().n;
  }

  /** Rows that no target has taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  tellHub(events: readonly PhoneEvent[]): void {
    if (events.length > 0) this.#add('hub', events);
  }

  wakePhone(message: PushMessage): void {
    this.#add('push', message);
  }

  /** Deletes what was taken. Any write may carry it along; alone it is a write of its own. */
  sweep(): void {
    if (this.#taken.length === 0) return;
    for (const seq of this.#taken) this.sql.exec('DELETE FROM outbound WHERE seq = ?', seq);
    this.#taken = [];
  }

  /** Sends everything that waits, in order. False when a target could not be reached: try again later. */
  drain(): Promise<boolean> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #drain(): Promise<boolean> {
    for (;;) {
      const taken = new Set(this.#taken);
      const rows = this.sql
        .exec<Row>('SELECT seq, kind, body FROM outbound ORDER BY seq LIMIT ?', BATCH + taken.size)
        .toArray()
        .filter(({ seq }) => !taken.has(seq))
        .slice(0, BATCH);
      if (rows.length === 0) return true;
      // One target that is away must not hold up the other.
      const [hub, pushes] = await Promise.all([
        this.#tell(rows.filter(({ kind }) => kind === 'hub')),
        this.#push(rows.filter(({ kind }) => kind === 'push')),
      ]);
      if (!hub || !pushes) return false;
    }
  }

  async #tell(rows: readonly Row[]): Promise<boolean> {
    if (rows.length === 0) return true;
    const events = rows.flatMap(({ body }) => JSON.parse(body) as PhoneEvent[]);
    return this.#attempt(rows, () => this.targets.ingestPhone(events));
  }

  async #push(rows: readonly Row[]): Promise<boolean> {
    const told = await Promise.all(
      rows.map((row) => this.#attempt([row], () => this.targets.push(JSON.parse(row.body) as PushMessage))),
    );
    return told.every(Boolean);
  }

  async #attempt(rows: readonly Row[], send: () => Promise<void>): Promise<boolean> {
    try {
      await send();
    } catch (error) {
      console.warn(`phone queue: ${rows.length} rows not taken, tried again later (${String(error)})`);
      return false;
    }
    this.#taken.push(...rows.map(({ seq }) => seq));
    this.#waiting -= rows.length;
    return true;
  }

  #add(kind: Row['kind'], body: unknown): void {
    this.sweep();
    this.sql.exec('INSERT INTO outbound (kind, body) VALUES (?, ?)', kind, JSON.stringify(body));
    this.#waiting += 1;
  }
}
