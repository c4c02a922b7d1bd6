import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { unstable_splitSqlQuery as splitStatements } from 'wrangler';
import { root } from '../lib/root.ts';
import { quietRuntime } from './runtime.ts';
import type { WorkerOptions } from './worker.ts';

/** Names of the migration files, in the order they are applied. */
export function migrationFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
}

/**
 * Opens the D1 database of a state directory in a private runtime that serves nothing else.
 * @param use gets the database; the runtime is gone when it is done
 */
export async function withDatabase<T>(
  options: WorkerOptions,
  persistence: string,
  use: (db: D1Database) => Promise<T>,
): Promise<T> {
  const database = Object.values(options.d1Databases ?? {})[0];
  const id = typeof database === 'string' ? database : database?.id;
  if (id === undefined) throw new Error('wrangler.toml declares no D1 database');
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...quietRuntime(persistence),
      host: '127.0.0.1',
      port: 0,
      workers: [
        {
          name: 'migrate',
          modules: true,
          compatibilityDate: options.compatibilityDate,
          script: 'export default { fetch() { return new Response(null, { status: 404 }); } }',
          d1Databases: { DB: { id } },
        },
      ],
    }),
  );
  try {
    return await use(await runtime.getD1Database('DB', 'migrate'));
  } finally {
    await runtime.dispose();
  }
}

/**
 * Applies the D1 migrations that a state directory does not have yet, each file in one batch with its own record, in
 * the table that wrangler uses too. Runs in a private runtime before the server's own: that one answers requests as
 * soon as it is up, and the first of them would meet missing tables.
 * @returns names of the files applied now
 */
export const migrate = (options: WorkerOptions, persistence: string): Promise<string[]> =>
  withDatabase(options, persistence, async (db) => {
    await db
      .prepare(
        'CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, ' +
          'applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
      )
      .run();
    const rows = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
    const done = new Set(rows.results.map((row) => row.name));
    const directory = join(root, 'migrations');
    const todo = migrationFiles(directory).filter((name) => !done.has(name));
    for (const name of todo) {
      const statements = splitStatements(readFileSync(join(directory, name), 'utf8'));
      await db.batch([
        ...statements.map((statement) => db.prepare(statement)),
        db.prepare('INSERT INTO d1_migrations(name) VALUES (?)').bind(name),
      ]);
    }
    return todo;
  });
