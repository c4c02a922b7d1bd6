import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SignInError, SimulatedPhone, type PhoneLine } from './driver.ts';

/** One request as the little server saw it. */
interface Seen {
  path: string;
  authorization: string | undefined;
  body: string;
}
type Reply = (seen: Seen, response: http.ServerResponse) => void;

const json =
  (status: number, body: unknown): Reply =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };
const command = { id: '0b54f3a2-6a3f-4f43-9d0e-0f6a3c1e5d11', phone: '+375290000000' };
const tokens = json(200, { access: 'first', refresh: 'kept', username: 'op12', is_admin: false });

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server that answers each path by the next of its replies, the last one for ever; no reply parks the request. */
async function serve(replies: Record<string, Reply[]>): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const one = {
        path,
        authorization: request.headers.authorization,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      const list = replies[path.split('?')[0] ?? ''] ?? [];
      const reply = list.length > 1 ? list.shift() : list[0];
      reply?.(one, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function signedIn(url: string, generation: 'new' | 'old' = 'new'): Promise<SimulatedPhone> {
  const phone = new SimulatedPhone({
    url,
    generation,
    deviceId: 'unknown',
    deviceName: 'Simulator: test',
    reportRetryMs: 1,
  });
  open.push(() => phone.switchOff());
  await phone.signInByQr('qr-token');
  return phone;
}

const isCommand = (line: PhoneLine): boolean => line.type === 'command';

describe('a simulated phone', () => {
  it('signs in by QR, registers, and takes a command over its long poll', async () => {
    const { url, seen } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/phone/devices/register/': [json(200, { ok: true, device_id: 'unknown' })],
      '/api/phone/calls/pull/': [json(200, command)],
    });
    const phone = await signedIn(url);
    await phone.register();
    phone.start(true);
    await phone.waitFor(isCommand);
    expect(phone.commands).toEqual([{ type: 'command', ...command, again: false }]);
    expect(phone.mode).toBe('BURST');
    expect(phone.faults).toEqual([]);
    expect(seen.map((one) => [one.path, one.authorization])).toEqual([
      ['/api/phone/qr/exchange/', 'Bearer stale'],
      ['/api/phone/devices/register/', 'Bearer first'],
      ['/api/phone/calls/pull/?device_id=unknown&wait_seconds=25', 'Bearer first'],
    ]);
  });

  it('says why it could not sign in', async () => {
    const { url } = await serve({ '/api/phone/qr/exchange/': [json(400, { detail: 'Invalid token.' })] });
    await expect(signedIn(url)).rejects.toThrow(SignInError);
  });

  it('refreshes on 401, stores only the access token, and repeats the pull', async () => {
    const { url, seen } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/token/refresh/': [json(200, { access: 'second' })],
      '/api/phone/calls/pull/': [json(401, { detail: 'expired' }), json(200, command)],
    });
    const phone = await signedIn(url);
    phone.start(true);
    await phone.waitFor(isCommand);
    expect(phone.faults).toEqual([]);
    expect(seen.find((one) => one.path === '/api/token/refresh/')?.body).toBe('{"refresh":"kept"}');
    expect(seen.at(-1)).toMatchObject({ authorization: 'Bearer second' });
  });

  it('stops when the pull is refused for good, and calls that a fault while nobody revoked it', async () => {
    const { url } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/token/refresh/': [json(200, { access: 'second' })],
      '/api/phone/calls/pull/': [json(401, { detail: 'no' })],
    });
    const phone = await signedIn(url);
    phone.start(true);
    const stopped = await phone.waitFor((line) => line.type === 'stopped');
    expect(stopped).toEqual({ type: 'stopped', reason: 'refused' });
    expect(phone.faults.map((fault) => fault.rule)).toEqual(['refused a live session']);
  });

  it('leaves an abandoned poll open and does not see the command it brings', async () => {
    let release: (() => void) | null = null;
    const { url, seen } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/phone/calls/pull/': [
        (one, response) => {
          release = () => json(200, command)(one, response);
        },
        (_, response) => {
          // The second poll has arrived, so the phone has abandoned the first.
          release?.();
          void response;
        },
      ],
    });
    const phone = await signedIn(url);
    phone.start(true);
    await phone.waitFor((line) => line.type === 'polling');
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    phone.push();
    await phone.waitFor((line) => line.type === 'unseen-command');
    expect(phone.commands).toEqual([]);
    expect(phone.mode).toBe('BURST');
  });

  it.each(['fin', 'rst'] as const)('goes on after its connection is lost (%s)', async (how) => {
    const { url, seen } = await serve({ '/api/phone/qr/exchange/': [tokens] });
    const phone = await signedIn(url);
    phone.start(true);
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    phone.dropConnections(how);
    const polled = await phone.waitFor((line) => line.type === 'polled');
    expect(polled).toMatchObject({ status: 0, abandoned: false });
    expect(phone.mode).toBe('SLOW');
  });

  it('reports a call, again after a server error, and as legacy where the extended payload is unknown', async () => {
    const { url, seen } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/phone/calls/update/': [json(503, {}), json(400, { direction: ['?'] }), json(200, { ok: true })],
    });
    const phone = await signedIn(url, 'old');
    phone.report({ commandId: command.id, status: 'busy', startedAt: 0, talkedSec: 0 });
    const reported = await phone.waitFor((line) => line.type === 'reported');
    expect(reported).toEqual({ type: 'reported', id: command.id, status: 'busy', answer: 200, lost: false });
    const bodies = seen.slice(1).map((one) => Object.keys(JSON.parse(one.body) as object).length);
    expect(bodies[0]).toBe(bodies[1]);
    expect(bodies[2]).toBe(4);
  });

  it('records what would hurt a real phone', async () => {
    const { url } = await serve({
      '/api/phone/qr/exchange/': [tokens],
      '/api/phone/calls/pull/': [
        (_, response) => {
          response.writeHead(204, { 'cache-control': 'no-store' });
          response.end();
        },
      ],
    });
    const phone = await signedIn(url);
    phone.start(true);
    const line = await phone.waitFor((line) => line.type === 'fault');
    expect(line).toMatchObject({ fault: { call: 'pull', rule: 'empty long poll answered too soon' } });
  });
});
