import type { ObjectMigration } from '../lib/migrations';

/** BridgeLink's storage, step by step. Append only: a step that has landed is never edited. */
export const BRIDGE_LINK_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    name: 'meta',
    sql: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  },
];
