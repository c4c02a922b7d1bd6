import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/** Append-only. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'operators',
    sql: `
      CREATE TABLE operators (
        uuid TEXT PRIMARY KEY,
        extension TEXT,
        queues TEXT NOT NULL,
        missed INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX operators_extension ON operators (extension);
      CREATE TABLE standings (
        uuid TEXT NOT NULL,
        queue TEXT NOT NULL,
        desired TEXT,
        seen TEXT,
        PRIMARY KEY (uuid, queue)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE segments (
        uuid TEXT NOT NULL,
        "from" INTEGER NOT NULL,
        n INTEGER NOT NULL,
        "to" INTEGER,
        state TEXT NOT NULL,
        reason TEXT,
        cause TEXT NOT NULL,
        actor TEXT,
        PRIMARY KEY (uuid, "from", n)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX segments_open ON segments (uuid) WHERE "to" IS NULL;
      CREATE INDEX segments_end ON segments ("to");
      CREATE TABLE acts (
        id TEXT PRIMARY KEY,
        uuid TEXT NOT NULL,
        queue TEXT NOT NULL,
        bridge_id TEXT NOT NULL,
        pbx TEXT NOT NULL,
        extension TEXT NOT NULL,
        reason TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE answers (
        endpoint TEXT NOT NULL,
        status INTEGER NOT NULL,
        count INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        PRIMARY KEY (endpoint, status)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: 2,
    name: 'what the live feed is told',
    sql: `
      ALTER TABLE operators ADD COLUMN name TEXT NOT NULL DEFAULT '';
      ALTER TABLE operators ADD COLUMN user_id TEXT;
      CREATE INDEX standings_queue ON standings (queue);
      CREATE TABLE marks (
        key TEXT PRIMARY KEY,
        n INTEGER NOT NULL,
        done INTEGER NOT NULL DEFAULT 0,
        told TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX marks_waiting ON marks (key) WHERE n > done;
      ${TIMERS_TABLE}
    `,
  },
];
