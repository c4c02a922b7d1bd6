/** Recordings and screenshots on their way from the bridge into R2: in parts, resumable, proved by their checksum. */
import type { Frame } from '../../bridge/protocol/frames';
import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import type { EdgeMessage } from '../../bridge/protocol/messages';
import type { EdgeResult } from '../../bridge/protocol/verbs';
import type { LogLine } from './contract';
import { PartBuffer } from './part-buffer';
import { TELL_EVERY } from './streams';
import { UploadStore, type UploadArgs, type UploadRow } from './upload-store';

/** Uploads at one time: each holds up to two parts in memory. */
const MAX_ACTIVE = 4;
/** As the bridge's configuration allows at most. */
const MAX_SIZE = 2_000 * 1024 * 1024;
/** An upload is given up by the object's memory (not by its storage) when nothing came for so long. */
const IDLE_MS = 60_000;
const FORGET_OPEN_MS = 7 * 86_400_000;
const FORGET_DONE_MS = 90 * 86_400_000;

export class UploadRefusal extends Error {
  constructor(
    readonly code: BridgeErrorCode,
    message: string,
  ) {
    super(message);
  }
}

interface Active {
  id: string;
  stream: number;
  /** The next byte that is expected. */
  offset: number;
  told: number;
  buffer: PartBuffer;
  /** Number of the next part. */
  number: number;
  /** Parts on their way to R2, one behind the other. */
  storing: Promise<void>;
  pending: number;
  failed: string | null;
  idle: ReturnType<typeof setTimeout> | undefined;
}

interface UploadParts {
  sql: SqlStorage;
  bucket: R2Bucket;
  now(): number;
  /** Where a file belongs in R2. */
  blobKey(id: string, args: UploadArgs): string;
  tell(message: EdgeMessage): boolean;
  /** Tells those a stored file belongs to; may be called again for the same one. A throw: not told, later again. */
  stored(row: UploadRow): Promise<void>;
  log(level: LogLine['level'], part: string, text: string): void;
}

export class Uploads {
  readonly #store: UploadStore;
  readonly #active = new Map<number, Active>();
  readonly #ending = new Map<string, Promise<EdgeResult<'upload.end'>>>();

  constructor(private readonly parts: UploadParts) {
    this.#store = new UploadStore(parts.sql, parts.now);
  }

  /** @throws UploadRefusal */
  async begin(args: UploadArgs): Promise<EdgeResult<'upload.begin'>> {
    const lacks = missing(args);
    if (lacks !== null) throw new UploadRefusal('INVALID_ARGS', lacks);
    const row = await this.#row(args);
    if (row.state === 'stored') await this.#finish(row);
    if (row.state !== 'open') return { upload: row.id, offset: args.size, done: true };
    for (const active of this.#active.values()) if (active.id === row.id) this.#drop(active);
    if (this.#active.size >= MAX_ACTIVE)
      throw new UploadRefusal('OVERLOADED', `${MAX_ACTIVE} uploads are under way`);
    const kept = this.#store.parts(row.id);
    const offset = kept.reduce((sum, part) => sum + part.size, 0);
    const active: Active = {
      id: row.id,
      stream: args.stream,
      offset,
      told: offset,
      buffer: new PartBuffer(),
      number: kept.length + 1,
      storing: Promise.resolve(),
      pending: 0,
      failed: null,
      idle: undefined,
    };
    this.#active.set(args.stream, active);
    this.#stayAwake(active);
    return { upload: row.id, offset, done: false };
  }

  /** False: no upload runs on this stream. */
  take(frame: Frame): boolean {
    const active = this.#active.get(frame.stream);
    if (active === undefined) return false;
    this.#stayAwake(active);
    const size = this.#store.byId(active.id)?.args.size ?? 0;
    const end = frame.offset + frame.payload.byteLength;
    if (frame.offset !== active.offset || end > size)
      active.failed ??= `bytes ${frame.offset} to ${end} came where ${active.offset} of ${size} was expected`;
    active.offset = end;
    // A failed one is read to its end, so that the bridge comes to ask how it went.
    if (active.failed === null) {
      active.buffer.add(frame.payload);
      for (let part = active.buffer.part(); part !== null; part = active.buffer.part())
        this.#put(active, part);
    }
    this.#tellWindow(active, frame.last);
    return true;
  }

  /** @throws UploadRefusal */
  end(id: string): Promise<EdgeResult<'upload.end'>> {
    // Asked again while a large file is still being read: the same answer.
    const running = this.#ending.get(id);
    if (running !== undefined) return running;
    const ending = this.#end(id).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ending);
    return ending;
  }

  async #end(id: string): Promise<EdgeResult<'upload.end'>> {
    const row = this.#store.byId(id);
    if (row === null) throw new UploadRefusal('NOT_FOUND', 'there is no such upload: begin it anew');
    if (row.state === 'open') {
      const active = [...this.#active.values()].find((one) => one.id === id);
      if (active !== undefined) {
        await this.#flush(active, row.args.size);
        this.#drop(active);
      }
      if (!(await this.#complete(row))) return { ok: false };
    }
    await this.#finish({ ...row, state: row.state === 'open' ? 'stored' : row.state });
    return { ok: true };
  }

  /** The tunnel broke: what R2 has stays, the rest comes again. */
  clear(): void {
    for (const active of this.#active.values()) this.#drop(active);
  }

  /** Tells again of what was stored and not told, gives up what nobody goes on with, forgets what is done for long. */
  async tidy(now: number): Promise<void> {
    for (const row of this.#store.inState('stored')) await this.#finish(row);
    for (const row of this.#store.untouchedSince(now - FORGET_OPEN_MS)) {
      if (row.state === 'open') await this.#abandon(row);
    }
    for (const row of this.#store.untouchedSince(now - FORGET_DONE_MS)) this.#store.remove(row.id);
  }

  /** The upload of a file: the one there is, or a new one where the file is another than before. */
  async #row(args: UploadArgs): Promise<UploadRow> {
    const known = this.#store.byKey(args.key);
    if (known !== null && known.args.sha256 === args.sha256 && known.args.size === args.size) return known;
    if (known?.state === 'open') await this.#abandon(known);
    else if (known !== null) this.#store.remove(known.id);
    const id = crypto.randomUUID();
    const row: UploadRow = {
      id,
      args,
      blobKey: this.parts.blobKey(id, args),
      multipart: null,
      state: 'open',
    };
    // Another request for the same file may have been faster while R2 was asked.
    const meanwhile = this.#store.byKey(args.key);
    if (meanwhile !== null) return meanwhile;
    this.#store.add(row);
    return row;
  }

  #put(active: Active, part: Uint8Array): void {
    const number = active.number;
    active.number += 1;
    active.pending += 1;
    active.storing = active.storing
      .then(() => (active.failed === null ? this.#storePart(active.id, number, part) : undefined))
      .catch((error: unknown) => {
        active.failed ??= `part ${number} could not be stored: ${String(error)}`;
      })
      .finally(() => {
        active.pending -= 1;
        this.#tellWindow(active, true);
      });
  }

  async #storePart(id: string, number: number, part: Uint8Array): Promise<void> {
    const row = this.#store.byId(id);
    if (row === null) throw new Error('the upload was given up');
    let { multipart } = row;
    if (multipart === null) {
      const made = await this.parts.bucket.createMultipartUpload(row.blobKey, {
        httpMetadata: { contentType: row.args.type },
      });
      multipart = made.uploadId;
      this.#store.set(id, { multipart });
    }
    const upload = this.parts.bucket.resumeMultipartUpload(row.blobKey, multipart);
    const { etag } = await upload.uploadPart(number, part);
    this.#store.addPart(id, { number, etag, size: part.byteLength });
  }

  /** Stores the last part and waits for all. @throws UploadRefusal where one could not be stored */
  async #flush(active: Active, size: number): Promise<void> {
    if (active.offset !== size) active.failed ??= `${active.offset} of ${size} bytes arrived: begin again`;
    if (active.failed === null && active.buffer.size > 0) this.#put(active, active.buffer.rest());
    await active.storing;
    if (active.failed === null) return;
    this.#drop(active);
    throw new UploadRefusal('INTERNAL', active.failed);
  }

  /** Makes one object of the parts and proves it. False: it is not what was announced; the upload starts anew. */
  async #complete(row: UploadRow): Promise<boolean> {
    const { args, blobKey } = row;
    const kept = this.#store.parts(row.id);
    const arrived = kept.reduce((sum, part) => sum + part.size, 0);
    if (arrived !== args.size)
      throw new UploadRefusal('INVALID_ARGS', `${arrived} of ${args.size} bytes arrived: begin again`);
    const multipart = this.#store.byId(row.id)?.multipart;
    if (multipart) {
      try {
        await this.parts.bucket
          .resumeMultipartUpload(blobKey, multipart)
          .complete(kept.map(({ number, etag }) => ({ partNumber: number, etag })));
      } catch (error) {
        // It may have been completed right before a crash; what is there is judged below.
        if ((await this.parts.bucket.head(blobKey)) === null) return this.#startAnew(row, String(error));
      }
    }
    const digest = await this.#digest(blobKey);
    if (digest !== args.sha256) return this.#startAnew(row, 'its checksum differs');
    this.#store.set(row.id, { state: 'stored', multipart: null });
    this.#store.forgetParts(row.id);
    return true;
  }

  async #startAnew(row: UploadRow, why: string): Promise<false> {
    this.parts.log('warn', 'tunnel', `${row.args.key} did not arrive well and is asked for again: ${why}`);
    await this.#abandon(row);
    return false;
  }

  /** SHA-256 of an object as it lies in R2, streamed; null when it is not there. */
  async #digest(blobKey: string): Promise<string | null> {
    const object = await this.parts.bucket.get(blobKey);
    if (object === null) return null;
    const stream = new crypto.DigestStream('SHA-256');
    await object.body.pipeTo(stream);
    return [...new Uint8Array(await stream.digest)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  }

  async #finish(row: UploadRow): Promise<void> {
    if (row.state === 'done') return;
    await this.parts.stored(row);
    this.#store.set(row.id, { state: 'done' });
  }

  async #abandon({ id }: UploadRow): Promise<void> {
    const row = this.#store.byId(id);
    if (row === null) return;
    this.#store.remove(id);
    for (const active of this.#active.values()) if (active.id === row.id) this.#drop(active);
    try {
      if (row.multipart !== null)
        await this.parts.bucket.resumeMultipartUpload(row.blobKey, row.multipart).abort();
      await this.parts.bucket.delete(row.blobKey);
    } catch (error) {
      // Nothing points to it any more; R2 forgets unfinished uploads by itself.
      console.warn(`bridge link: ${row.blobKey} not removed (${String(error)})`);
    }
  }

  /** A second part waits for the first one: further bytes are asked for when it is stored. */
  #tellWindow(active: Active, always: boolean): void {
    if (active.pending > 1 && active.failed === null) return;
    if (active.offset === active.told || (!always && active.offset - active.told < TELL_EVERY)) return;
    if (this.#active.get(active.stream) !== active) return;
    active.told = active.offset;
    this.parts.tell({ t: 'window', stream: active.stream, offset: active.offset });
  }

  /** What lies in memory would be lost if the object slept. */
  #stayAwake(active: Active): void {
    clearTimeout(active.idle);
    active.idle = setTimeout(() => this.#drop(active), IDLE_MS);
  }

  #drop(active: Active): void {
    clearTimeout(active.idle);
    if (this.#active.get(active.stream) === active) this.#active.delete(active.stream);
  }
}

/** What a file of this kind must say of itself. */
function missing(args: UploadArgs): string | null {
  if (args.size > MAX_SIZE) return `larger than ${MAX_SIZE / 1024 / 1024} MiB`;
  if (args.kind === 'recording')
    return args.pbx === undefined || args.uniqueid === undefined || args.linkedid === undefined
      ? 'a recording needs pbx, uniqueid and linkedid'
      : null;
  return args.run_id === undefined || args.step === undefined ? 'a screenshot needs run_id and step' : null;
}
