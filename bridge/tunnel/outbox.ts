/** Events on their way to the edge: rows of the journal from `emit` until the edge acknowledged them. */
import type { StatementSync } from 'node:sqlite';
import type { BridgeEvent, BridgeEventKind } from '../protocol/events.ts';
import type { Journal } from './journal.ts';

/**
 * Rows that are dropped, oldest first, when the journal is full: first lines of the log, then states that are told anew
 * when the tunnel comes up; only then anything else.
 */
const MINOR: BridgeEventKind[] = ['bridge.log', 'pbx.trunk', 'pbx.state'];
/** Told so often that a write to the disk for each would cost too much: one for many, before they are sent. */
const BATCHED: ReadonlySet<BridgeEventKind> = new Set(['pbx.channel', ...MINOR]);
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
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #dropKind: StatementSync;
  readonly #dropOldest: StatementSync;

  /** @param maxBytes the journal's size from which on the least important events are dropped */
  constructor(journal: Journal, maxBytes: number) {
    this.#journal = journal;
    this.#maxBytes = maxBytes;
    const { db } = journal;
    this.#insert = db.prepare('INSERT INTO events (seq, at, kind, body) VALUES (?, ?, ?, ?)');
    this.#select = db.prepare('SELECT seq, at, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#delete = db.prepare('DELETE FROM events WHERE seq <= ?');
    this.#dropKind = db.prepare(
      'DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE kind = ? ORDER BY seq LIMIT ?)',
    );
    this.#dropOldest = db.prepare(
      'DELETE FROM events WHERE seq IN (SELECT seq FROM events ORDER BY seq LIMIT ?)',
    );
    const newest = db.prepare('SELECT max(seq) AS newest FROM events').get()?.['newest'];
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
    const write = (): void => void this.#insert.run(seq, at, event.kind, JSON.stringify(event));
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
    if (this.#durable < this.#head) {
      this.#journal.durably(() => this.#journal.setMeta('durable', String(this.#head)));
      this.#durable = this.#head;
    }
    return this.#select
      .all(after, count)
      .map((row) => ({ seq: Number(row['seq']), at: Number(row['at']), body: String(row['body']) }));
  }

  /** The edge has stored everything up to `seq`. */
  acknowledge(seq: number): void {
    if (seq <= this.acked) return;
    this.#journal.db.exec('BEGIN');
    this.#delete.run(seq);
    this.#journal.setMeta('acked', String(seq));
    this.#journal.db.exec('COMMIT');
  }

  /** The numbers start over: the journal has a new id, under which the edge has seen nothing. */
  forgetAcknowledged(): void {
    this.#journal.setMeta('acked', '0');
  }

  /** Events that wait for the edge. */
  waiting(): number {
    return Number(this.#journal.db.prepare('SELECT count(*) AS waiting FROM events').get()?.['waiting'] ?? 0);
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
    for (const kind of MINOR) {
      const { changes } = this.#dropKind.run(kind, DROP_AT_ONCE);
      if (changes > 0) return Number(changes);
    }
    return Number(this.#dropOldest.run(DROP_AT_ONCE).changes);
  }
}
