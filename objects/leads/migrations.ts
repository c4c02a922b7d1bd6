import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/**
 * Append-only. `leads.owner` is 0 for nobody and else `owners.id`: short keys for the indexes. `finder` holds no
 * text, only what finds a lead; its `facets` are the status and the owner, so that a search within one status is a
 * cut of two lists and not a walk along one of them.
 */
export const LEADS_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'leads',
    sql: `
      ${TIMERS_TABLE}
      CREATE TABLE statuses (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT,
        kind TEXT NOT NULL,
        color TEXT NOT NULL,
        position INTEGER NOT NULL,
        hidden INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      INSERT INTO statuses (key, kind, color, position) VALUES
        ('new', 'open', 'blue', 0),
        ('in_work', 'open', 'blue', 1),
        ('callback', 'open', 'amber', 2),
        ('no_answer', 'open', 'neutral', 3),
        ('won', 'won', 'green', 4),
        ('lost', 'lost', 'red', 5);
      CREATE TABLE owners (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE) STRICT;
      CREATE TABLE leads (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        number TEXT NOT NULL,
        status INTEGER NOT NULL,
        owner INTEGER NOT NULL,
        name TEXT,
        email TEXT,
        company TEXT,
        source TEXT,
        comment TEXT,
        time_zone TEXT,
        next_at INTEGER,
        next_text TEXT,
        extra TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        created_by TEXT,
        import_id TEXT,
        updated_at INTEGER NOT NULL,
        deleted_at INTEGER
      ) STRICT;
      CREATE UNIQUE INDEX leads_number ON leads (number) WHERE deleted_at IS NULL;
      CREATE INDEX leads_live ON leads (seq) WHERE deleted_at IS NULL;
      CREATE INDEX leads_status ON leads (status, seq) WHERE deleted_at IS NULL;
      CREATE INDEX leads_owner ON leads (owner, seq) WHERE deleted_at IS NULL;
      CREATE INDEX leads_owner_status ON leads (owner, status, seq) WHERE deleted_at IS NULL;
      CREATE INDEX leads_next ON leads (next_at, seq) WHERE next_at IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX leads_owner_next ON leads (owner, next_at, seq) WHERE next_at IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX leads_deleted ON leads (deleted_at, seq) WHERE deleted_at IS NOT NULL;

      CREATE TABLE counts (
        status INTEGER NOT NULL,
        owner INTEGER NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (status, owner)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER lead_added AFTER INSERT ON leads WHEN NEW.deleted_at IS NULL BEGIN
        INSERT INTO counts VALUES (NEW.status, NEW.owner, 1) ON CONFLICT DO UPDATE SET n = n + 1;
      END;
      CREATE TRIGGER lead_moved AFTER UPDATE OF status, owner, deleted_at ON leads BEGIN
        UPDATE counts SET n = n - 1 WHERE OLD.deleted_at IS NULL AND status = OLD.status AND owner = OLD.owner;
        INSERT INTO counts SELECT NEW.status, NEW.owner, 1 WHERE NEW.deleted_at IS NULL
          ON CONFLICT DO UPDATE SET n = n + 1;
      END;

      CREATE VIRTUAL TABLE finder USING fts5(
        words, facets,
        content='', contentless_delete=1, prefix='2 3',
        tokenize="unicode61 remove_diacritics 2"
      );

      CREATE TABLE changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        lead INTEGER NOT NULL,
        at INTEGER NOT NULL,
        by TEXT,
        kind TEXT NOT NULL,
        import_id TEXT,
        before TEXT NOT NULL,
        after TEXT NOT NULL
      ) STRICT;
      CREATE INDEX changes_lead ON changes (lead, id);

      CREATE TABLE imports (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        asked TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        heard_at INTEGER NOT NULL,
        finished_at INTEGER,
        last_row INTEGER NOT NULL DEFAULT 0,
        read INTEGER NOT NULL DEFAULT 0,
        added INTEGER NOT NULL DEFAULT 0,
        merged INTEGER NOT NULL DEFAULT 0,
        duplicates INTEGER NOT NULL DEFAULT 0,
        bad INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        problem_row INTEGER
      ) STRICT;
      CREATE TABLE import_problems (
        import INTEGER NOT NULL,
        row INTEGER NOT NULL,
        code TEXT NOT NULL,
        detail TEXT,
        PRIMARY KEY (import, row)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
