import { encodeFrame } from '../../../bridge/protocol/frames.ts';
import { CHUNK, STREAM_WINDOW } from '../../../bridge/protocol/limits.ts';

/** Sends bytes as frames and waits whenever it is a window ahead of what the edge said it took. */
export class StreamSender {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #open = new Map<number, { taken: number; wake: () => void; broken: boolean }>();
  #last = 0;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** @throws Error when the tunnel breaks on the way */
  async send(stream: number, bytes: Uint8Array, from: number): Promise<void> {
    const state = { taken: from, wake: () => {}, broken: false };
    this.#open.set(stream, state);
    try {
      for (let offset = from; offset < bytes.byteLength; offset += CHUNK) {
        while (offset - state.taken >= STREAM_WINDOW && !state.broken)
          await new Promise<void>((settle) => (state.wake = settle));
        if (state.broken) throw new Error('the tunnel broke while bytes were sent');
        const payload = bytes.subarray(offset, offset + CHUNK);
        this.#send(encodeFrame({ stream, offset, last: offset + CHUNK >= bytes.byteLength, payload }));
      }
    } finally {
      this.#open.delete(stream);
    }
  }

  taken(stream: number, offset: number): void {
    const state = this.#open.get(stream);
    if (!state) return;
    state.taken = Math.max(state.taken, offset);
    state.wake();
  }

  broken(): void {
    for (const state of this.#open.values()) {
      state.broken = true;
      state.wake();
    }
  }
}
