import { join } from 'node:path';
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { root } from '../lib/root.ts';
import { OUTBOUND, outboundWorker, reachable } from './outbound.ts';
import type { WorkerOptions } from './worker.ts';

/** What is the same for every runtime we start: no look-ups on the network, no trace store, warnings only. */
export function quietRuntime(persistence: string) {
  return {
    log: new Log(LogLevel.WARN),
    logRequests: false,
    cf: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
    unsafeObservability: false,
    resourcePersistencePath: persistence,
  } as const;
}

/** Where the runtime keeps its data in a state directory: the place `wrangler --persist-to` uses, so both can read it. */
export function persistenceOf(stateDir: string): string {
  return join(stateDir, 'v3');
}

const WORKER_NAME = 'trunkline';
/** Class of the Worker (`worker/front-entry.ts`) that takes what our front brings. */
const FRONT_ENTRY = 'FrontEntry';

/** Where the front reaches the Worker now; it may move when a crashed runtime is started again. */
export async function frontAddress(runtime: Miniflare): Promise<URL> {
  await runtime.ready;
  return runtime.unsafeGetDirectURL(WORKER_NAME, FRONT_ENTRY);
}

/** What a runtime of the whole Worker is started from. */
export interface RuntimePlan {
  options: WorkerOptions;
  /** The bundled Worker, one ES module. */
  module: string;
  stateDir: string;
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Text bindings beside those of wrangler.toml: secrets and switches. */
  bindings: Record<string, string>;
}

/** Starts workerd with the whole Worker; resolves when it accepts requests. */
export async function startRuntime(plan: RuntimePlan): Promise<{ runtime: Miniflare; url: URL }> {
  const network = await reachable(plan.bindings.OUTGOING_ORIGINS, undefined, plan.bindings.DEMO === '1');
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...quietRuntime(persistenceOf(plan.stateDir)),
      host: plan.host,
      port: plan.port,
      workers: [
        {
          ...plan.options,
          name: WORKER_NAME,
          // A loopback socket that leads straight to the Worker, past the entry's hops; only our front knows its token.
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0, entrypoint: FRONT_ENTRY }],
          rootPath: root,
          modulesRoot: root,
          modules: [{ type: 'ESModule', path: join(root, 'worker.js'), contents: plan.module }],
          bindings: { ...plan.options.bindings, ...plan.bindings },
          outboundService: OUTBOUND,
        },
        outboundWorker(root, plan.options.compatibilityDate ?? '2026-10-20', network),
      ],
    }),
  );
  try {
    return { runtime, url: await runtime.ready };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}
