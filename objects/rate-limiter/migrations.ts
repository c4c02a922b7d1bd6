import type { ObjectMigration } from '../lib/migrations';

export const RATE_LIMITER_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'attempts and bucket',
    sql: `
      CREATE TABLE attempts (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        failures INTEGER NOT NULL,
        last_failure_at INTEGER NOT NULL,
        locked_until INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE bucket (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        tokens REAL NOT NULL,
        at INTEGER NOT NULL
      ) STRICT;`,
  },
];
