import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../lib/processes.ts';
import { Refusal } from './refusal.ts';

interface Holder {
  /** Process id of the start script. */
  pid: number;
  /** Process ids of the runtimes it started, in case it is killed and leaves them behind. */
  runtimes: number[];
}

/** Command line of a process, '' where the system does not tell. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** True unless the process is gone or its id now belongs to something else (ids are reused, above all in containers). */
function runs(pid: number, name: string): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  const command = commandOf(pid);
  return command === '' || command.includes(name);
}

/**
 * One server per state directory: two runtimes writing one set of SQLite files would ruin it. A start script that was
 * killed outright leaves its runtime running, which is stopped here before a new one takes over.
 */
export class StateLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
    this.record([]);
  }

  /** @throws Refusal while another server runs on this directory */
  static async take(stateDir: string): Promise<StateLock> {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const file = join(stateDir, 'server.json');
    const holder = read(file);
    if (holder !== undefined) {
      if (runs(holder.pid, 'start.mjs')) {
        throw new Refusal(
          `${stateDir} is in use by the server with process id ${holder.pid}; stop it, or set STATE_DIR to another directory`,
        );
      }
      const orphans = holder.runtimes.filter((pid) => runs(pid, 'workerd'));
      for (const pid of orphans) process.kill(pid, 'SIGKILL');
      while (orphans.some(isAlive)) await delay(20);
    }
    return new StateLock(file);
  }

  /** Notes which runtimes belong to this server. */
  record(runtimes: number[]): void {
    const holder: Holder = { pid: process.pid, runtimes };
    writeFileSync(this.#file, JSON.stringify(holder));
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}

function read(file: string): Holder | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // Half-written by a crash: whoever wrote it is gone.
    return undefined;
  }
}
