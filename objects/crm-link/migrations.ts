import type { ObjectMigration } from '../lib/migrations';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'deliveries',
    sql: `
      CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL,
        intent TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL,
        head INTEGER NOT NULL,
        error TEXT,
        dead_at INTEGER
      ) STRICT;
      CREATE INDEX deliveries_waiting ON deliveries (key, seq) WHERE dead_at IS NULL;
      CREATE INDEX deliveries_due ON deliveries (next_at) WHERE head = 1;
      CREATE INDEX deliveries_fresh ON deliveries (created_at) WHERE head = 1;
      CREATE INDEX deliveries_age ON deliveries (created_at) WHERE dead_at IS NULL;
      CREATE INDEX deliveries_dead ON deliveries (dead_at) WHERE dead_at IS NOT NULL;
      CREATE TABLE settled (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX settled_at ON settled (at);
      CREATE TABLE log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        event_type TEXT NOT NULL,
        call_id TEXT,
        phone TEXT,
        request TEXT,
        response TEXT,
        status TEXT NOT NULL,
        error TEXT,
        http_status INTEGER,
        attempt INTEGER NOT NULL,
        duration_ms INTEGER
      ) STRICT;
      CREATE INDEX log_at ON log (at);
      CREATE INDEX log_call ON log (call_id, id) WHERE call_id IS NOT NULL;
      CREATE INDEX log_phone ON log (phone, id) WHERE phone IS NOT NULL;
      CREATE INDEX log_status ON log (status, id);
      CREATE INDEX log_type ON log (event_type, id);
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: 2,
    name: 'alone',
    // What failed in a request it shared is tried by itself.
    sql: 'ALTER TABLE deliveries ADD COLUMN alone INTEGER NOT NULL DEFAULT 0',
  },
];
