import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'runs',
    sql: `
      CREATE TABLE runs (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        include TEXT NOT NULL,
        by_id TEXT NOT NULL,
        address TEXT,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        state TEXT NOT NULL,
        streak INTEGER NOT NULL,
        wake_at INTEGER NOT NULL,
        problem TEXT
      ) STRICT;
      CREATE TABLE items (
        run INTEGER NOT NULL,
        n INTEGER NOT NULL,
        uuid TEXT NOT NULL,
        login TEXT NOT NULL,
        full_name TEXT NOT NULL,
        extension TEXT,
        result TEXT NOT NULL,
        problem TEXT,
        tries INTEGER NOT NULL,
        at INTEGER,
        PRIMARY KEY (run, n)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX items_result ON items (run, result, tries);
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      ${TIMERS_TABLE}
    `,
  },
];
