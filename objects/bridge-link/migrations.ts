import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/** BridgeLink's storage, step by step. Append only: a step that has landed is never edited. */
export const BRIDGE_LINK_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'meta',
    sql: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  },
  {
    id: 2,
    name: 'tunnel: timers, commands with an effect, log, states of PBX hosts, uploads',
    sql: `
      ${TIMERS_TABLE}

      -- Written before a command is sent. Done ones are kept a while for callers that ask again.
      CREATE TABLE effects (
        id TEXT PRIMARY KEY,
        verb TEXT NOT NULL,
        args TEXT NOT NULL,
        by TEXT NOT NULL,
        -- What the slots make of the answer; null where a caller waits for it.
        tag TEXT,
        asked_at INTEGER NOT NULL,
        deadline INTEGER NOT NULL,
        answer TEXT,
        ended_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX effects_open ON effects (deadline) WHERE answer IS NULL;
      CREATE INDEX effects_ended ON effects (ended_at) WHERE ended_at IS NOT NULL;

      CREATE TABLE log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        level TEXT NOT NULL,
        part TEXT NOT NULL,
        text TEXT NOT NULL
      ) STRICT;

      CREATE TABLE pbx (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE trunks (
        pbx TEXT NOT NULL, name TEXT NOT NULL, view TEXT NOT NULL, PRIMARY KEY (pbx, name)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE uploads (
        id TEXT PRIMARY KEY,
        -- The bridge's own name of the file.
        key TEXT NOT NULL UNIQUE,
        args TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        blob_key TEXT NOT NULL,
        -- Of R2; null before the first part and after the last.
        multipart TEXT,
        -- open: parts arrive; stored: whole and verified in R2; done: those it belongs to know of it.
        state TEXT NOT NULL,
        touched_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX uploads_touched ON uploads (touched_at);
      CREATE TABLE upload_parts (
        upload TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (upload, number)
      ) STRICT, WITHOUT ROWID;`,
  },
];
