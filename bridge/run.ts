/** The running bridge: its parts around the tunnel, from the start to a stop in order. */
import type { Agent } from 'node:http';
import { helloConfig, thisAgent } from './agent.ts';
import type { BridgeConfig } from './config.ts';
import type { LogLine } from './log.ts';
import { createPageLog } from './page-log.ts';
import type { Logger, Part } from './part.ts';
import type { Identity } from './tunnel/identity.ts';
import { Journal } from './tunnel/journal.ts';
import { Tunnel } from './tunnel/tunnel.ts';
import { tunnelServices, type ServicesOf } from './wire.ts';

/** A part that does not stop by then is left behind. */
const PART_STOP_MS = 3_000;

interface RunOptions {
  config: BridgeConfig;
  identity: Identity;
  httpAgent: Agent | undefined;
  logOf: (part: string, also?: (line: LogLine) => void) => Logger;
  makeParts: (services: ServicesOf) => Part[];
}

/**
 * Runs until `stop` is aborted (answers 0), or the edge refuses the bridge for good (answers 3).
 * @throws JournalError when another bridge has the state directory
 */
export async function runBridge(
  { config, identity, httpAgent, logOf, makeParts }: RunOptions,
  stop: AbortSignal,
): Promise<0 | 3> {
  const journal = new Journal(config.state_dir);
  const ended = Promise.withResolvers<{ code: 0 | 3; reason: string }>();
  const own = logOf('tunnel');
  const agent = thisAgent();
  const tunnel = new Tunnel({
    identity,
    edge: config.edge,
    httpAgent,
    journal,
    maxJournalBytes: config.journal_mb * 1024 * 1024,
    agent,
    config: helloConfig(config),
    log: own,
    refused: (reason) => ended.resolve({ code: 3, reason }),
  });
  const tell = createPageLog(tunnel.emit, () => performance.now());
  const parts = makeParts(tunnelServices(tunnel, config.state_dir, (part) => logOf(part, tell)));
  own.info('the bridge starts', {
    version: agent.version,
    name: identity.name,
    pbx: config.pbx.map(({ name }) => name),
    parts: parts.map(({ name }) => name),
  });
  for (const part of parts) part.start();
  tunnel.start(parts);
  const stopped = (): void => ended.resolve({ code: 0, reason: 'the bridge was stopped' });
  if (stop.aborted) stopped();
  else stop.addEventListener('abort', stopped, { once: true });
  const { code, reason } = await ended.promise;
  own.info('the bridge stops', { reason });
  await tunnel.drain();
  await stopParts(parts, own);
  await tunnel.close(reason);
  journal.close();
  own.info('the bridge has stopped');
  return code;
}

async function stopParts(parts: readonly Part[], log: Logger): Promise<void> {
  await Promise.all(
    parts.map(async (part) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), PART_STOP_MS);
      });
      try {
        if ((await Promise.race([part.stop(), late])) === 'late')
          log.warn('a part did not stop in time', { of: part.name });
      } catch (error) {
        log.warn('a part did not stop cleanly', { of: part.name, error });
      } finally {
        clearTimeout(timer);
      }
    }),
  );
}
