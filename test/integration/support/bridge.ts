import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/root.ts';
import type { Client } from './client.ts';
import { expectStatus } from './handset.ts';
import type { Order } from './scripted-bridge.ts';

/** As the systemd unit starts it. */
const FLAGS = ['--max-semi-space-size=2', '--max-old-space-size=192'];
const CACHE = { NODE_COMPILE_CACHE: join(root, 'dist/bridge-compile-cache') };

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Ran {
  code: number | null;
  output: string;
}

/** What a bridge's log line says. */
export interface BridgeLogLine {
  level: string;
  part: string;
  text: string;
  [field: string]: unknown;
}

/** Makes a bridge at the edge; answers its id and the one-time code. */
export async function newBridge(admin: Client, name = 'Test bridge'): Promise<{ id: string; code: string }> {
  const { json } = expectStatus(201, await admin.post('/api/bridges', { name }));
  const bridge = json['bridge'] as Record<string, unknown>;
  return { id: String(bridge['id']), code: String(json['code']) };
}

export async function bridgeRow(admin: Client, id: string): Promise<Record<string, unknown>> {
  return expectStatus(200, await admin.get(`/api/bridges/${id}`)).json;
}

/** A real bridge process with a state directory of its own. */
export class TestBridge {
  readonly directory = mkdtempSync(join(tmpdir(), 'trunkline-bridge-'));
  readonly #script: string;
  #child: ChildProcess | undefined;
  #output = '';
  #exit: Promise<Ran> | undefined;

  /**
   * @param config TOML after `edge` and `state_dir`
   * @param script the program: the bridge itself, or one with a scripted part
   */
  constructor(edge: string, config = '', script: 'bridge' | 'scripted' = 'bridge') {
    this.#script = join(
      root,
      script === 'bridge' ? 'bridge/main.ts' : 'test/integration/support/scripted-bridge.ts',
    );
    this.configure(edge, config);
  }

  get configFile(): string {
    return join(this.directory, 'bridge.toml');
  }

  get stateDir(): string {
    return join(this.directory, 'state');
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the bridge does not run');
    return this.#child.pid;
  }

  /** Everything it wrote so far. */
  get output(): string {
    return this.#output;
  }

  get log(): BridgeLogLine[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as BridgeLogLine);
  }

  configure(edge: string, config = ''): void {
    writeFileSync(this.configFile, `edge = "${edge}"\nstate_dir = "state"\n${config}`);
  }

  /** Runs the program to its end: `--enrol CODE`, `--check`, … */
  run(args: string[], environment: Record<string, string> = {}, input = ''): Promise<Ran> {
    const child = spawn(
      process.execPath,
      [...FLAGS, join(root, 'bridge/main.ts'), '--config', this.configFile, ...args],
      { env: { ...process.env, ...CACHE, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    child.stdin.end(input);
    return collect(child);
  }

  async enrol(code: string): Promise<void> {
    const { code: exit, output } = await this.run(['--enrol', code]);
    if (exit !== 0) throw new Error(`it could not be enrolled: ${output}`);
  }

  start(environment: Record<string, string> = {}): void {
    const scripted = this.#script.endsWith('scripted-bridge.ts');
    const args = scripted ? [this.#script, this.configFile] : [this.#script, '--config', this.configFile];
    const child = spawn(process.execPath, [...FLAGS, ...args], {
      env: { ...process.env, ...CACHE, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(scripted ? (['ipc'] as const) : [])],
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#exit = collect(child, (text) => {
      this.#output += text;
    });
  }

  /** Resolves when it ended by itself. */
  ended(): Promise<Ran> {
    return this.#exit ?? Promise.reject(new Error('the bridge does not run'));
  }

  /** Tells the scripted part something, and waits until it was done. */
  async order(order: Order): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error('the bridge does not run');
    const done = new Promise((resolve) => child.once('message', resolve));
    child.send(order);
    await done;
  }

  /** What the scripted part did, in order. */
  get effects(): string[] {
    try {
      return readFileSync(join(this.stateDir, 'effects'), 'utf8').trimEnd().split('\n');
    } catch {
      return [];
    }
  }

  /** kill -9. The state directory stays. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** SIGTERM, as systemd does. */
  async halt(): Promise<Ran> {
    this.#child?.kill('SIGTERM');
    return this.ended();
  }

  async remove(): Promise<void> {
    if (this.#child !== undefined) await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function collect(child: ChildProcess, also: (text: string) => void = () => undefined): Promise<Ran> {
  let output = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
    also(chunk.toString());
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
