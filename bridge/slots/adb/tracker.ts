/**
 * Follows the ADB server's list of devices by its own events. The list is read from the server's `track-devices-l`
 * directly, because the client's observer leaves out the USB path and every state but three.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdbServerClient } from '@yume-chan/adb';
import type { Logger } from '../../part.ts';
import { parseDevices, type Device } from './devices.ts';
import type { ServerProcess } from './server.ts';
import { wordsOf } from './shell.ts';

const FIRST_LIST_WITHIN_MS = 5_000;
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 2_000;
/** How often a network phone that is not listed is connected to again. */
const RECONNECT_MS = 1_500;

export interface TrackerEvents {
  devices(devices: Device[]): void;
  /** The server is gone; `problem` in words with what to do. Told once until it is back. */
  down(problem: string): void;
}

export class Tracker {
  readonly #client: AdbServerClient;
  readonly #server: ServerProcess;
  readonly #connect: readonly string[];
  readonly #events: TrackerEvents;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #done: Promise<unknown> = Promise.resolve();
  #listed = new Map<string, Device>();
  #up = false;

  constructor(
    client: AdbServerClient,
    server: ServerProcess,
    connect: readonly string[],
    events: TrackerEvents,
    log: Logger,
  ) {
    this.#client = client;
    this.#server = server;
    this.#connect = connect;
    this.#events = events;
    this.#log = log;
  }

  start(): void {
    this.#done = Promise.all([
      this.#follow(),
      ...this.#connect.map((address) => this.#keepConnected(address)),
    ]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    let wait = RETRY_MIN_MS;
    let told = false;
    while (!this.#stop.signal.aborted) {
      let problem: string;
      try {
        for await (const list of this.#lists()) {
          wait = RETRY_MIN_MS;
          told = false;
          this.#up = true;
          this.#listed = new Map(list.map((device) => [device.serial, device]));
          this.#events.devices(list);
        }
        problem = 'it closed the connection';
      } catch (error) {
        problem = wordsOf(error);
      }
      if (this.#stop.signal.aborted) return;
      this.#up = false;
      this.#listed = new Map();
      this.#server.start();
      if (!told) {
        told = true;
        this.#log.warn('the ADB server can not be reached', { problem });
        this.#events.down(this.#inWords(problem));
      } else if (this.#server.problem) {
        this.#events.down(this.#inWords(problem));
      }
      await this.#pause(wait);
      wait = Math.min(wait * 2, RETRY_MAX_MS);
    }
  }

  #inWords(problem: string): string {
    const words = `The bridge can't reach its ADB server (${problem}).`;
    if (this.#server.problem) {
      return `${words} ${this.#server.problem} Install Android's platform tools, or set program in [slots].`;
    }
    return this.#server.mayStart ? words : `${words} Start it: adb start-server.`;
  }

  async *#lists(): AsyncGenerator<Device[]> {
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(new Error('stopped'));
    this.#stop.signal.addEventListener('abort', abort, { once: true });
    // A server that listens and says nothing is as good as none; later it may be silent as long as nothing changes.
    const timer = setTimeout(() => attempt.abort(new Error('it does not answer')), FIRST_LIST_WITHIN_MS);
    try {
      const stream = await this.#client.createConnection('host:track-devices-l', { signal: attempt.signal });
      try {
        while (!attempt.signal.aborted) {
          const list = await stream.readString();
          clearTimeout(timer);
          yield parseDevices(list);
        }
      } finally {
        void stream.dispose().catch(() => {});
      }
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.#stop.signal.removeEventListener('abort', abort);
    }
  }

  /** ADB forgets network phones when its server restarts, and gives one up after a while of silence. */
  async #keepConnected(address: string): Promise<void> {
    let told = '';
    while (!this.#stop.signal.aborted) {
      const device = this.#listed.get(address);
      if (this.#up && device === undefined) {
        try {
          await this.#client.wireless.connect(address);
          told = '';
        } catch (error) {
          const words = wordsOf(error);
          if (words !== told && !words.startsWith('already connected')) {
            told = words;
            this.#log.warn('a network phone can not be connected', { address, words });
          }
        }
      }
      await this.#pause(RECONNECT_MS);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
