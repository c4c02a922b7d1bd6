import type { ObjectMigration } from '../lib/migrations';

/** CallHub's storage, step by step. Append only: a step that has landed is never edited. */
export const CALL_HUB_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'calls, feed, notes, counters',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE calls (
        call_id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        user_id TEXT,
        record TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX calls_live ON calls (call_id) WHERE status <> 'ended';
      CREATE INDEX calls_started ON calls (started_at);

      CREATE TABLE call_viewers (
        user_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        PRIMARY KEY (user_id, call_id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE feed (
        offset INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        call_id TEXT NOT NULL,
        data TEXT NOT NULL
      ) STRICT;
      CREATE INDEX feed_call ON feed (call_id, offset);

      CREATE TABLE phone_events (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX phone_events_at ON phone_events (at);

      CREATE TABLE pbx_events (
        seq INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        received_at INTEGER NOT NULL,
        event TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX pbx_events_at ON pbx_events (received_at);

      CREATE TABLE pbx_groups (
        call_id TEXT PRIMARY KEY,
        published INTEGER NOT NULL,
        touched_at INTEGER NOT NULL,
        due INTEGER,
        facts TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX pbx_groups_due ON pbx_groups (due) WHERE due IS NOT NULL;
      CREATE INDEX pbx_groups_touched ON pbx_groups (touched_at);

      CREATE TABLE pbx_keys (
        key TEXT NOT NULL,
        call_id TEXT NOT NULL,
        PRIMARY KEY (key, call_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX pbx_keys_call ON pbx_keys (call_id);

      CREATE TABLE notes (
        id TEXT PRIMARY KEY,
        call_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL,
        edited_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX notes_call ON notes (call_id, at);

      CREATE TABLE phone_counted (
        call_id TEXT PRIMARY KEY,
        entry TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE phone_stats (
        day TEXT NOT NULL,
        user_id TEXT NOT NULL,
        dimension TEXT NOT NULL,
        value TEXT NOT NULL,
        calls INTEGER NOT NULL,
        talk_sec INTEGER NOT NULL,
        PRIMARY KEY (day, user_id, dimension, value)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE people (
        user_id TEXT PRIMARY KEY,
        username TEXT NOT NULL,
        name TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE extension_users (number TEXT PRIMARY KEY, user_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE devices (
        device_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        simulator INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE tickets (
        hash TEXT PRIMARY KEY,
        subscriber TEXT NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: 2,
    name: 'since when a viewer is told of a call',
    sql: 'ALTER TABLE call_viewers ADD COLUMN since INTEGER NOT NULL DEFAULT 0',
  },
  {
    id: 3,
    name: 'channels told by bridges, slots, CDR, recordings, keys of starts',
    sql: `
      ALTER TABLE pbx_groups ADD COLUMN legs TEXT;
      ALTER TABLE pbx_groups ADD COLUMN started_at INTEGER;

      ALTER TABLE feed ADD COLUMN event TEXT NOT NULL DEFAULT 'call.update';
      CREATE INDEX feed_slots ON feed (offset) WHERE event = 'slot.update';

      CREATE TABLE bridge_journals (
        journal TEXT PRIMARY KEY,
        head INTEGER NOT NULL,
        at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE bridge_events (
        journal TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (journal, seq)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE call_links (linkedid TEXT PRIMARY KEY, call_id TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE cdr (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        call_id TEXT,
        linkedid TEXT NOT NULL,
        row TEXT NOT NULL
      ) STRICT;
      CREATE INDEX cdr_call ON cdr (call_id, id);
      CREATE INDEX cdr_waiting ON cdr (linkedid) WHERE call_id IS NULL;
      CREATE TABLE cdr_numbers (
        digits TEXT NOT NULL,
        id INTEGER NOT NULL,
        PRIMARY KEY (digits, id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE recordings (
        id TEXT PRIMARY KEY,
        blob_key TEXT NOT NULL UNIQUE,
        call_id TEXT,
        linkedid TEXT NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        type TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX recordings_call ON recordings (call_id, at);
      CREATE INDEX recordings_waiting ON recordings (linkedid) WHERE call_id IS NULL;

      CREATE TABLE start_keys (
        user_id TEXT NOT NULL,
        key TEXT NOT NULL,
        hash TEXT NOT NULL,
        at INTEGER NOT NULL,
        answer TEXT,
        PRIMARY KEY (user_id, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX start_keys_at ON start_keys (at);

      CREATE TABLE slot_calls (slot_id INTEGER PRIMARY KEY, call_id TEXT NOT NULL) STRICT;
      CREATE TABLE slot_users (slot_id INTEGER PRIMARY KEY, user_id TEXT NOT NULL) STRICT;
    `,
  },
  {
    id: 4,
    name: 'CDR rows and recordings by time',
    sql: `
      ALTER TABLE cdr ADD COLUMN started_at INTEGER NOT NULL DEFAULT 0;
      UPDATE cdr SET started_at = row ->> '$.start';
      CREATE INDEX cdr_started ON cdr (started_at, id) WHERE call_id IS NOT NULL;
      CREATE INDEX recordings_at ON recordings (at, id) WHERE call_id IS NOT NULL;
    `,
  },
  {
    id: 5,
    name: 'history by filters, counters of all calls',
    // A filter that picks few calls has an index of its own; each carries the other filters, so that a page is found
    // without reading a record that is not on it.
    sql: `
      ALTER TABLE calls ADD COLUMN source TEXT NOT NULL DEFAULT '';
      ALTER TABLE calls ADD COLUMN direction TEXT NOT NULL DEFAULT '';
      ALTER TABLE calls ADD COLUMN outcome TEXT;
      ALTER TABLE calls ADD COLUMN number TEXT NOT NULL DEFAULT '';
      ALTER TABLE calls ADD COLUMN slot_id INTEGER;
      ALTER TABLE calls ADD COLUMN bucket TEXT;
      UPDATE calls SET source = record ->> '$.source', direction = record ->> '$.direction',
        outcome = record ->> '$.ending.outcome', number = record ->> '$.number', slot_id = record ->> '$.slotId';

      CREATE INDEX calls_time ON calls
        (started_at, call_id, status, outcome, direction, source, user_id, slot_id, number);
      CREATE INDEX calls_user ON calls
        (user_id, started_at, call_id, status, outcome, direction, source, slot_id, number) WHERE user_id IS NOT NULL;
      CREATE INDEX calls_number ON calls
        (number, started_at, call_id, status, outcome, direction, source, user_id, slot_id);
      CREATE INDEX calls_slot ON calls
        (slot_id, started_at, call_id, status, outcome, direction, source, user_id, number) WHERE slot_id IS NOT NULL;
      CREATE INDEX calls_uncounted ON calls (call_id) WHERE bucket IS NULL;
      DROP INDEX calls_started;

      ALTER TABLE call_viewers ADD COLUMN started_at INTEGER NOT NULL DEFAULT 0;
      UPDATE call_viewers SET started_at =
        coalesce((SELECT c.started_at FROM calls c WHERE c.call_id = call_viewers.call_id), 0);
      CREATE INDEX call_viewers_time ON call_viewers (user_id, started_at, call_id);

      CREATE TABLE call_counters (
        day TEXT NOT NULL,
        hour INTEGER NOT NULL,
        kind TEXT NOT NULL,
        calls INTEGER NOT NULL,
        talk_sec INTEGER NOT NULL,
        PRIMARY KEY (day, hour, kind)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE call_totals (
        kind TEXT PRIMARY KEY,
        calls INTEGER NOT NULL,
        talk_sec INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    id: 6,
    name: 'calls that campaigns watch',
    sql: `
      CREATE TABLE call_watches (
        call_id TEXT PRIMARY KEY,
        campaign_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        told TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE watch_outbound (
        call_id TEXT PRIMARY KEY,
        campaign_id TEXT NOT NULL,
        event TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX feed_campaigns ON feed (offset) WHERE event = 'campaign.update';
    `,
  },
  {
    id: 7,
    name: 'what CRMs are told of calls',
    sql: `
      ALTER TABLE pbx_groups ADD COLUMN crm TEXT;
      CREATE TABLE crm_outbound (
        seq INTEGER PRIMARY KEY,
        family TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX crm_outbound_family ON crm_outbound (family, seq);
      CREATE TABLE crm_records (
        external_id TEXT PRIMARY KEY,
        call_id TEXT NOT NULL,
        at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX crm_records_at ON crm_records (at);
    `,
  },
  {
    id: 8,
    name: 'who is told of operators and queues',
    sql: 'CREATE TABLE feed_viewers (key TEXT PRIMARY KEY, users TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  },
];
