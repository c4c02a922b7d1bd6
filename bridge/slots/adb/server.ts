/**
 * The ADB server: a program of Android's that owns the USB devices. It is started here when none runs, as an own
 * child without a shell; one that runs already is used and left alone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { homedir } from 'node:os';
import type { SlotsConfig } from '../../config.ts';
import type { Logger } from '../../part.ts';
import { wordsOf } from './shell.ts';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;
const STOP_WITHIN_MS = 2_000;

export class ServerProcess {
  readonly #config: SlotsConfig;
  readonly #log: Logger;
  #child: ChildProcess | null = null;
  /** Why the last start failed, in words; null when it did not. */
  problem: string | null = null;

  constructor(config: SlotsConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  /** Whether this is the bridge's to start at all. */
  get mayStart(): boolean {
    return this.#config.program !== '' && LOOPBACK.test(this.#config.host);
  }

  /** Starts the server unless a child of ours is there; whether it listens is for the caller to try. */
  start(): void {
    if (!this.mayStart || this.#child) return;
    this.problem = null;
    // `nodaemon`: stays our child. The server forks itself otherwise, by a path that is not always there.
    const child = spawn(this.#config.program, ['-P', String(this.#config.port), 'server', 'nodaemon'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { HOME: homedir(), ADB_MDNS_AUTO_CONNECT: '0', ...process.env },
    });
    this.#child = child;
    let last = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      last = (last + text).slice(-400);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      this.problem =
        error.code === 'ENOENT'
          ? `The program "${this.#config.program}" is not there.`
          : `The program "${this.#config.program}" can't be started: ${error.message}`;
      this.#child = null;
    });
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = null;
      const words = last.trim().split('\n').at(-1) ?? '';
      this.problem = `The ADB server ended (${signal ?? `exit code ${code}`})${words === '' ? '' : `: ${words}`}`;
      this.#log.warn('the ADB server ended', { code, signal, words });
    });
    child.once('spawn', () => this.#log.info('started the ADB server', { port: this.#config.port }));
  }

  /** Ends our child, if there is one. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  }
}

/** First line of `PROGRAM version`. @throws Error in words when it can't be run. */
export async function programVersion(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['version'], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(0, 2_000);
    });
    child.on('error', (error) => reject(new Error(wordsOf(error))));
    child.on('exit', (code) => {
      if (code === 0) resolve(text.split('\n')[0] ?? '');
      else reject(new Error(`"${program} version" ended with ${code}`));
    });
  });
}
