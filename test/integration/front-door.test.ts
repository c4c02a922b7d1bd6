/** What is between a self-hosted server's front and its Worker is nobody else's, whatever a client sends. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { signIn, type Client } from './support/client.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
let admin: Client;
beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
});
afterAll(() => server?.stop());

const FORGED = { 'x-trunkline-front': 'guess', 'x-trunkline-front-own': 'guess' };

/** The status line that a raw request is answered with. */
async function rawStatus(target: string, headers: readonly string[] = []): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${hostname}`, ...headers, 'Connection: close', '', ''];
  socket.write(lines.join('\r\n'));
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return chunk.toString().split('\r\n', 1)[0] ?? '';
}

const UPGRADE = [
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('the inner paths', () => {
  it.each(['/__line', '/__live-relay/0101', '/__live-relay/0202'])(
    'open no socket for a client: %s',
    async (path) => {
      for (const headers of [{}, FORGED, { authorization: `Bearer ${admin.token}` }]) {
        const socket = new WebSocket(server.url.replace('http', 'ws') + path, { headers });
        const opened = await new Promise<boolean>((resolve) => {
          socket.once('open', () => resolve(true));
          socket.once('error', () => resolve(false));
        });
        socket.terminate();
        expect(opened).toBe(false);
      }
    },
  );

  it.each([
    '/x/../__live-relay/0101',
    '//__live-relay/0101',
    '/%5f%5flive-relay/0101',
    'http://front/__live-relay/0101',
    '/.//__live-relay/0101',
    '\\__live-relay\\0101',
  ])('nor in any other spelling: %s', async (target) => {
    expect(await rawStatus(target, UPGRADE)).not.toContain('101');
    expect(await rawStatus(target, [...UPGRADE, 'X-Trunkline-Front-Own: x'])).not.toContain('101');
  });

  it('do not say who somebody is', async () => {
    for (const headers of [{}, FORGED]) {
      const reply = await admin.get('/__live-seat', { headers });
      expect([200, 404]).toContain(reply.status);
      expect(reply.text).not.toContain('userId');
    }
  });
});
