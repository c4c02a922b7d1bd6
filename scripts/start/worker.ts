import { join } from 'node:path';
import { build, stop, type BuildOptions } from 'esbuild';
import type { V4WorkerOptionsShape } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readConfiguration } from 'wrangler';
import { root } from '../lib/root.ts';

/** The Worker's bindings and flags as Miniflare wants them, read from wrangler.toml. */
export type WorkerOptions = V4WorkerOptionsShape;

/** wrangler.toml, read once: the same file that a deployment uses. */
export function readWorkerConfiguration(): { options: WorkerOptions; main: string } {
  const { workerOptions, main } = readConfiguration(join(root, 'wrangler.toml'));
  if (main === undefined) throw new Error('wrangler.toml names no main module');
  // What tells a bundler the kind of a file: the module we serve is bundled already.
  const { modulesRules: _, ...options } = workerOptions as WorkerOptions;
  return { options, main };
}

/**
 * Bundles the Worker into one module, in memory: several servers may start at once from one checkout (tests do).
 * Names and lines are kept readable, since no source map is shipped with it.
 * @param entry the main module's path, or source text that imports from the repository's root
 * @throws Error naming the first problems esbuild found
 */
export async function bundleWorker(entry: string | { source: string }): Promise<string> {
  const input: BuildOptions =
    typeof entry === 'string'
      ? { entryPoints: [entry] }
      : { stdin: { contents: entry.source, resolveDir: root, loader: 'ts' } };
  const result = await build({
    ...input,
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    keepNames: true,
    logLevel: 'silent',
  }).catch((error: unknown) => {
    throw new Error(
      `the Worker could not be bundled: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  // esbuild keeps a process for the next build; a server builds once.
  await stop();
  const module = result.outputFiles?.[0];
  if (module === undefined) throw new Error('the Worker could not be bundled: no output');
  return module.text;
}
