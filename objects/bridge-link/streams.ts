import type { Frame } from '../../bridge/protocol/frames';

/** A screen is a few megabytes at most. */
export const MAX_RECEIVED = 16 * 1024 * 1024;
/** The sender hears how far we are this often. */
export const TELL_EVERY = 256 * 1024;

interface Receiving {
  bytes: Uint8Array;
  offset: number;
  told: number;
  done: (bytes: Uint8Array | null) => void;
}

/** Streams of binary frames that are collected in memory: pictures of screens. */
export class MemoryStreams {
  readonly #open = new Map<number, Receiving>();

  constructor(private readonly window: (stream: number, offset: number) => void) {}

  /** All bytes of a stream the bridge announced; null when it broke off. */
  expect(stream: number, size: number): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      if (size > MAX_RECEIVED || this.#open.has(stream)) return resolve(null);
      if (size === 0) return resolve(new Uint8Array(0));
      this.#open.set(stream, { bytes: new Uint8Array(size), offset: 0, told: 0, done: resolve });
    });
  }

  /** False: nobody waits for this stream. */
  take(frame: Frame): boolean {
    const receiving = this.#open.get(frame.stream);
    if (receiving === undefined) return false;
    const end = frame.offset + frame.payload.byteLength;
    if (frame.offset !== receiving.offset || end > receiving.bytes.byteLength) {
      this.stop(frame.stream);
      return true;
    }
    receiving.bytes.set(frame.payload, frame.offset);
    receiving.offset = end;
    const isWhole = end === receiving.bytes.byteLength;
    if (isWhole || end - receiving.told >= TELL_EVERY) {
      receiving.told = end;
      this.window(frame.stream, end);
    }
    if (isWhole) {
      this.#open.delete(frame.stream);
      receiving.done(receiving.bytes);
    } else if (frame.last) this.stop(frame.stream);
    return true;
  }

  stop(stream: number): void {
    const receiving = this.#open.get(stream);
    this.#open.delete(stream);
    receiving?.done(null);
  }

  /** The tunnel broke. */
  clear(): void {
    for (const stream of this.#open.keys()) this.stop(stream);
  }
}
