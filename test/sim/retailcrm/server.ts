/** Puts the stand-in on a port of this machine, with the page for a person and the helpers a test drives it with. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { changeStatus, click, openAccount } from './callbacks.ts';
import { PAGE } from './page.ts';
import type { RetailCrmSim } from './sim.ts';
import { isRecord, type Fault } from './types.ts';

export interface RunningSim {
  url: string;
  port: number;
  close(): Promise<void>;
}

const MOST_BODY = 4 * 1_024 * 1_024;

/** `port` 0: any that is free. */
export async function serveSim(sim: RetailCrmSim, port = 0): Promise<RunningSim> {
  const server = createServer((request, response) => {
    void answer(sim, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => close(server) };
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

async function answer(sim: RetailCrmSim, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? '127.0.0.1'}`);
  const body = await readBody(incoming);
  if (incoming.method === 'GET' && url.pathname === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    return;
  }
  if (url.pathname.startsWith('/_sim/')) {
    const { status, value } = await control(sim, url.pathname, incoming.method ?? 'GET', body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    return;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string') headers.set(name, value);
  const outcome = await sim.handle(
    new Request(url, {
      method: incoming.method ?? 'GET',
      headers,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    }),
  );
  if (outcome === 'hang') return;
  if (outcome === 'cut') {
    incoming.socket.destroy();
    return;
  }
  response.writeHead(outcome.status, Object.fromEntries(outcome.headers));
  response.end(new Uint8Array(await outcome.arrayBuffer()));
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BODY) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

interface Controlled {
  status: number;
  value: unknown;
}

/** What the page and tests ask of the stand-in itself, below `/_sim/`. */
async function control(sim: RetailCrmSim, path: string, method: string, body: Buffer): Promise<Controlled> {
  if (method === 'GET' && path === '/_sim/state') return { status: 200, value: stateOf(sim) };
  if (method !== 'POST') return { status: 404, value: { error: 'no such helper' } };
  const given: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  const input = isRecord(given) ? given : {};
  switch (path) {
    case '/_sim/faults':
      sim.faults.push(...(Array.isArray(given) ? (given as Fault[]) : [given as Fault]));
      break;
    case '/_sim/clear-faults':
      sim.faults.length = 0;
      break;
    case '/_sim/key':
      sim.keyRevoked = input.revoked === true;
      if (typeof input.value === 'string') sim.apiKey = input.value;
      break;
    case '/_sim/module':
      for (const module of sim.modules.values()) module.active = input.active === true;
      break;
    case '/_sim/click':
    case '/_sim/status':
    case '/_sim/account':
      return callback(sim, path, input);
    default:
      return { status: 404, value: { error: 'no such helper' } };
  }
  sim.changed();
  return { status: 200, value: { ok: true } };
}

async function callback(
  sim: RetailCrmSim,
  path: string,
  input: Record<string, unknown>,
): Promise<Controlled> {
  const { module } = sim;
  if (module === null) return { status: 409, value: { error: 'no active telephony module' } };
  const method = input.method === 'POST' ? 'POST' : 'GET';
  const text = (name: string): string => (typeof input[name] === 'string' ? input[name] : '');
  const userId = Number(input.userId ?? 0);
  try {
    if (path === '/_sim/account') return { status: 200, value: await openAccount(module) };
    if (path === '/_sim/click')
      return {
        status: 200,
        value: await click(module, method, { code: text('code'), phone: text('phone'), userId }),
      };
    const known = { free: 'free', busy: 'busy', dinner: 'dinner', break: 'break' } as const;
    const status = known[text('status') as keyof typeof known] ?? 'free';
    return { status: 200, value: await changeStatus(module, method, { userId, code: text('code'), status }) };
  } catch (error) {
    return { status: 502, value: { error: error instanceof Error ? error.message : String(error) } };
  }
}

const stateOf = (sim: RetailCrmSim): unknown => ({
  keyRevoked: sim.keyRevoked,
  module: sim.module,
  users: [...sim.users.values()],
  popups: sim.popups.slice(-200),
  history: sim.history.slice(-200),
  counts: { popups: sim.popups.length, history: sim.history.length },
  faults: sim.faults,
  seen: sim.seen.slice(-50),
});
