import type { ObjectMigration } from '../lib/migrations';

/** Append-only. */
export const CALLER_GUIDE_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'settings, counters, redirects, clicks',
    sql: `
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE redirects (
        uniqueid TEXT PRIMARY KEY,
        extension TEXT NOT NULL,
        at INTEGER NOT NULL,
        settled_at INTEGER,
        error TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX redirects_at ON redirects (at);
      CREATE TABLE clicks (
        extension TEXT NOT NULL,
        phone TEXT NOT NULL,
        at INTEGER NOT NULL,
        status INTEGER,
        body TEXT,
        PRIMARY KEY (extension, phone)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX clicks_at ON clicks (at);
    `,
  },
];
