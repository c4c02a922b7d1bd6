import type { ObjectMigration } from '../lib/migrations';

/** Storage of a Campaign. Append only: a step that has landed is never edited. */
export const CAMPAIGN_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'leads, attempts, agents, imports, counters',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE leads (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number TEXT NOT NULL UNIQUE,
        name TEXT,
        zone TEXT NOT NULL,
        zone_source TEXT NOT NULL,
        consent TEXT,
        contact_id TEXT,
        company_id TEXT,
        note TEXT,
        state TEXT NOT NULL,
        result TEXT,
        rank INTEGER NOT NULL,
        next_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        outcomes TEXT NOT NULL DEFAULT '{}',
        last_outcome TEXT,
        last_attempt_at INTEGER,
        last_attempt_id TEXT,
        agent_id TEXT,
        disposition TEXT,
        agent_note TEXT,
        import_id INTEGER,
        list_version INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX leads_due ON leads (zone, rank, next_at, id) WHERE state = 'waiting';
      CREATE INDEX leads_next ON leads (next_at) WHERE state = 'waiting';
      CREATE INDEX leads_state ON leads (state, id);
      CREATE INDEX leads_result ON leads (result, id) WHERE result IS NOT NULL;
      CREATE INDEX leads_import ON leads (import_id) WHERE import_id IS NOT NULL;

      CREATE TABLE lead_counts (
        state TEXT NOT NULL,
        result TEXT NOT NULL,
        called INTEGER NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (state, result, called)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE zone_counts (zone TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE attempts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        lead_id INTEGER NOT NULL,
        n INTEGER NOT NULL,
        call_id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        outcome TEXT,
        created_at INTEGER NOT NULL,
        sent_at INTEGER,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX attempts_open ON attempts (seq) WHERE state IN ('checking', 'starting', 'dialling', 'live');
      CREATE INDEX attempts_lead ON attempts (lead_id, seq);
      CREATE INDEX attempts_outcome ON attempts (outcome, seq) WHERE outcome IS NOT NULL;
      CREATE INDEX attempts_sent ON attempts (sent_at) WHERE sent_at IS NOT NULL;

      CREATE TABLE counts (kind TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE outcome_hours (
        hour INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (hour, outcome)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE agents (user_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE imports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL,
        file_name TEXT NOT NULL,
        size INTEGER,
        bytes_read INTEGER NOT NULL DEFAULT 0,
        rows INTEGER NOT NULL DEFAULT 0,
        added INTEGER NOT NULL DEFAULT 0,
        duplicates INTEGER NOT NULL DEFAULT 0,
        invalid INTEGER NOT NULL DEFAULT 0,
        do_not_call INTEGER NOT NULL DEFAULT 0,
        undone INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        created_at INTEGER NOT NULL,
        touched_at INTEGER NOT NULL,
        ended_at INTEGER,
        by TEXT NOT NULL,
        list_version INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE problems (
        import_id INTEGER NOT NULL,
        row INTEGER NOT NULL,
        number TEXT NOT NULL,
        problem TEXT NOT NULL,
        PRIMARY KEY (import_id, row)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
