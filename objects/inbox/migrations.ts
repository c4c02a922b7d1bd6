import type { ObjectMigration } from '../lib/migrations';
import { TIMERS_TABLE } from '../lib/timers';

/**
 * Append-only. `finder` and `chat_finder` hold no text, only what finds a message or a chat; their `facets` are the
 * chat and the channel, so that a search within one is a cut of two lists. Every chat's `rev` is different: the highest
 * is how far the inbox has come.
 */
export const INBOX_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'chats',
    sql: `
      ${TIMERS_TABLE}
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE providers (key INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT;
      CREATE TABLE channels (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        provider INTEGER NOT NULL,
        ext TEXT NOT NULL,
        code TEXT NOT NULL,
        name TEXT NOT NULL,
        parent TEXT,
        active INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (provider, ext)
      ) STRICT;
      CREATE TABLE chats (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        provider INTEGER NOT NULL,
        ext TEXT NOT NULL,
        channel INTEGER NOT NULL,
        title TEXT,
        unread INTEGER NOT NULL DEFAULT 0,
        last_at INTEGER NOT NULL,
        last_seq INTEGER,
        rev INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (provider, ext)
      ) STRICT;
      CREATE INDEX chats_last ON chats (last_at, key);
      CREATE INDEX chats_channel ON chats (channel, last_at, key);
      CREATE INDEX chats_unread ON chats (last_at, key) WHERE unread > 0;
      CREATE INDEX chats_rev ON chats (rev);
      CREATE TABLE participants (
        key INTEGER PRIMARY KEY,
        chat INTEGER NOT NULL,
        ext TEXT NOT NULL,
        name TEXT,
        phone TEXT,
        role TEXT NOT NULL,
        UNIQUE (chat, ext)
      ) STRICT;
      CREATE INDEX participants_phone ON participants (phone, chat) WHERE phone IS NOT NULL;
      CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        provider INTEGER NOT NULL,
        chat INTEGER NOT NULL,
        ext TEXT,
        direction TEXT NOT NULL,
        sender INTEGER,
        author TEXT,
        author_name TEXT,
        text TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        edited_at INTEGER,
        attempt INTEGER NOT NULL DEFAULT 1,
        progress TEXT NOT NULL,
        error TEXT,
        seen INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX messages_ext ON messages (provider, ext) WHERE ext IS NOT NULL;
      CREATE INDEX messages_chat ON messages (chat, sent_at, seq);
      CREATE INDEX messages_unseen ON messages (chat, seq) WHERE seen = 0;

      CREATE VIRTUAL TABLE finder USING fts5(
        words, facets,
        content='', contentless_delete=1, prefix='2 3', detail=column,
        tokenize="unicode61 remove_diacritics 2"
      );
      CREATE VIRTUAL TABLE chat_finder USING fts5(
        words, facets,
        content='', contentless_delete=1, prefix='2 3', detail=column,
        tokenize="unicode61 remove_diacritics 2"
      );

      CREATE TABLE outgoing (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        provider INTEGER NOT NULL,
        task TEXT NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE heard (
        provider INTEGER NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (provider, id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX heard_at ON heard (at);
      CREATE TABLE once (
        user_id TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user_id, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX once_at ON once (at);
    `,
  },
  {
    id: 2,
    name: 'participants in their order',
    sql: 'CREATE INDEX participants_chat ON participants (chat);',
  },
  {
    id: 3,
    name: 'what channels can do, when customers wrote last',
    sql: `
      ALTER TABLE providers ADD COLUMN integration TEXT;
      ALTER TABLE chats ADD COLUMN customer_at INTEGER;
      UPDATE chats SET customer_at = (
        SELECT sent_at FROM messages WHERE chat = chats.key AND direction = 'incoming'
        ORDER BY sent_at DESC, seq DESC LIMIT 1
      );
    `,
  },
  {
    id: 4,
    name: 'what words there are, and up to which message they were taken in',
    sql: `
      CREATE TABLE terms (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
      CREATE VIRTUAL TABLE vocabulary USING fts5vocab(finder, 'col');
      INSERT OR IGNORE INTO terms (word) SELECT term FROM vocabulary WHERE col = 'words' AND length(term) >= 4;
      DROP TABLE vocabulary;
      INSERT INTO state (name, value) SELECT 'indexed', coalesce(max(seq), 0) FROM messages;
    `,
  },
  {
    id: 5,
    name: 'attempts of a message apart',
    // `key_of`: null of what was never sent again since.
    sql: `
      ALTER TABLE messages ADD COLUMN key_of INTEGER;
      CREATE TABLE former_ids (
        provider INTEGER NOT NULL,
        ext TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (provider, ext)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
