import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { textFrame } from './text-frame.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A server that shakes hands by hand and writes nothing but our frames. */
async function connected(): Promise<{ client: WebSocket; server: Socket }> {
  const server = createServer((socket) =>
    socket.once('data', (data) => {
      const key = /^sec-websocket-key: (\S+)/im.exec(data.toString())?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    }),
  ).listen(0, '127.0.0.1');
  const accepted = once(server, 'connection');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await accepted) as [Socket];
  closers.push(() => (client.terminate(), socket.destroy(), server.close()));
  await once(client, 'open');
  return { client, server: socket };
}

it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('is read by a real client, at %i bytes', async (size) => {
  const { client, server } = await connected();
  const message = 'ж'.repeat(size / 2) + 'x'.repeat(size % 2);
  const heard = once(client, 'message');
  server.write(textFrame(message));
  const [data, binary] = (await heard) as [Buffer, boolean];
  expect([data.toString('utf8'), binary]).toEqual([message, false]);
});
