import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withDirectoryLock } from '../lib/directory-lock.ts';
import { root } from '../lib/root.ts';
import { bin, run } from '../lib/run.ts';

const app = join(root, 'app');
const openapi = join(root, 'docs', 'openapi.json');
const stamp = join(root, 'dist', 'app-build.sha256');
/** Made by the build itself, or not part of it. */
const skipped = new Set(['build', '.svelte-kit', 'node_modules', 'cache', 'paraglide', 'schema.d.ts']);

function* filesOf(directory: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skipped.has(entry.name)) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesOf(path);
    else if (entry.isFile() && !entry.name.endsWith('.test.ts')) yield path;
  }
}

/** SHA-256 over everything the built app depends on: its sources, the API document, the locked dependencies. */
export function appSourcesHash(): string {
  const hash = createHash('sha256');
  for (const path of [...filesOf(app), openapi, join(root, 'package-lock.json')]) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

function isFresh(hash: string): boolean {
  return (
    existsSync(join(app, 'build', 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash
  );
}

/** Writes app/src/lib/api/schema.d.ts, the types of the API, from docs/openapi.json. */
export async function generateApiTypes(): Promise<void> {
  await step('API types', bin('openapi-typescript'), [openapi, '-o', join(app, 'src/lib/api/schema.d.ts')]);
}

/** Compiles the messages of all languages to app/src/lib/paraglide. */
export async function compileMessages(): Promise<void> {
  await step('messages', 'npm', ['run', '--silent', 'messages']);
}

/**
 * Builds the app into app/build unless it is there and its sources have not changed since.
 * @param say gets a line for the terminal when there is work to do
 * @throws Error with the output of the step that failed
 */
export async function buildApp(say: (line: string) => void): Promise<void> {
  if (isFresh(appSourcesHash())) return;
  const build = async (): Promise<void> => {
    const hash = appSourcesHash();
    if (isFresh(hash)) return;
    say('building the app (about 15 seconds; only when its sources have changed)');
    await generateApiTypes();
    await compileMessages();
    await step('vite build', bin('vite'), ['build', '--logLevel', 'warn']);
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(stamp, hash);
  };
  await withDirectoryLock(join(root, 'dist', 'app-build.lock'), build, (holder) => {
    say(`the app is being built by another command (process ${holder}), waiting for it`);
  });
}

async function step(name: string, command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, {
    cwd: app,
    quiet: true,
    timeout: 300_000,
    // A production NODE_ENV inherited from the machine is what the build wants anyway; "test" is not.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (result.code !== 0) throw new Error(`the app could not be built (${name}):\n${result.output.trim()}`);
}
