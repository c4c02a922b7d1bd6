import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childrenNamed, isAlive } from '../../../scripts/lib/processes.ts';
import { root } from '../../../scripts/lib/root.ts';

/** Longest time a start may take on a busy machine, milliseconds; the first of a state directory makes the demo. */
const READY_WITHIN = 110_000;

/** Servers that still run; a test run that is stopped must not leave them behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL');
});

/**
 * A port nobody listens on. Below the range from which the system takes local ports of outgoing connections: otherwise
 * one of a test's own clients may hold the server's port while it is down, even by connecting to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    const free = await new Promise<boolean>((settle) => {
      probe.once('error', () => settle(false));
      probe.listen(port, '127.0.0.1', () => settle(true));
    });
    if (!free) continue;
    await new Promise((settle) => probe.close(settle));
    return port;
  }
}

/** A real server, started by scripts/start.mjs as `npm start` does, on its own port and state directory. */
export class TestServer {
  /** `http://127.0.0.1:port`, the same through restarts. */
  readonly url: string;
  readonly stateDir: string;
  readonly #port: number;
  readonly #environment: Record<string, string>;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(port: number, environment: Record<string, string>) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#environment = environment;
    this.stateDir = mkdtempSync(join(tmpdir(), 'trunkline-state-'));
  }

  /**
   * Starts a server in demo mode, without the simulated phone, and waits until it is ready.
   * @param environment further settings of the start script, e.g. `{ DEMO: '0' }`
   */
  static async start(environment: Record<string, string> = {}): Promise<TestServer> {
    const server = new TestServer(await freePort(), environment);
    try {
      await server.start();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Everything the server wrote to the terminal so far. */
  get output(): string {
    return this.#output;
  }

  /** Process id of the start script. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server does not run');
    return this.#child.pid;
  }

  /** Process id of workerd. */
  get runtimePid(): number {
    const [pid] = childrenNamed(this.pid, 'workerd');
    if (pid === undefined) throw new Error('workerd does not run');
    return pid;
  }

  /** Starts the server again after `kill` or `halt`, on the same state and port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(root, 'scripts/start.mjs')], {
      cwd: root,
      env: {
        ...cleanEnvironment(),
        DEMO_PHONE: '0',
        ...this.#environment,
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        STATE_DIR: this.stateDir,
        STOP_WITH_STDIN: '1',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own, so that it can be killed whole like a machine that loses its power.
      detached: true,
    });
    this.#child = child;
    running.add(child);
    let output = '';
    await new Promise<void>((settle, reject) => {
      const fail = (why: string): void => reject(new Error(`the server ${why}:\n${output}`));
      const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN / 1000} s`), READY_WITHIN);
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        this.#output += chunk.toString();
        if (!/^ready http/m.test(output)) return;
        clearTimeout(timer);
        settle();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => {
        running.delete(child);
        clearTimeout(timer);
        fail(`stopped with exit code ${code ?? 'none'} before it was ready`);
      });
    });
  }

  /** kill -9 of the start script and the runtime at once, as if the power went. The state directory stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** kill -9 of the start script alone, which leaves its runtime running. */
  async killStartScript(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) throw new Error('the server does not run');
    const gone = new Promise((settle) => child.once('exit', settle));
    child.kill('SIGKILL');
    await gone;
  }

  /** A clean stop by SIGTERM. The state directory stays. */
  async halt(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** kill -9 of workerd alone; resolves when the start script has brought it back and it answers. */
  async killRuntime(): Promise<void> {
    const before = this.runtimePid;
    process.kill(before, 'SIGKILL');
    const deadline = Date.now() + READY_WITHIN;
    for (;;) {
      if (Date.now() > deadline) throw new Error(`the runtime did not come back:\n${this.#output}`);
      await delay(20);
      const [now] = childrenNamed(this.pid, 'workerd');
      if (now === undefined || now === before) continue;
      try {
        const page = await fetch(this.url);
        await page.arrayBuffer();
        if (page.status < 500) return;
      } catch {
        // Not listening yet.
      }
    }
  }

  /** Stops the server and removes its state. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined) return;
    const runtimes = childrenNamed(child.pid, 'workerd');
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((settle) => child.once('exit', settle));
      if (signal === 'SIGKILL') killGroup(child, signal);
      else child.kill(signal);
      await gone;
    }
    running.delete(child);
    while (runtimes.some(isAlive)) await delay(10);
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/** The machine's environment without what npm, vitest or a developer's shell could change a server by. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const unwanted =
    /^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|DEMO|HOST$|PORT$|STATE_DIR$|JWT_KEYS$|PASSWORD_PEPPER$|SECRETS_KEYS$|TRUSTED_ADDRESS_HEADER$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)));
}
