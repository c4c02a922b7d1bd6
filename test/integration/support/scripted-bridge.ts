/**
 * The bridge's own process with one scripted part in place of Asterisk: what a test wants to see done once, it can hold,
 * count and break. Started by `TestBridge` with an IPC channel.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../bridge/config.ts';
import { createLog, Mask, type LogLine } from '../../../bridge/log.ts';
import type { Part } from '../../../bridge/part.ts';
import { runBridge } from '../../../bridge/run.ts';
import { loadIdentity } from '../../../bridge/tunnel/identity.ts';
import type { ServicesOf } from '../../../bridge/wire.ts';

/** What a test tells the part. */
export type Order = { do: 'log'; texts: string[] } | { do: 'release' } | { do: 'hold' };

const config = loadConfig(process.argv[2] ?? '');
const effects = join(config.state_dir, 'effects');

function scriptedPart(services: ServicesOf): Part {
  const own = services('asterisk');
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  process.on('message', (order: Order) => {
    if (order.do === 'hold') gate = Promise.withResolvers<void>();
    else if (order.do === 'release') gate.resolve();
    else
      for (const text of order.texts)
        own.emit({ kind: 'bridge.log', data: { level: 'info', part: 'test', text } });
    process.send?.({ done: order.do });
  });
  const act = async (what: string): Promise<void> => {
    appendFileSync(effects, `${what}\n`);
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
