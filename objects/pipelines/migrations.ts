import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'runs and log',
    sql: `
      CREATE TABLE runs (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        pipeline_id TEXT NOT NULL,
        state TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        lines INTEGER NOT NULL DEFAULT 0,
        data TEXT NOT NULL
      ) STRICT;
      -- One run at a time per pipeline, whatever the code above it thinks.
      CREATE UNIQUE INDEX runs_running ON runs (pipeline_id) WHERE state = 'running';
      CREATE INDEX runs_pipeline ON runs (pipeline_id, n);
      CREATE INDEX runs_failed ON runs (n) WHERE state = 'failed';

      -- Every line of every run, and what others post: one log, one number.
      CREATE TABLE log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        module TEXT NOT NULL,
        severity TEXT NOT NULL,
        message TEXT NOT NULL,
        context TEXT,
        user_id TEXT,
        by_name TEXT,
        run_id TEXT,
        step INTEGER,
        line INTEGER
      ) STRICT;
      CREATE UNIQUE INDEX log_run ON log (run_id, line) WHERE run_id IS NOT NULL;
      CREATE INDEX log_module ON log (module, id);
      CREATE INDEX log_severity ON log (severity, id);

      -- When each pipeline starts by itself; a copy of the configuration, read again when it is due.
      CREATE TABLE schedules (
        pipeline_id TEXT PRIMARY KEY,
        anchor INTEGER NOT NULL,
        next_at INTEGER
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE totals (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      ${TIMERS_TABLE}
    `,
  },
];
