import type { ObjectMigration } from '../lib/migrations';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'deliveries, news',
    sql: `
      CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        payload TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL,
        error TEXT,
        dead_at INTEGER
      ) STRICT;
      CREATE INDEX deliveries_waiting ON deliveries (lane, key, seq) WHERE dead_at IS NULL;
      CREATE INDEX deliveries_dead ON deliveries (dead_at) WHERE dead_at IS NOT NULL;
      CREATE TABLE settled (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX settled_at ON settled (at);
      CREATE TABLE news (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        news TEXT NOT NULL
      ) STRICT;
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: 2,
    name: 'heads',
    // The first waiting delivery of each key is marked: finding what is due must not cost more the more waits behind.
    sql: `
      ALTER TABLE deliveries ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
      UPDATE deliveries SET head = 1 WHERE seq IN (
        SELECT min(seq) FROM deliveries WHERE dead_at IS NULL GROUP BY lane, key
      );
      CREATE INDEX deliveries_due ON deliveries (lane, next_at) WHERE head = 1;
    `,
  },
  {
    id: 3,
    name: 'under which keys a provider may have it already',
    // `tried`: attempts before it became a dead letter; `sent_as`: the key of an earlier delivery of the same message.
    sql: `
      ALTER TABLE deliveries ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE deliveries ADD COLUMN sent_as TEXT;
    `,
  },
];
