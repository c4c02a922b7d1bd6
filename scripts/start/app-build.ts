import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDirectoryLock } from '../lib/directory-lock.ts';
import { root } from '../lib/root.ts';
import { bin, run } from '../lib/run.ts';
import { hashOfSources } from '../lib/sources.ts';
import { API_DOCUMENT, ensureApiDocument, isApiDocumentFresh } from './api-document.ts';

const app = join(root, 'app');
const stamp = join(root, 'dist', 'app-build.sha256');
/** The bridges screen offers it for download. */
const EXAMPLE = join(root, 'bridge', 'deploy', 'bridge.example.toml');
/** Made by the build itself, or not part of it. */
const skipped = new Set(['build', '.svelte-kit', 'node_modules', 'cache', 'paraglide', 'schema.d.ts']);

/** SHA-256 over everything the built app depends on: its sources, the API document, the locked dependencies. */
function appSourcesHash(): string {
  const protocol = join(root, 'bridge/protocol');
  return hashOfSources([app, protocol, API_DOCUMENT, EXAMPLE, join(root, 'package-lock.json')], skipped);
}

function isFresh(hash: string): boolean {
  return (
    existsSync(join(app, 'build', 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash
  );
}

/** Writes app/src/lib/api/schema.d.ts, the types of the API, from the document the Worker answers. */
export async function generateApiTypes(): Promise<void> {
  await ensureApiDocument();
  await step('API types', bin('openapi-typescript'), [
    API_DOCUMENT,
    '-o',
    join(app, 'src/lib/api/schema.d.ts'),
  ]);
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
  if (isApiDocumentFresh() && isFresh(appSourcesHash())) return;
  const build = async (): Promise<void> => {
    await ensureApiDocument();
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
