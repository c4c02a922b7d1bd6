/** What the bridge must know of its slots after it was killed: names, fences, and what was going on. */
import { DatabaseSync } from 'node:sqlite';
import type { KnownPlace } from './keys.ts';

export interface StoredCall {
  slot: string;
  callId: string | null;
  direction: 'in' | 'out';
  number: string | null;
  active: boolean;
  hungUp: boolean;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS places (place TEXT PRIMARY KEY, serial TEXT NOT NULL, key TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS fences (slot TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS calls (
    slot TEXT PRIMARY KEY, call_id TEXT, direction TEXT NOT NULL, number TEXT,
    active INTEGER NOT NULL, hung_up INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS runs (run_id TEXT PRIMARY KEY, slot TEXT NOT NULL) STRICT;
`;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export class SlotStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    // FULL: a fence that was lost with the power would let a former holder's command through.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;');
    this.#db.exec(SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  places(): KnownPlace[] {
    const rows = this.#db.prepare('SELECT place, serial, key FROM places').all();
    return rows.map((row) => ({
      place: textOf(row.place),
      serial: textOf(row.serial),
      key: textOf(row.key),
    }));
  }

  keepPlace({ place, serial, key }: KnownPlace): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO places (place, serial, key) VALUES (?, ?, ?)')
      .run(place, serial, key);
  }

  fence(slot: string): number {
    return Number(this.#db.prepare('SELECT fence FROM fences WHERE slot = ?').get(slot)?.fence ?? 0);
  }

  keepFence(slot: string, fence: number): void {
    this.#db
      .prepare(
        `INSERT INTO fences (slot, fence) VALUES (?, ?)
         ON CONFLICT (slot) DO UPDATE SET fence = max(fence, excluded.fence)`,
      )
      .run(slot, fence);
  }

  calls(): StoredCall[] {
    return this.#db
      .prepare('SELECT slot, call_id, direction, number, active, hung_up FROM calls')
      .all()
      .map((row) => ({
        slot: textOf(row.slot),
        callId: row.call_id === null ? null : textOf(row.call_id),
        direction: row.direction === 'in' ? 'in' : 'out',
        number: row.number === null ? null : textOf(row.number),
        active: row.active === 1,
        hungUp: row.hung_up === 1,
      }));
  }

  keepCall(call: StoredCall): void {
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO calls (slot, call_id, direction, number, active, hung_up) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(call.slot, call.callId, call.direction, call.number, Number(call.active), Number(call.hungUp));
  }

  forgetCall(slot: string): void {
    this.#db.prepare('DELETE FROM calls WHERE slot = ?').run(slot);
  }

  /** Scripts that had begun and whose end was not told: the bridge was killed in them. */
  runs(): { runId: string; slot: string }[] {
    const rows = this.#db.prepare('SELECT run_id, slot FROM runs').all();
    return rows.map((row) => ({ runId: textOf(row.run_id), slot: textOf(row.slot) }));
  }

  keepRun(runId: string, slot: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO runs (run_id, slot) VALUES (?, ?)').run(runId, slot);
  }

  forgetRun(runId: string): void {
    this.#db.prepare('DELETE FROM runs WHERE run_id = ?').run(runId);
  }
}
