import type { ObjectMigration } from '../lib/migrations';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'keys',
    sql: `
      CREATE TABLE keys (
        key TEXT PRIMARY KEY,
        hash TEXT NOT NULL,
        at INTEGER NOT NULL,
        answer TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX keys_at ON keys (at);
    `,
  },
];
