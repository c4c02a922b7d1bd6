import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Append-only: a database that is older runs those it has not run yet. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE mail (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     received_at INTEGER NOT NULL,
     sender TEXT NOT NULL,
     mailboxes TEXT NOT NULL,
     raw BLOB NOT NULL,
     error TEXT
   ) STRICT;
   CREATE TABLE chat (
     id TEXT PRIMARY KEY,
     mailbox TEXT NOT NULL,
     subject TEXT NOT NULL,
     base_subject TEXT NOT NULL,
     reply_address TEXT,
     reply_name TEXT,
     last_incoming TEXT,
     thread TEXT NOT NULL,
     last_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX chat_by_subject ON chat (mailbox, base_subject, last_at);
   CREATE TABLE chat_address (
     chat TEXT NOT NULL,
     address TEXT NOT NULL,
     PRIMARY KEY (chat, address)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE thread_id (
     mailbox TEXT NOT NULL,
     message_id TEXT NOT NULL,
     chat TEXT NOT NULL,
     ours INTEGER NOT NULL,
     PRIMARY KEY (mailbox, message_id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE job (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant TEXT NOT NULL,
     lane TEXT NOT NULL,
     key TEXT NOT NULL UNIQUE,
     path TEXT NOT NULL,
     body TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     next_at INTEGER NOT NULL,
     dead_at INTEGER,
     done_at INTEGER,
     error TEXT
   ) STRICT;
   CREATE INDEX job_waiting ON job (lane, seq) WHERE done_at IS NULL AND dead_at IS NULL;
   CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant TEXT NOT NULL,
     key TEXT NOT NULL,
     request TEXT NOT NULL,
     id TEXT NOT NULL UNIQUE,
     message TEXT NOT NULL,
     chat TEXT NOT NULL,
     message_id TEXT NOT NULL UNIQUE,
     mail TEXT NOT NULL,
     state TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     next_at INTEGER NOT NULL,
     settled_at INTEGER,
     error TEXT,
     UNIQUE (tenant, key)
   ) STRICT;
   CREATE INDEX outbox_waiting ON outbox (chat, seq) WHERE settled_at IS NULL;
   CREATE INDEX outbox_by_chat ON outbox (chat, created_at);
   CREATE INDEX outbox_by_message ON outbox (tenant, message);
   CREATE TABLE tenant (
     id TEXT PRIMARY KEY,
     connected INTEGER NOT NULL
   ) STRICT;`,
  // When each mail of a thread was written: an answer is not older than what it answers.
  `ALTER TABLE thread_id ADD COLUMN at INTEGER NOT NULL DEFAULT 0;`,
];

/**
 * The program's own state. A transaction that came back is on the disk: what is said to a mail server or to Trunkline after
 * it survives the power.
 *
 * @throws Error when the directory can't be written, or a newer version of the program has written it
 */
export function openDatabase(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, 'email.sqlite'), { timeout: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const { user_version: done } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (done > MIGRATIONS.length) throw new Error('the state is of a newer version of this program');
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < done) continue;
    transaction(database, () => {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/** Runs `work` as one step. It must not wait for anything. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
