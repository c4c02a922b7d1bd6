/**
 * Takes complete recordings to the edge, one at a time: fetched to a file here, sent from it. So a break of SSH costs the
 * fetch and a break of the tunnel costs nothing, for the edge says how far it has it.
 */
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type BridgeServices } from '../../part.ts';
import type { EdgeArgs } from '../../protocol/verbs.ts';
import type { AsteriskHost } from '../host.ts';
import { fetchRecording, NotFetchable, type Fetched } from './fetch.ts';
import { insideDirectory, mediaType, uploadKey } from './files.ts';
import type { Recording, RecordingStore } from './store.ts';

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** A file that is missing so often is gone; at the longest waits this is about two days. */
const MISSING_TRIES = 300;
/** While nothing waits, only a new recording wakes it; while a PBX is away, it looks now and then. */
const LOOK_EVERY_MS = 5_000;

/** When to try again after so many tries: doubling, ten minutes at most. */
export const retryDelay = (attempts: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 20));

export class Uploader {
  readonly #services: BridgeServices;
  readonly #store: RecordingStore;
  readonly #hosts: () => readonly AsteriskHost[];
  readonly #spool: string;
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;
  #wake: () => void = () => undefined;
  /** What lies in the spool, complete: by recording. */
  readonly #fetched = new Map<number, Fetched>();

  constructor(services: BridgeServices, store: RecordingStore, hosts: () => readonly AsteriskHost[]) {
    this.#services = services;
    this.#store = store;
    this.#hosts = hosts;
    this.#spool = join(services.stateDir, 'spool');
  }

  start(): void {
    if (this.#loop) return;
    mkdirSync(this.#spool, { recursive: true, mode: 0o700 });
    // Of an earlier run, maybe incomplete: the PBX still has them.
    for (const file of readdirSync(this.#spool)) rmSync(join(this.#spool, file), { force: true });
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#loop;
  }

  /** A recording may be ready, or a PBX is back. */
  wake(): void {
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const names = this.#hosts()
        .filter(({ ssh }) => ssh?.up)
        .map(({ name }) => name);
      const recording = this.#store.due(names, Date.now());
      if (recording) await this.#try(recording, signal);
      else await this.#idle(signal);
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const next = this.#store.nextDue();
    const wait = next === null ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, Math.max(200, next - Date.now()));
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, sleep(wait, undefined, { signal, ref: false }).catch(() => undefined)]);
  }

  async #try(recording: Recording, signal: AbortSignal): Promise<void> {
    const { id, attempts } = recording;
    try {
      await this.#take(recording, signal);
      this.#store.done(id, Date.now());
      this.#forget(id);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      const missing = /no such file/.test(reason);
      if (error instanceof NotFetchable || (missing && attempts >= MISSING_TRIES)) {
        this.#store.giveUp(id, reason);
        this.#forget(id);
        this.#services.log.warn('a recording is not uploaded', {
          pbx: recording.pbx,
          file: recording.path,
          reason,
        });
        return;
      }
      if (error instanceof Refusal && error.code === 'OFFLINE') {
        // No fault of the recording's: it goes on as soon as the tunnel is up.
        await this.#services.online(signal).catch(() => undefined);
      } else {
        this.#store.retry(id, Date.now() + retryDelay(attempts), reason);
      }
    }
  }

  async #take(recording: Recording, signal: AbortSignal): Promise<void> {
    const host = this.#hosts().find(({ name }) => name === recording.pbx);
    const settings = host?.config.recordings;
    if (!host?.ssh || !settings) throw new NotFetchable('recordings of this PBX are not fetched any more');
    const relative = insideDirectory(settings.directory, recording.path);
    if (relative === null) throw new NotFetchable(`it lies outside of ${settings.directory}`);
    const type = mediaType(relative);
    if (type === null) throw new NotFetchable('files of this kind are not played back');

    const file = join(this.#spool, String(recording.id));
    let fetched = this.#fetched.get(recording.id);
    if (!fetched) {
      const maxBytes = settings.max_mb * 1024 * 1024;
      fetched = await host.ssh.sftp((sftp) =>
        fetchRecording(sftp, settings.directory, relative, { target: file, maxBytes, signal }),
      );
      this.#fetched.set(recording.id, fetched);
    }
    const { pbx, uniqueid, linkedid } = recording;
    await this.#upload(
      file,
      {
        key: uploadKey(pbx, uniqueid, relative),
        kind: 'recording',
        type,
        pbx,
        uniqueid,
        linkedid,
        ...fetched,
      },
      signal,
    );
  }

  async #upload(
    file: string,
    what: Omit<EdgeArgs<'upload.begin'>, 'stream'>,
    signal: AbortSignal,
  ): Promise<void> {
    const stream = this.#services.newStream();
    const { upload, offset, done } = await this.#services.ask('upload.begin', { ...what, stream }, signal);
    if (done) return;
    if (offset < statSync(file).size) {
      const bytes = createReadStream(file, { start: offset, highWaterMark: 64 * 1024 });
      await this.#services.send(stream, offset, bytes, signal);
    }
    const { ok } = await this.#services.ask('upload.end', { upload }, signal);
    if (!ok) throw new Error('the edge received something else than was sent');
  }

  #forget(id: number): void {
    this.#fetched.delete(id);
    rmSync(join(this.#spool, String(id)), { force: true });
  }
}
