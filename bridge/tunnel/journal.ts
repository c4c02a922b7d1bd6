/**
 * The bridge's durable memory: one SQLite file in the state directory, held by one process. Commands with an effect are
 * written before they are begun, events before they are sent.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Append-only. A journal of a newer bridge is not opened by an older one. */
const MIGRATIONS = [
  `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   -- What is given up first when the journal is full: apart, so that dropping it gives whole pages back.
   CREATE TABLE minor_events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE TABLE commands (
     id TEXT PRIMARY KEY, verb TEXT NOT NULL, at INTEGER NOT NULL,
     -- NULL: begun, and not ended as far as is known.
     outcome TEXT
   ) STRICT;`,
];

/** The journal can't be used; `message` says why and what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

export class Journal {
  readonly db: DatabaseSync;
  #id: string;

  /** @throws JournalError when another process has it, or it was written by a newer bridge */
  constructor(stateDir: string) {
    const file = join(stateDir, 'journal.db');
    this.db = new DatabaseSync(file);
    try {
      // Held until the process ends: two bridges with one key and one journal would execute each other's commands.
      this.db.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL',
      );
      this.db.exec('PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE; COMMIT');
      chmodSync(file, 0o600);
      this.#migrate();
    } catch (error) {
      this.db.close();
      if (error instanceof JournalError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      if (/locked/.test(why)) {
        throw new JournalError(`${file} is in use: another bridge with this state directory is running`);
      }
      throw new JournalError(`${file} can't be opened: ${why}`);
    }
    this.#id = this.meta('id') ?? this.renew();
  }

  /** Its own id: event numbers are unique together with it. */
  get id(): string {
    return this.#id;
  }

  /** Takes a new id: the edge knows events of the old one that this file has never held (it was restored from a copy). */
  renew(): string {
    const id = randomUUID();
    this.durably(() => this.setMeta('id', id));
    this.#id = id;
    return id;
  }

  /**
   * Runs `write` so that it, and all that was written before, survives a loss of power when this returns. Outside of it
   * a write survives the death of the process only.
   */
  durably(write: () => void): void {
    this.db.exec('PRAGMA synchronous = FULL');
    try {
      write();
    } finally {
      this.db.exec('PRAGMA synchronous = NORMAL');
    }
  }

  meta(name: string): string | null {
    const row = this.db.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return typeof row?.['value'] === 'string' ? row['value'] : null;
  }

  setMeta(name: string, value: string): void {
    this.db
      .prepare(
        'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  /** Bytes in use, without what deleted rows left behind. */
  usedBytes(): number {
    const pragma = (name: string): number => Number(this.db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  #migrate(): void {
    const version = Number(this.db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > MIGRATIONS.length) {
      throw new JournalError('the journal was written by a newer version of the bridge: update this one');
    }
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < version) continue;
      this.durably(() => this.db.exec(`BEGIN; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`));
    }
  }
}
