import type { ObjectMigration } from '../lib/migrations';

/** Storage of a DialGuard. Append only: a step that has landed is never edited. */
export const DIAL_GUARD_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'do-not-call list, attempts of today, places of agents',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE dnc (
        number TEXT PRIMARY KEY,
        reason TEXT,
        by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        until INTEGER
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE admitted (
        attempt_id TEXT PRIMARY KEY,
        campaign_id TEXT NOT NULL,
        number TEXT NOT NULL,
        day TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX admitted_number ON admitted (number, day);
      CREATE INDEX admitted_at ON admitted (at);

      CREATE TABLE agents (user_id TEXT PRIMARY KEY, campaign_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
];
