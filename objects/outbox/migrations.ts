import type { ObjectMigration } from '../lib/migrations';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'messages',
    sql: `
      CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        payload TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL,
        error TEXT,
        dead_at INTEGER
      ) STRICT;
      CREATE INDEX messages_waiting ON messages (key, seq) WHERE dead_at IS NULL;
      CREATE INDEX messages_dead ON messages (dead_at) WHERE dead_at IS NOT NULL;
      CREATE TABLE settled (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX settled_at ON settled (at);
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
];
