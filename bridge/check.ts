/** `--check`: tries everything the configuration promises, and says what to do about what does not work. */
import { statfsSync } from 'node:fs';
import type { Agent } from 'node:http';
import { WebSocket } from 'ws';
import type { BridgeConfig } from './config.ts';
import type { CheckRow, Logger, Part } from './part.ts';
import { HELLO_WITHIN_MS, PROTOCOL } from './protocol/limits.ts';
import { Challenge, parseMessage } from './protocol/messages.ts';
import { openTo } from './state-dir.ts';
import { ask, reasonOf } from './tunnel/http.ts';
import { IdentityError, keyFile, loadIdentity, type Identity } from './tunnel/identity.ts';
import { Journal } from './tunnel/journal.ts';
import { checkServices, createParts } from './wire.ts';

/** Of one part; each has limits of its own, this is against a fault in them. */
const PART_WITHIN_MS = 45_000;
/** More than this is worth setting the clock for: the log's times are the host's. */
const SKEW_WARN_MS = 30_000;

interface CheckOptions {
  config: BridgeConfig;
  file: string;
  proxy: string | null;
  httpAgent: Agent | undefined;
  logOf: (part: string) => Logger;
}

export async function runChecks({
  config,
  file,
  proxy,
  httpAgent,
  logOf,
}: CheckOptions): Promise<CheckRow[]> {
  const rows: CheckRow[] = [{ what: 'configuration', ok: true, found: file }];
  rows.push(stateDirRow(config), journalRow(config));
  let identity: Identity | null = null;
  try {
    identity = loadIdentity(config.state_dir);
    rows.push(...identityRows(config, identity));
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    rows.push({ what: 'enrolment', ok: false, found: error.message, remedy: 'see left' });
  }
  rows.push(...(await edgeRows(config, proxy, httpAgent)));
  if (identity !== null) rows.push(await tunnelRow(config, identity, httpAgent));
  const parts = createParts(config, checkServices(config.state_dir, logOf));
  for (const part of parts) rows.push(...(await partRows(part)));
  return rows;
}

function stateDirRow({ state_dir: directory }: BridgeConfig): CheckRow {
  const what = 'state directory';
  const open = openTo(directory);
  if (open === null)
    return { what, ok: false, found: `${directory} is not there`, remedy: `mkdir -m 700 ${directory}` };
  if (open !== 0) {
    return { what, ok: false, found: `${directory} is open to others`, remedy: `chmod 700 ${directory}` };
  }
  return { what, ok: true, found: directory };
}

function journalRow(config: BridgeConfig): CheckRow {
  const what = 'journal';
  const { bavail, bsize } = statfsSync(config.state_dir);
  const freeMb = Math.floor((bavail * bsize) / 1_048_576);
  const found = `up to ${config.journal_mb} MB, ${freeMb} MB free`;
  if (freeMb < config.journal_mb) {
    const remedy = `an outage may fill the disk: free some, or set journal_mb below ${freeMb}`;
    return { what, ok: 'warn', found, remedy };
  }
  try {
    new Journal(config.state_dir).close();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return why.includes('in use')
      ? { what, ok: true, found: `${found}; in use, the bridge runs` }
      : {
          what,
          ok: false,
          found: why,
          remedy: 'the file is damaged or of a newer bridge: update, or move it away',
        };
  }
  return { what, ok: true, found };
}

function identityRows(config: BridgeConfig, identity: Identity | null): CheckRow[] {
  if (identity === null) {
    const remedy = 'make a bridge at the edge, then: npm run bridge -- --config FILE --enrol CODE';
    return [{ what: 'enrolment', ok: false, found: 'not enrolled', remedy }];
  }
  const rows: CheckRow[] = [{ what: 'key', ok: true, found: `${keyFile(config.state_dir)}, mode 600` }];
  const found = `"${identity.name}" of tenant ${identity.tenant}`;
  rows.push(
    new URL(identity.edge).origin === new URL(config.edge).origin
      ? { what: 'enrolment', ok: true, found }
      : {
          what: 'enrolment',
          ok: 'warn',
          found: `${found}, enrolled at ${identity.edge}`,
          remedy:
            'if edge is another deployment (not only another name), enrol there: remove bridge.json first',
        },
  );
  return rows;
}

async function edgeRows(
  config: BridgeConfig,
  proxy: string | null,
  httpAgent: Agent | undefined,
): Promise<CheckRow[]> {
  const through = proxy === null ? '' : ` through ${new URL(proxy).host}`;
  const began = performance.now();
  try {
    const url = new URL('/bridge/connect', config.edge);
    const { date, status } = await ask(url, { method: 'GET', agent: httpAgent, timeoutMs: 10_000 });
    const tookMs = Math.round(performance.now() - began);
    if (status >= 500 || status === 404) {
      const remedy = 'is edge the address of the deployment? A 5xx is the deployment’s own trouble';
      return [{ what: 'edge', ok: false, found: `${config.edge} answered ${status}${through}`, remedy }];
    }
    const rows: CheckRow[] = [{ what: 'edge', ok: true, found: `${config.edge} in ${tookMs} ms${through}` }];
    if (date !== null) rows.push(clockRow(Date.now() - date));
    return rows;
  } catch (error) {
    const found = `${config.edge}${through}: ${reasonOf(error)}`;
    const remedy =
      'allow HTTPS from this host to that address, or set proxy; for a company CA set NODE_EXTRA_CA_CERTS';
    return [{ what: 'edge', ok: false, found, remedy }];
  }
}

/** The header has seconds only, so up to one is its own. */
function clockRow(aheadMs: number): CheckRow {
  const seconds = Math.round(aheadMs / 1_000);
  const found =
    Math.abs(seconds) <= 1 ? 'as the edge’s' : `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
  return Math.abs(aheadMs) < SKEW_WARN_MS
    ? { what: 'clock', ok: true, found }
    : {
        what: 'clock',
        ok: 'warn',
        found,
        remedy: 'set up NTP: the bridge works by the edge’s clock, its log does not',
      };
}

/** Opens the tunnel up to the challenge: a running bridge with the same key is not disturbed by that. */
async function tunnelRow(
  config: BridgeConfig,
  identity: Identity,
  httpAgent: Agent | undefined,
): Promise<CheckRow> {
  const what = 'tunnel';
  const url = new URL('/bridge/connect', config.edge);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('bridge', identity.bridge_id);
  const { promise, resolve } = Promise.withResolvers<CheckRow>();
  const socket = new WebSocket(url.href, {
    agent: httpAgent,
    handshakeTimeout: HELLO_WITHIN_MS,
    perMessageDeflate: false,
  });
  const timer = setTimeout(
    () =>
      resolve({
        what,
        ok: false,
        found: 'no challenge came',
        remedy: 'does a proxy in between pass WebSockets?',
      }),
    HELLO_WITHIN_MS,
  );
  socket.once('message', (data) => {
    const parsed = parseMessage(Challenge, Buffer.isBuffer(data) ? data.toString('utf8') : '');
    const speaks = parsed.ok ? parsed.message.protocols : [];
    resolve(
      speaks.includes(PROTOCOL)
        ? { what, ok: true, found: `the edge knows this bridge and speaks version ${PROTOCOL}` }
        : {
            what,
            ok: false,
            found: `the edge speaks ${speaks.join(', ') || 'something else'}`,
            remedy: 'update the bridge',
          },
    );
  });
  socket.once('unexpected-response', (_, { statusCode = 0 }) => {
    const remedy =
      statusCode === 403
        ? 'an administrator revoked this bridge: make a new one at the edge, and enrol again'
        : statusCode === 401
          ? 'the edge knows no such bridge: enrol again with a new code'
          : 'does a proxy in between pass WebSockets?';
    resolve({ what, ok: false, found: `the edge answered ${statusCode}`, remedy });
  });
  socket.once('error', (error) =>
    resolve({ what, ok: false, found: reasonOf(error), remedy: 'see the row of the edge' }),
  );
  const row = await promise;
  clearTimeout(timer);
  socket.terminate();
  return row;
}

async function partRows(part: Part): Promise<CheckRow[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckRow[]>((resolve) => {
    const row = {
      what: part.name,
      ok: false as const,
      found: 'the check did not end',
      remedy: 'see the log',
    };
    timer = setTimeout(() => resolve([row]), PART_WITHIN_MS);
  });
  try {
    return await Promise.race([part.check(), late]);
  } catch (error) {
    return [
      {
        what: part.name,
        ok: false,
        found: reasonOf(error),
        remedy: 'this is a fault of the bridge: report it',
      },
    ];
  } finally {
    clearTimeout(timer);
    await part.stop().catch(() => undefined);
  }
}
