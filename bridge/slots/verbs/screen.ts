/** What is on a phone's screen, as a PNG. */
import { Refusal, type Handler } from '../../part.ts';
import { wordsOf } from '../adb/shell.ts';
import type { SlotContext } from '../context.ts';
import type { Slot } from '../slot.ts';

const WITHIN_MS = 12_000;
const MAX_BYTES = 16 * 1024 * 1024;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const END = Buffer.from('IEND\xae\x42\x60\x82', 'latin1');

/** A constant. */
const SCREENCAP = 'exec screencap -p';

/**
 * The PNG in what `screencap -p` printed. Some phones print a warning (several displays) before it.
 * @throws Refusal SLOT_FAILED when there is none, or only a part of one
 */
export function pngOf(stdout: Buffer, stderr: string): Buffer {
  const start = stdout.subarray(0, 4_096).indexOf(SIGNATURE);
  if (start < 0) {
    const words = (stderr || stdout.subarray(0, 300).toString('utf8')).trim().slice(0, 300);
    throw new Refusal('SLOT_FAILED', `The phone gave no picture of its screen${words ? `: ${words}` : '.'}`);
  }
  const png = stdout.subarray(start);
  if (png.byteLength < 60 || !png.subarray(-END.byteLength).equals(END)) {
    throw new Refusal('SLOT_FAILED', 'The picture of the screen broke off.');
  }
  return png;
}

/** Pictures the screen. Whoever asks while one is being taken gets that one. @throws Refusal */
export class Screens {
  readonly #taking = new Map<string, Promise<Buffer>>();

  async take(registry: SlotContext['registry'], slot: Slot, signal?: AbortSignal): Promise<Buffer> {
    const going = this.#taking.get(slot.key);
    if (going) {
      try {
        return await going;
      } catch (error) {
        // Whoever asked first gave up; that is no answer to the others.
        if (!(error instanceof Refusal) || error.code !== 'CANCELLED' || signal?.aborted) throw error;
        return this.take(registry, slot, signal);
      }
    }
    const taking = (async () => {
      const result = await registry.run(slot, SCREENCAP, {
        timeoutMs: WITHIN_MS,
        maxBytes: MAX_BYTES,
        ...(signal && { signal }),
      });
      if (result.truncated) throw new Refusal('SLOT_FAILED', 'The picture of the screen is over 16 MiB.');
      if (result.timedOut) throw new Refusal('SLOT_FAILED', 'The phone took too long to picture its screen.');
      return pngOf(result.stdout, result.stderr.toString('utf8'));
    })();
    this.#taking.set(slot.key, taking);
    try {
      return await taking;
    } finally {
      this.#taking.delete(slot.key);
    }
  }
}

export const screenHandler = (
  { registry, services, stop }: SlotContext,
  screens: Screens,
): Handler<'slot.screen'> => {
  return async (args) => {
    const slot = registry.usable(args.slot);
    const png = await screens.take(registry, slot);
    const stream = services.newStream();
    // The answer names the stream, so the frames go out after it: sending waits for nothing here.
    setImmediate(() => {
      services.send(stream, 0, once(png), stop).catch((error: unknown) => {
        services.log.warn('a picture of a screen did not get through', {
          slot: slot.key,
          error: wordsOf(error),
        });
      });
    });
    return { stream, size: png.byteLength };
  };
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
