import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { outgoingFetch } from './outgoing-fetch';
import { originsOf } from './outgoing-url';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (url: string, limits = { timeoutMs: 5_000, maxBytes: 1_000 }, signal?: AbortSignal) =>
  outgoingFetch(
    (address, init) => fetch(address, init),
    { url, ...(signal && { signal }) },
    limits,
    originsOf(new URL(url).origin),
  );

describe('an outgoing request', () => {
  it('answers with status, headers and body', async () => {
    const origin = await serve((_, response) => response.writeHead(418, { 'x-pot': 'tea' }).end('грусть'));
    const answer = await ask(`${origin}/x`);
    expect(answer).toMatchObject({ ok: true, status: 418, body: 'грусть', truncated: false });
    expect(answer.ok && answer.headers.get('x-pot')).toBe('tea');
  });

  it('does not follow a redirect', async () => {
    const seen: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      seen.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await ask(`${origin}/first`)).toMatchObject({ ok: true, status: 302 });
    expect(seen).toEqual(['/first']);
  });

  it('keeps no more of the body than it was told, and does not wait for the rest', async () => {
    const origin = await serve((_, response) => void response.write('x'.repeat(5_000)));
    const answer = await ask(origin, { timeoutMs: 20_000, maxBytes: 10 });
    expect(answer).toMatchObject({ ok: true, body: 'xxxxxxxxxx', truncated: true });
  });

  it('ends by its time, also in the middle of a body', async () => {
    const silent = await serve(() => undefined);
    expect(await ask(silent, { timeoutMs: 30, maxBytes: 10 })).toMatchObject({ reason: 'timeout' });
    const half = await serve((_, response) => void response.write('half'));
    expect(await ask(half, { timeoutMs: 200, maxBytes: 10 })).toMatchObject({ reason: 'timeout' });
  });

  it('is cancelled by its signal', async () => {
    const silent = await serve(() => undefined);
    const cancel = new AbortController();
    const asked = ask(silent, { timeoutMs: 60_000, maxBytes: 10 }, cancel.signal);
    cancel.abort();
    expect(await asked).toMatchObject({ ok: false, reason: 'cancelled' });
  });

  it('says that nobody is there, without the query', async () => {
    const answer = await ask('http://127.0.0.1:1/?key=hidden');
    expect(answer).toMatchObject({ ok: false, reason: 'unreachable' });
    expect(JSON.stringify(answer)).not.toContain('hidden');
  });

  it('sends nothing to an address that the rules refuse', async () => {
    let asked = 0;
    const answer = await outgoingFetch(
      async () => {
        asked += 1;
        return new Response();
      },
      { url: 'https://169.254.169.254/latest' },
      { timeoutMs: 1_000, maxBytes: 10 },
    );
    expect(answer).toMatchObject({ ok: false, reason: 'refused', problem: 'private_address' });
    expect(asked).toBe(0);
  });
});
