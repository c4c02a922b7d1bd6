/** Commands with an effect: each is begun at most once, and its result is kept until the edge says it has it. */
import type { StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { BridgeError } from '../protocol/errors.ts';
import type { Journal } from './journal.ts';

export type Outcome = { ok: true; result: unknown } | { ok: false; error: BridgeError };

const StoredOutcome = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: BridgeError }),
]);

/** Results the edge never settled (its object was wiped): nobody asks for them after so long. */
const FORGET_AFTER_MS = 30 * 24 * 3_600_000;

export type CommandState = { state: 'unknown' } | { state: 'begun' } | { state: 'ended'; outcome: Outcome };

export class Commands {
  readonly #journal: Journal;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #ended: StatementSync;

  constructor(journal: Journal) {
    this.#journal = journal;
    const { db } = journal;
    this.#select = db.prepare('SELECT outcome FROM commands WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO commands (id, verb, at) VALUES (?, ?, ?)');
    this.#update = db.prepare('UPDATE commands SET outcome = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM commands WHERE id = ?');
    this.#ended = db.prepare(
      'SELECT id, outcome FROM commands WHERE outcome IS NOT NULL ORDER BY at LIMIT ?',
    );
  }

  look(id: string): CommandState {
    const row = this.#select.get(id);
    if (row === undefined) return { state: 'unknown' };
    return typeof row['outcome'] === 'string'
      ? { state: 'ended', outcome: StoredOutcome.parse(JSON.parse(row['outcome'])) }
      : { state: 'begun' };
  }

  /** Durable when it returns; only then the effect may happen. @throws Error when it can't be written */
  begin(id: string, verb: string, now: number): void {
    this.#journal.durably(() => void this.#insert.run(id, verb, now));
  }

  /** Durable when it returns. */
  end(id: string, outcome: Outcome): void {
    this.#journal.durably(() => void this.#update.run(JSON.stringify(outcome), id));
  }

  /** Results that the edge may not have, oldest first. */
  unsettled(limit: number): { id: string; outcome: Outcome }[] {
    return this.#ended.all(limit).map((row) => ({
      id: String(row['id']),
      outcome: StoredOutcome.parse(JSON.parse(String(row['outcome']))),
    }));
  }

  /** The edge has these results. A command that is still running is not forgotten. */
  settle(ids: readonly string[]): void {
    for (const id of ids) if (this.look(id).state === 'ended') this.#delete.run(id);
  }

  forgetOld(now: number): void {
    this.#journal.db.prepare('DELETE FROM commands WHERE at < ?').run(now - FORGET_AFTER_MS);
  }
}
