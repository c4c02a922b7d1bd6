/**
 * Screenshots of scripts on their way to the edge. They are files first, so that one taken while the tunnel is down,
 * or just before the bridge is killed, is not lost.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeServices } from '../../part.ts';
import { wordsOf } from '../adb/shell.ts';

/** Kept while the edge can't be reached; the oldest go first. */
const MAX_BYTES = 256 * 1024 * 1024;
const RETRY_MS = 5_000;
/** A picture the edge refuses this often is given up. */
const TRIES = 20;

const NAME = /^(gacs_[a-z0-9_]{1,40})--(\d+)\.png$/;

export class Shots {
  readonly #directory: string;
  readonly #services: BridgeServices;
  readonly #stop = new AbortController();
  #going: Promise<void> | null = null;
  #again = false;

  constructor(directory: string, services: BridgeServices) {
    this.#directory = directory;
    this.#services = services;
  }

  start(): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    if (this.#files().length > 0) this.#wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#going;
  }

  /** Durable when it returns. */
  keep(runId: string, step: number, png: Uint8Array): void {
    this.#makeRoom(png.byteLength);
    writeFileSync(join(this.#directory, `${runId}--${step}.png`), png, { mode: 0o600 });
    this.#wake();
  }

  #files(): string[] {
    return readdirSync(this.#directory).filter((name) => NAME.test(name));
  }

  #makeRoom(bytes: number): void {
    const files = this.#files()
      .map((name) => ({ name, ...this.#sizeOf(name) }))
      .sort((a, b) => a.at - b.at);
    let total = files.reduce((sum, { size }) => sum + size, bytes);
    for (const { name, size } of files) {
      if (total <= MAX_BYTES) return;
      this.#services.log.warn('a screenshot is dropped: too many wait for the tunnel', { name });
      rmSync(join(this.#directory, name), { force: true });
      total -= size;
    }
  }

  #sizeOf(name: string): { size: number; at: number } {
    const { size, mtimeMs } = statSync(join(this.#directory, name));
    return { size, at: mtimeMs };
  }

  #wake(): void {
    this.#again = true;
    this.#going ??= this.#sendAll().finally(() => {
      this.#going = null;
    });
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#stop;
    const tries = new Map<string, number>();
    while (this.#again && !signal.aborted) {
      this.#again = false;
      for (const name of this.#files()) {
        try {
          await this.#services.online(signal);
          await this.#send(name);
          rmSync(join(this.#directory, name), { force: true });
        } catch (error) {
          if (signal.aborted) return;
          const count = (tries.get(name) ?? 0) + 1;
          tries.set(name, count);
          if (count >= TRIES) {
            this.#services.log.error('a screenshot is given up', { name, error: wordsOf(error) });
            rmSync(join(this.#directory, name), { force: true });
            continue;
          }
          this.#again = true;
          await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
        }
      }
    }
  }

  async #send(name: string): Promise<void> {
    const { signal } = this.#stop;
    const [, runId = '', step = '0'] = NAME.exec(name) ?? [];
    const png = readFileSync(join(this.#directory, name));
    const stream = this.#services.newStream();
    const begun = await this.#services.ask(
      'upload.begin',
      {
        key: `screenshot/${runId}/${step}`,
        kind: 'screenshot',
        size: png.byteLength,
        sha256: createHash('sha256').update(png).digest('hex'),
        type: 'image/png',
        run_id: runId,
        step: Number(step),
        stream,
      },
      signal,
    );
    if (begun.done) return;
    await this.#services.send(stream, begun.offset, rest(png, begun.offset), signal);
    const { ok } = await this.#services.ask('upload.end', { upload: begun.upload }, signal);
    if (!ok) throw new Error('what arrived differs from what was sent');
  }
}

async function* rest(bytes: Uint8Array, offset: number): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(offset);
}
