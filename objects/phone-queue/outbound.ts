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

type Item = { seq: number } & (
  { kind: 'hub'; events: readonly PhoneEvent[] } | { kind: 'push'; message: PushMessage }
);
type Row = { seq: number; kind: 'hub' | 'push'; body: string };

/** Most rows of one round. */
const BATCH = 100;

export class Outbound {
  /** The rows no target has taken yet, in order: read once, then kept beside the table. */
  #items: Item[];
  /** Rows the target has taken; deleted together with the next write, since a second telling does no harm. */
  #taken: number[] = [];
  #running: Promise<boolean> | null = null;
  #seq: number;

  constructor(
    private readonly sql: SqlStorage,
    private readonly targets: OutboundTargets,
  ) {
    this.#items = sql.exec<Row>('SELECT seq, kind, body FROM outbound ORDER BY seq').toArray().map(toItem);
    this.#seq = this.#items.at(-1)?.seq ?? 0;
  }

  /** Rows that no target has taken yet. */
  get waiting(): number {
    return this.#items.length;
  }

  tellHub(events: readonly PhoneEvent[]): void {
    if (events.length > 0) this.#add({ seq: (this.#seq += 1), kind: 'hub', events }, events);
  }

  wakePhone(message: PushMessage): void {
    this.#add({ seq: (this.#seq += 1), kind: 'push', message }, message);
  }

  /** Deletes what was taken. Any write may carry it along; alone it is a write of its own. */
  sweep(): void {
    const [only, ...more] = this.#taken;
    if (only === undefined) return;
    if (more.length === 0) this.sql.exec('DELETE FROM outbound WHERE seq = ?', only);
    else {
      const all = JSON.stringify(this.#taken);
      this.sql.exec('DELETE FROM outbound WHERE seq IN (SELECT value FROM json_each(?))', all);
    }
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
    while (this.#items.length > 0) {
      const round = this.#items.slice(0, BATCH);
      const hub = round.filter((item) => item.kind === 'hub');
      const pushes = round.filter((item) => item.kind === 'push');
      // One target that is away must not hold up the other.
      const told = await Promise.all([
        hub.length === 0 ||
          this.#attempt(hub, () => this.targets.ingestPhone(hub.flatMap(({ events }) => [...events]))),
        ...pushes.map((item) => this.#attempt([item], () => this.targets.push(item.message))),
      ]);
      if (!told.every(Boolean)) return false;
    }
    return true;
  }

  async #attempt(items: readonly Item[], send: () => Promise<void>): Promise<boolean> {
    try {
      await send();
    } catch (error) {
      console.warn(`phone queue: ${items.length} rows not taken, tried again later (${String(error)})`);
      return false;
    }
    const taken = new Set(items);
    this.#items = this.#items.filter((item) => !taken.has(item));
    this.#taken.push(...items.map(({ seq }) => seq));
    return true;
  }

  #add(item: Item, body: unknown): void {
    this.sweep();
    this.sql.exec(
      'INSERT INTO outbound (seq, kind, body) VALUES (?, ?, ?)',
      item.seq,
      item.kind,
      JSON.stringify(body),
    );
    this.#items.push(item);
  }
}

const toItem = ({ seq, kind, body }: Row): Item =>
  kind === 'hub'
    ? { seq, kind, events: JSON.parse(body) as PhoneEvent[] }
    : { seq, kind, message: JSON.parse(body) as PushMessage };
