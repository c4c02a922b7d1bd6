import type { ObjectMigration } from '../lib/migrations';

/** Storage of a PhoneQueue. Append only: a step that has landed is never edited. */
export const PHONE_QUEUE_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'commands, devices, sessions',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

      CREATE TABLE devices (
        row_id TEXT PRIMARY KEY,
        device_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        username TEXT NOT NULL,
        name TEXT NOT NULL,
        simulator INTEGER NOT NULL DEFAULT 0,
        has_push_token INTEGER NOT NULL DEFAULT 0,
        app_version TEXT,
        encryption_enabled INTEGER,
        last_seen_at INTEGER,
        last_poll_code INTEGER,
        last_poll_at INTEGER,
        stuck_since INTEGER,
        stuck_count INTEGER,
        stuck_oldest_sec INTEGER,
        stuck_by_type TEXT,
        last_sid TEXT,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX devices_user ON devices (user_id, device_id);

      CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        revoked_at INTEGER,
        checked_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX sessions_user ON sessions (user_id);

      CREATE TABLE revoked_users (user_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;

      CREATE TABLE commands (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        call_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        creator_id TEXT NOT NULL,
        phone TEXT NOT NULL,
        company_id TEXT,
        contact_id TEXT,
        note TEXT,
        aimed_at TEXT,
        state TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        delivered_to TEXT,
        delivered_at INTEGER,
        lease TEXT,
        redelivered INTEGER NOT NULL DEFAULT 0,
        ended_at INTEGER,
        cancelled_by TEXT,
        manual INTEGER NOT NULL DEFAULT 0,
        result TEXT
      ) STRICT;
      CREATE INDEX commands_user ON commands (user_id, seq);
      CREATE INDEX commands_queued ON commands (expires_at) WHERE state = 'queued';
      CREATE INDEX commands_leased ON commands (delivered_at) WHERE state = 'delivered';

      CREATE TABLE outbound (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    id: 2,
    name: 'telemetry and logs of the app',
    sql: `
      CREATE TABLE telemetry (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        device_row_id TEXT,
        type TEXT NOT NULL,
        endpoint TEXT,
        http_code INTEGER,
        value_ms INTEGER,
        extra TEXT,
        received_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX telemetry_user ON telemetry (user_id, at);
      CREATE INDEX telemetry_received ON telemetry (received_at);

      CREATE TABLE logs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        device_row_id TEXT,
        ts INTEGER,
        level_summary TEXT,
        source TEXT,
        payload TEXT NOT NULL,
        truncated INTEGER NOT NULL,
        received_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX logs_user ON logs (user_id, seq);
    `,
  },
];
