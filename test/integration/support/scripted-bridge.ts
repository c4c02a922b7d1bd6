/**
 * The bridge's own process with one scripted part in place of Asterisk: what a test wants to see done once, it can hold,
 * count and break. Started by `TestBridge` with an IPC channel.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../bridge/config.ts';
import { createLog, Mask, type LogLine } from '../../../bridge/log.ts';
import { Refusal, type BridgeServices, type Part } from '../../../bridge/part.ts';
import { CHUNK } from '../../../bridge/protocol/limits.ts';
import { runBridge } from '../../../bridge/run.ts';
import { loadIdentity } from '../../../bridge/tunnel/identity.ts';
import type { ServicesOf } from '../../../bridge/wire.ts';

/** What a test tells the part. */
export type Order =
  | { do: 'log'; texts: string[] }
  | { do: 'release' }
  | { do: 'hold' }
  /** Uploads an invented recording of this size, over every break; stops for the gate at `pauseAt`. */
  | { do: 'upload'; size: number; pauseAt: number };

const config = loadConfig(process.argv[2] ?? '');
const effects = join(config.state_dir, 'effects');

function scriptedPart(services: ServicesOf): Part {
  const own = services('asterisk');
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  process.on('message', (order: Order) => {
    if (order.do === 'hold') gate = Promise.withResolvers<void>();
    else if (order.do === 'release') gate.resolve();
    else if (order.do === 'upload') void upload(own, order, () => gate.promise, note);
    else
      for (const text of order.texts)
        own.emit({ kind: 'bridge.log', data: { level: 'info', part: 'test', text } });
    process.send?.({ done: order.do });
  });
  const note = (what: string): void => appendFileSync(effects, `${what}\n`);
  const act = async (what: string): Promise<void> => {
    note(what);
    await gate.promise;
  };
  return {
    name: 'asterisk',
    handlers: {
      'pbx.queue.pause': async ({ queue, extension }) => {
        await act(`pause ${queue} ${extension}`);
        return {};
      },
      'pbx.queues': async (_, { signal }) => {
        const ended = new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        await Promise.race([gate.promise, ended]);
        return { queues: [] };
      },
    },
    start: () => undefined,
    stop: () => Promise.resolve(),
    check: () => Promise.resolve([]),
  };
}

async function upload(
  { ask, newStream, send, online }: BridgeServices,
  { size, pauseAt }: Extract<Order, { do: 'upload' }>,
  gate: () => Promise<void>,
  note: (what: string) => void,
): Promise<void> {
  const file = Buffer.alloc(size, 'an invented recording, ');
  const sha256 = createHash('sha256').update(file).digest('hex');
  async function* from(offset: number): AsyncGenerator<Uint8Array> {
    for (let at = offset; at < size; at += CHUNK) {
      if (at >= pauseAt) {
        note('upload paused');
        await gate();
      }
      yield file.subarray(at, at + CHUNK);
    }
  }
  for (;;) {
    try {
      await online();
      const stream = newStream();
      const begun = await ask('upload.begin', {
        key: 'recording/main/invented.wav',
        kind: 'recording',
        size,
        sha256,
        type: 'audio/wav',
        pbx: 'main',
        uniqueid: '1.1',
        linkedid: '1.1',
        stream,
      });
      note(`upload begins at ${begun.offset}${begun.done ? ', done' : ''}`);
      if (begun.done) return;
      await send(stream, begun.offset, from(begun.offset));
      const { ok } = await ask('upload.end', { upload: begun.upload });
      note(`upload ended ${ok ? 'well' : 'with another checksum'}`);
      if (ok) return;
    } catch (error) {
      note(`upload broke: ${error instanceof Refusal ? error.code : String(error)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const identity = loadIdentity(config.state_dir);
if (identity === null) throw new Error('enrol it first');
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const mask = new Mask();
const logOf = (part: string, also?: (line: LogLine) => void): ReturnType<typeof createLog> =>
  createLog(
    {
      level: 'info',
      mask,
      now: () => Date.now(),
      write: (line) => process.stderr.write(`${line}\n`),
      readable: false,
      ...(also !== undefined && { also }),
    },
    part,
  );
process.exit(
  await runBridge(
    { config, identity, httpAgent: undefined, logOf, makeParts: (of) => [scriptedPart(of)] },
    stop.signal,
  ),
);
