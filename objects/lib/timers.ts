/**
 * Many named timers over the one alarm an object has. They are rows, so they outlive the object; what falls due is
 * handed out by `due` and gone from then on: the handler sets its timer again if it wants another turn.
 */
export const TIMERS_TABLE =
  'CREATE TABLE timers (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;';

export class Timers {
  /** When the alarm is set for, as far as this life of the object knows; undefined: not known. */
  #alarmAt: number | null | undefined;

  constructor(private readonly storage: DurableObjectStorage) {}

  /** Sets (or moves) a timer. `at` is in milliseconds since the epoch. */
  set(name: string, at: number): void {
    this.storage.sql.exec(
      'INSERT INTO timers (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at',
      name,
      Math.ceil(at),
    );
    this.#arm();
  }

  /** Sets a timer, unless it would ring sooner anyway. */
  setBy(name: string, at: number): void {
    const known = this.at(name);
    if (known === null || known > at) this.set(name, at);
  }

  /** The alarm may still come for it, and finds nothing to do. */
  clear(name: string): void {
    this.storage.sql.exec('DELETE FROM timers WHERE name = ?', name);
  }

  at(name: string): number | null {
    const [row] = this.storage.sql
      .exec<{ at: number }>('SELECT at FROM timers WHERE name = ?', name)
      .toArray();
    return row?.at ?? null;
  }

  /** Takes the names of all timers that are due, the earliest first. To be called by the alarm, which is spent by then. */
  due(now: number): string[] {
    const rows = this.storage.sql
      .exec<{ name: string }>('SELECT name FROM timers WHERE at <= ? ORDER BY at, name', now)
      .toArray();
    this.storage.sql.exec('DELETE FROM timers WHERE at <= ?', now);
    this.#alarmAt = null;
    this.#arm();
    return rows.map(({ name }) => name);
  }

  /** After a start: an alarm may have been lost between the row and its setting. */
  resume(): void {
    this.#arm();
  }

  #arm(): void {
    const [row] = this.storage.sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM timers').toArray();
    const at = row?.at ?? null;
    if (at === null || (typeof this.#alarmAt === 'number' && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    void this.storage.setAlarm(at);
  }
}
