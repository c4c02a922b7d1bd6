import { describe, expect, it } from 'vitest';
import { Refusal } from '../part.ts';
import { decodeFrame, type Frame } from '../protocol/frames.ts';
import { CHUNK, STREAM_WINDOW } from '../protocol/limits.ts';
import { Streams } from './streams.ts';

async function* pieces(total: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < total; at += size) {
    await Promise.resolve();
    yield Uint8Array.from({ length: Math.min(size, total - at) }, (_, index) => (at + index) % 251);
  }
}

/** An edge that takes frames when it is let. */
function edge(takes = true) {
  const frames: Frame[] = [];
  const state = { online: true, takes };
  const streams = new Streams((bytes) => {
    const frame = decodeFrame(bytes);
    if (!state.online || frame === null) return false;
    frames.push(frame);
    if (state.takes)
      setImmediate(() => streams.window(frame.stream, frame.offset + frame.payload.byteLength));
    return true;
  });
  return { frames, state, streams };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('a stream', () => {
  it.each([
    [0, 10],
    [1, 10],
    [CHUNK, CHUNK],
    [CHUNK + 1, 1_000],
    [3 * CHUNK - 5, 7 * CHUNK],
  ])(
    'of %i bytes in pieces of %i arrives whole, in order, with its last frame marked',
    async (total, size) => {
      const { frames, streams } = edge();
      await streams.send(streams.newStream(), 100, pieces(total, size));
      const bytes = Buffer.concat(frames.map(({ payload }) => payload));
      expect(bytes.byteLength).toBe(total);
      expect(bytes.every((byte: number, index: number) => byte === index % 251)).toBe(true);
      expect(frames.map(({ last }) => last)).toEqual(frames.map((_, index) => index === frames.length - 1));
      expect(frames[0]?.offset).toBe(100);
      expect(frames.every(({ payload }) => payload.byteLength <= CHUNK)).toBe(true);
    },
  );

  it('is never further ahead than the window, and reads no further than it may send', async () => {
    const { frames, streams, state } = edge(false);
    const sending = streams.send(7, 0, pieces(4 * STREAM_WINDOW, CHUNK));
    await expect.poll(() => frames.length).toBe(STREAM_WINDOW / CHUNK);
    await soon();
    expect(frames).toHaveLength(STREAM_WINDOW / CHUNK);
    state.takes = true;
    streams.window(7, STREAM_WINDOW);
    await sending;
    expect(frames.at(-1)?.last).toBe(true);
  });

  it('ends with OFFLINE when the tunnel breaks, waiting or sending', async () => {
    const waiting = edge(false);
    const stuck = waiting.streams.send(1, 0, pieces(4 * STREAM_WINDOW, CHUNK));
    await expect.poll(() => waiting.frames.length).toBe(STREAM_WINDOW / CHUNK);
    waiting.streams.broken();
    await expect(stuck).rejects.toMatchObject({ code: 'OFFLINE' });

    const down = edge();
    down.state.online = false;
    await expect(down.streams.send(1, 0, pieces(10, 10))).rejects.toBeInstanceOf(Refusal);
  });

  it('can be given up', async () => {
    const { streams } = edge(false);
    const giveUp = new AbortController();
    const sending = streams.send(1, 0, pieces(4 * STREAM_WINDOW, CHUNK), giveUp.signal);
    giveUp.abort();
    await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('has a number of its own', () => {
    const { streams } = edge();
    expect(new Set([streams.newStream(), streams.newStream(), streams.newStream()]).size).toBe(3);
  });

  it('begins after the answer that tells of it, though it is begun before', async () => {
    const { frames, streams } = edge();
    const sending = streams.send(1, 0, pieces(10, 10));
    await Promise.resolve();
    expect(frames).toHaveLength(0);
    await sending;
    expect(frames).toHaveLength(1);
  });
});
