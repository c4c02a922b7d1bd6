/** Events on their way to the edge: rows of the journal from `emit` until the edge acknowledged them. */
import type { StatementSync } from 'node:sqlite';
import type { BridgeEvent, BridgeEventKind } from '../protocol/events.ts';
import type { Journal } from './journal.ts';

/** Dropped first, oldest first, when the journal is full: lines of the log, and states that each new tunnel tells anew. */
const MINOR: ReadonlySet<BridgeEventKind> = new Set(['bridge.log', 'pbx.trunk', 'pbx.state']);
/** Told so often that a write to the disk for each would cost too much: one for many, before they are sent. */
const BATCHED: ReadonlySet<BridgeEventKind> = new Set(['pbx.channel', 'pbx.members', ...MINOR]);
/** In the order in which rows are given up. */
const TABLES = ['minor_events', 'events'] as const;
const DROP_AT_ONCE = 2_000;
/** How many events pass between looks at the size. */
const LOOK_EVERY = 500;

export interface StoredEvent {
  seq: number;
  at: number;
  /** The event as JSON. */
  body: string;
}

export class EventOutbox {
  /** Number of the newest event ever. */
  #head: number;
  /** Every event up to this one would survive a loss of power. */
  #durable: number;
  #sinceLook = LOOK_EVERY;
  readonly #journal: Journal;
  readonly #maxBytes: number;
  readonly #insert: StatementSync;
  readonly #insertMinor: StatementSync;
  readonly #select: StatementSync;

  /** @param maxBytes the journal's size from which on the least important events are dropped */
  constructor(journal: Journal, maxBytes: number) {
    this.#journal = journal;
    this.#maxBytes = maxBytes;
    const { db } = journal;
    this.#insert = db.prepare('INSERT INTO events (seq, at, body) VALUES (?, ?, ?)');
    this.#insertMinor = db.prepare('INSERT INTO minor_events (seq, at, body) VALUES (?, ?, ?)');
    this.#select = db.prepare(
      `SELECT seq, at, body FROM events WHERE seq > ?1 UNION ALL
       SELECT seq, at, body FROM minor_events WHERE seq > ?1 ORDER BY seq LIMIT ?2`,
    );
    const newest = db
      .prepare(
        'SELECT max((SELECT coalesce(max(seq), 0) FROM events), (SELECT coalesce(max(seq), 0) FROM minor_events)) AS newest',
      )
      .get()?.['newest'];
    this.#head = Math.max(Number(newest ?? 0), this.acked);
    this.#durable = this.#head;
  }

  get head(): number {
    return this.#head;
  }

  /** Newest event the edge has stored. */
  get acked(): number {
    return Number(this.#journal.meta('acked') ?? 0);
  }

  /**
   * Stores an event; it survives the death of the process when this returns. Answers how many older events had to be
   * dropped for it. @throws Error when the disk does not take it
   */
  append(at: number, event: BridgeEvent): { dropped: number } {
    const dropped = this.#makeRoom();
    const seq = this.#head + 1;
    const insert = MINOR.has(event.kind) ? this.#insertMinor : this.#insert;
    const write = (): void => void insert.run(seq, at, JSON.stringify(event));
    if (BATCHED.has(event.kind)) write();
    else {
      this.#journal.durably(write);
      this.#durable = seq;
    }
    this.#head = seq;
    return { dropped };
  }

  /** Events after `after`, oldest first. What was not safe against a loss of power yet is made so first. */
  read(after: number, count: number): StoredEvent[] {
    // A number that the edge has seen must never be given to another event, so none is shown that could vanish.
    this.sync();
    return this.#select
      .all(after, count)
      .map((row) => ({ seq: Number(row['seq']), at: Number(row['at']), body: String(row['body']) }));
  }

  /** Makes everything safe against a loss of power that is not yet. */
  sync(): void {
    if (this.#durable === this.#head) return;
    this.#journal.durably(() => this.#journal.setMeta('durable', String(this.#head)));
    this.#durable = this.#head;
  }

  /** The edge has stored everything up to `seq`. */
  acknowledge(seq: number): void {
    if (seq <= this.acked) return;
    const { db } = this.#journal;
    db.exec('BEGIN');
    for (const table of TABLES) db.prepare(`DELETE FROM ${table} WHERE seq <= ?`).run(seq);
    this.#journal.setMeta('acked', String(seq));
    db.exec('COMMIT');
  }

  /** The numbers start over: the journal has a new id, under which the edge has seen nothing. */
  forgetAcknowledged(): void {
    this.#journal.setMeta('acked', '0');
  }

  /** Gives the disk back what acknowledged events left. */
  shrink(): void {
    this.#journal.db.exec('PRAGMA incremental_vacuum(2000)');
  }

  #makeRoom(): number {
    this.#sinceLook += 1;
    if (this.#sinceLook < LOOK_EVERY) return 0;
    this.#sinceLook = 0;
    let dropped = 0;
    while (this.#journal.usedBytes() > this.#maxBytes) {
      const count = this.#dropSome();
      if (count === 0) break;
      dropped += count;
    }
    return dropped;
  }

  #dropSome(): number {
    for (const table of TABLES) {
      const oldest = `SELECT seq FROM ${table} ORDER BY seq LIMIT ?`;
      const { changes } = this.#journal.db
        .prepare(`DELETE FROM ${table} WHERE seq IN (${oldest})`)
        .run(DROP_AT_ONCE);
      if (changes > 0) return Number(changes);
    }
    return 0;
  }
}
