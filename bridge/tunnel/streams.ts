/** Binary streams to the edge: frames of at most CHUNK bytes, never further ahead than the edge allows. */
import { Refusal } from '../part.ts';
import { encodeFrame } from '../protocol/frames.ts';
import { CHUNK, STREAM_WINDOW } from '../protocol/limits.ts';

/** The edge takes nothing for so long while the tunnel lives: something is wrong with the stream. */
const STALLED_AFTER_MS = 60_000;

interface Stream {
  /** How far the edge said it took it. */
  taken: number;
  /** Woken by anything that may let the sender go on. */
  wake: () => void;
  failure: Refusal | null;
}

export class Streams {
  readonly #sendFrame: (bytes: Uint8Array) => boolean;
  readonly #open = new Map<number, Stream>();
  #next = 0;

  constructor(sendFrame: (bytes: Uint8Array) => boolean) {
    this.#sendFrame = sendFrame;
  }

  newStream(): number {
    // 32 bits in a frame's head; nobody opens as many on one connection.
    this.#next = this.#next >= 0xff_ff_ff_ff ? 1 : this.#next + 1;
    return this.#next;
  }

  /** The edge took everything up to `offset`. */
  window(stream: number, offset: number): void {
    const known = this.#open.get(stream);
    if (known === undefined || offset <= known.taken) return;
    known.taken = offset;
    known.wake();
  }

  /** The tunnel broke: what was on its way is lost. */
  broken(): void {
    for (const stream of this.#open.values()) fail(stream, new Refusal('OFFLINE', 'the tunnel broke'));
  }

  /** Sends everything from `offset` on; resolves when the edge has taken the last byte. @throws Refusal */
  async send(
    id: number,
    offset: number,
    bytes: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#open.has(id)) throw new Refusal('INTERNAL', `stream ${id} is being sent already`);
    const stream: Stream = { taken: offset, wake: () => undefined, failure: null };
    const cancel = (): void => fail(stream, new Refusal('CANCELLED', 'the stream was given up'));
    this.#open.set(id, stream);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    try {
      // The answer that tells of the stream goes out first, also when a verb's handler begins to send before it returns.
      await new Promise((resolve) => setImmediate(resolve));
      let at = offset;
      for await (const { payload, last } of chunks(bytes)) {
        await until(stream, () => at + payload.byteLength - stream.taken <= STREAM_WINDOW);
        if (!this.#sendFrame(encodeFrame({ stream: id, offset: at, last, payload }))) {
          throw new Refusal('OFFLINE', 'the tunnel is down');
        }
        at += payload.byteLength;
      }
      await until(stream, () => stream.taken >= at);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#open.delete(id);
    }
  }
}

function fail(stream: Stream, why: Refusal): void {
  stream.failure ??= why;
  stream.wake();
}

async function until(stream: Stream, ready: () => boolean): Promise<void> {
  for (;;) {
    if (stream.failure !== null) throw stream.failure;
    if (ready()) return;
    const taken = stream.taken;
    const woken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), STALLED_AFTER_MS);
      stream.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    if (!woken && stream.taken === taken) {
      throw new Refusal('DEADLINE', `the edge took nothing of the stream for ${STALLED_AFTER_MS / 1_000} s`);
    }
  }
}

/** Pieces of CHUNK bytes, the last one marked; one empty last piece of nothing. */
async function* chunks(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ payload: Uint8Array; last: boolean }> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const piece of source) {
    let joined = rest.byteLength === 0 ? piece : Buffer.concat([rest, piece]);
    // One piece is kept back always: only the end of the source tells which one is the last.
    while (joined.byteLength > CHUNK) {
      yield { payload: joined.subarray(0, CHUNK), last: false };
      joined = joined.subarray(CHUNK);
    }
    rest = joined;
  }
  yield { payload: rest, last: true };
}
