import type { ObjectMigration } from '../lib/migrations';

export const SESSION_GATE_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'sessions, copies of configuration, fan-out',
    sql: `
      CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        jti TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER,
        user_agent TEXT,
        address TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX sessions_user ON sessions (user_id);

      -- Copies of D1 rows; loaded_at says how old they are.
      CREATE TABLE users (
        user_id TEXT PRIMARY KEY,
        username TEXT NOT NULL,
        display_name TEXT NOT NULL,
        role_id TEXT NOT NULL,
        disabled INTEGER NOT NULL,
        loaded_at INTEGER NOT NULL,
        -- Sessions made before this moment are over, also those we have not heard of yet.
        void_before INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE roles (role_id TEXT PRIMARY KEY, name TEXT NOT NULL, permissions TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE tenant (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        view TEXT NOT NULL,
        disabled INTEGER NOT NULL,
        loaded_at INTEGER NOT NULL
      ) STRICT;

      -- What must still be told to whom. One row per target and subject: the newest verb is the one that counts.
      CREATE TABLE fanout (
        target TEXT NOT NULL,
        subject TEXT NOT NULL,
        verb TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL,
        version INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL,
        PRIMARY KEY (target, subject)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX fanout_next ON fanout (next_at);`,
  },
];
