import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { seedDemo } from '../../../scripts/start/demo.ts';
import { migrate } from '../../../scripts/start/migrate.ts';
import { persistenceOf, startRuntime } from '../../../scripts/start/runtime.ts';
import { newSecrets } from '../../../scripts/start/secrets.ts';
import { bundleWorker, readWorkerConfiguration } from '../../../scripts/start/worker.ts';
import { TestServer } from './server.ts';

/**
 * The Worker with nothing in front of it, as on Cloudflare's network: every phone's request is the runtime's own, and
 * the runtime does not notice a closed connection.
 */
export class EdgeServer {
  readonly url: string;
  readonly #runtime: Miniflare;
  readonly #stateDir: string;

  private constructor(url: string, runtime: Miniflare, stateDir: string) {
    this.url = url;
    this.#runtime = runtime;
    this.#stateDir = stateDir;
  }

  /** Starts one in this process with the demo's data, on a free port and a state directory of its own. */
  static async start(): Promise<EdgeServer> {
    const stateDir = mkdtempSync(join(tmpdir(), 'trunkline-edge-'));
    const { options, main } = readWorkerConfiguration();
    const module = await bundleWorker(main);
    await migrate(options, persistenceOf(stateDir));
    const plan = { options, module, stateDir, bindings: { ...newSecrets(), DEMO: '1' } };
    await seedDemo(plan);
    const { runtime, url } = await startRuntime({ ...plan, host: '127.0.0.1', port: 0 });
    return new EdgeServer(url.origin, runtime, stateDir);
  }

  async stop(): Promise<void> {
    await this.#runtime.dispose();
    rmSync(this.#stateDir, { recursive: true, force: true });
  }
}

/** Both ways in which phones reach the Worker; what is promised to them must hold on either. */
export const WAYS: [name: string, start: () => Promise<{ url: string; stop(): Promise<void> }>][] = [
  ['as npm start serves it', () => TestServer.start()],
  ['as the edge serves it', () => EdgeServer.start()],
];
