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
  {
    id: 3,
    name: 'slots: board with holds, calls, commands, script runs, history, samples',
    sql: `
      CREATE TABLE slots (
        key TEXT PRIMARY KEY,
        -- Small number, unique in the tenant: given by D1.
        id INTEGER NOT NULL UNIQUE,
        -- 1: the phone is at another bridge now, or was taken off the wall. The row stays for its fence.
        gone INTEGER NOT NULL,
        -- As the bridge tells it.
        status TEXT NOT NULL,
        remedy TEXT, usb TEXT, model TEXT, android TEXT, address TEXT,
        -- Copy of D1.
        label TEXT, user_id TEXT, trunk TEXT, config TEXT NOT NULL,
        last_activity INTEGER, last_event TEXT, idle_since INTEGER, call_id TEXT,
        -- JSON, see slots/holds.ts; hold_end is when something of it ends by itself.
        hold TEXT NOT NULL,
        hold_end INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX slots_hold_end ON slots (hold_end) WHERE hold_end IS NOT NULL;

      CREATE TABLE slot_calls (
        call_id TEXT PRIMARY KEY,
        slot_id INTEGER NOT NULL,
        fence INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX slot_calls_ended ON slot_calls (ended_at) WHERE ended_at IS NOT NULL;

      CREATE TABLE slot_commands (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        slot_id INTEGER NOT NULL,
        argv TEXT NOT NULL,
        free INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        fence INTEGER NOT NULL,
        -- waiting (for the one before it), sent, done, failed
        state TEXT NOT NULL,
        result TEXT,
        error TEXT,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        -- 0: its end is still to be written to the audit log.
        audited INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX slot_commands_slot ON slot_commands (slot_id, n);
      CREATE INDEX slot_commands_open ON slot_commands (slot_id, n) WHERE ended_at IS NULL;
      CREATE INDEX slot_commands_unaudited ON slot_commands (n) WHERE audited = 0;

      CREATE TABLE slot_runs (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        slot_id INTEGER NOT NULL,
        script TEXT NOT NULL,
        params TEXT NOT NULL,
        user_id TEXT NOT NULL,
        fence INTEGER NOT NULL,
        status TEXT NOT NULL,
        step INTEGER NOT NULL,
        steps TEXT NOT NULL,
        error TEXT,
        started_at INTEGER NOT NULL,
        ended_at INTEGER
      ) STRICT;
      CREATE INDEX slot_runs_slot ON slot_runs (slot_id, n);

      CREATE TABLE slot_history (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        slot_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        user_id TEXT,
        ref TEXT
      ) STRICT;
      CREATE INDEX slot_history_slot ON slot_history (slot_id, id);

      -- The newest reading of every phone, in one row: they arrive together, a few times a minute.
      CREATE TABLE slot_readings (one INTEGER PRIMARY KEY CHECK (one = 1), data TEXT NOT NULL) STRICT;
      -- One row a minute with all phones of the bridge.
      CREATE TABLE slot_samples (at INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;`,
  },
  {
    id: 4,
    name: 'keys of script runs',
    sql: `
      -- What whoever asked for a run knows it by: the same key again is the same run.
      ALTER TABLE slot_runs ADD COLUMN key TEXT;
      CREATE UNIQUE INDEX slot_runs_key ON slot_runs (key) WHERE key IS NOT NULL;`,
  },
];
