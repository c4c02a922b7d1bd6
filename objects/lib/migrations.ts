/**
 * One step of an object's storage: `id` grows by one, `sql` is never edited once it has landed.
 * A change is a new step at the end of the list.
 */
export interface ObjectMigration {
  id: number;
  name: string;
  sql: string;
}

/**
 * Brings an object's SQLite to the newest step. Called inside `blockConcurrencyWhile` by the constructor,
 * costs one indexed read when there is nothing to do.
 *
 * @throws when the list is not numbered 1, 2, 3 … or the storage was written by a newer version than this code.
 */
export function migrateObject(storage: DurableObjectStorage, migrations: readonly ObjectMigration[]): void {
  migrations.forEach((migration, index) => {
    if (migration.id !== index + 1) throw new Error(`object migration ${migration.name} is out of order`);
  });
  storage.sql.exec(
    'CREATE TABLE IF NOT EXISTS object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT',
  );
  const [row] = storage.sql
    .exec<{ last: number | null }>('SELECT max(id) AS last FROM object_migrations')
    .toArray();
  const last = row?.last ?? 0;
  if (last > migrations.length)
    throw new Error(`object storage is at step ${last}, this code knows ${migrations.length}`);
  for (const migration of migrations.slice(last)) {
    storage.transactionSync(() => {
      storage.sql.exec(migration.sql);
      storage.sql.exec(
        'INSERT INTO object_migrations (id, name) VALUES (?, ?)',
        migration.id,
        migration.name,
      );
    });
  }
}
