import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { decodeJoin, encodeFromHub, type FromHub, type Join } from '../../objects/call-hub/relay-frames.ts';
import { isLive, LiveFront } from './live.ts';

/** The Worker's and the hub's side: says who asks by the request's `x-who`, keeps joins, sends what a test gives. */
class TestHub {
  readonly joins: Join[] = [];
  relay: WebSocket | null = null;
  relays = 0;
  #server: Server;
  #waiting: (() => void)[] = [];

  constructor() {
    const sockets = new WebSocketServer({ noServer: true });
    this.#server = createServer((request, response) => {
      const who = request.headers['x-who'];
      response.setHeader('Content-Type', 'application/json');
      if (typeof who !== 'string') response.writeHead(401).end('{"code":"AUTH_FAIL"}');
      else response.end(JSON.stringify({ tenant: '0101', who: JSON.parse(who) as unknown }));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      sockets.handleUpgrade(request, socket, head, (relay) => {
        expect(request.url).toBe('/__live-relay/0101');
        this.relay = relay;
        this.relays += 1;
        relay.on('message', (data: Buffer) => {
          this.joins.push(decodeJoin(data.toString()));
          for (const tell of this.#waiting.splice(0)) tell();
        });
      });
    });
  }

  async open(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  /** The join of a subscriber, waited for and answered. */
  async seat(sid: string, last = 0, messages = ['{"type":"hello"}']): Promise<void> {
    for (;;) {
      const join = this.joins.find(({ who }) => who.sid === sid);
      if (join) return this.send({ kind: 'joined', n: join.n, messages, last });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  send(frame: FromHub): void {
    this.relay?.send(encodeFromHub(frame));
  }

  told(offset: number, audience: string[]): void {
    this.send({ kind: 'told', told: { offset, event: 'call.update', data: `{"n":${offset}}`, audience } });
  }

  close(): void {
    this.relay?.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A browser's end: keeps what it hears. */
class Browser {
  readonly messages: string[] = [];
  readonly ws: WebSocket;
  readonly closed: Promise<number>;
  #wake: () => void = () => undefined;

  constructor(url: string, who: object | null) {
    this.ws = new WebSocket(url, who === null ? {} : { headers: { 'x-who': JSON.stringify(who) } });
    this.ws.on('error', () => undefined);
    this.ws.on('message', (data: Buffer) => {
      this.messages.push(data.toString());
      this.#wake();
    });
    this.closed = new Promise((resolve) => this.ws.on('close', resolve));
  }

  async heard(count: number): Promise<unknown[]> {
    while (this.messages.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.messages.map((message) => JSON.parse(message) as unknown);
  }
}

const boss = { sid: 'boss', userId: 'u-boss', scope: 'all', slots: true, expiresAt: null };
const olga = { sid: 'olga', userId: 'u-olga', scope: 'own', expiresAt: null };

let hub: TestHub;
let front: LiveFront;
let door: Server;
let url: string;

beforeEach(async () => {
  hub = new TestHub();
  const upstream = await hub.open();
  front = new LiveFront({ upstream: () => upstream, agent: new Agent(), proof: { 'x-proof': 'yes' } });
  door = createServer().on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const who = req.headers['x-who'];
    front.upgrade(req, socket, head, ['Host', 'front', ...(typeof who === 'string' ? ['x-who', who] : [])]);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  url = `ws://127.0.0.1:${(door.address() as AddressInfo).port}/api/live`;
});

afterEach(() => {
  front.close();
  hub.close();
  door.closeAllConnections();
  door.close();
});

const listen = async (
  who: { sid: string; expiresAt: number | null },
  last = 0,
  query = '',
): Promise<Browser> => {
  const browser = new Browser(url + query, who);
  await hub.seat(who.sid, last);
  await browser.heard(1);
  return browser;
};

describe('the front’s live sockets', () => {
  it('are told over one socket to the hub, each what concerns it, with the offset before it', async () => {
    const [all, own] = [await listen(boss), await listen(olga, 3)];
    hub.told(5, ['u-oleg']);
    hub.told(6, ['u-olga']);
    hub.told(7, ['u-olga', 'u-oleg']);
    const event = (offset: number, prev: number) => ({
      type: 'event',
      event: 'call.update',
      offset,
      prev,
      data: { n: offset },
    });
    expect((await all.heard(4)).slice(1)).toEqual([event(5, 4), event(6, 5), event(7, 6)]);
    expect((await own.heard(3)).slice(1)).toEqual([event(6, 3), event(7, 6)]);
    hub.send({ kind: 'heads', head: 9 });
    expect((await own.heard(4)).at(-1)).toEqual({ type: 'head', offset: 9, last: 7 });
    expect((await all.heard(5)).at(-1)).toEqual({ type: 'head', offset: 9, last: 9 });
    expect([hub.relays, front.size]).toEqual([1, 2]);
  });

  it('say where they were, and hear what the hub says they missed', async () => {
    await listen(olga, 0, '?epoch=e1&offset=12');
    expect(hub.joins[0]).toMatchObject({ who: olga, from: { epoch: 'e1', offset: 12 } });
  });

  it('hear the Worker’s refusal as it is', async () => {
    const browser = new Browser(url, null);
    const [, response] = (await once(browser.ws, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(response.headers['content-type']).toBe('application/json');
    browser.ws.terminate();
  });

  it('are answered a ping, and closed for anything else they say', async () => {
    const browser = await listen(boss);
    browser.ws.send('ping');
    await expect.poll(() => browser.messages.at(-1)).toBe('pong');
    browser.ws.send('{"subscribe":"everything"}');
    expect(await browser.closed).toBe(4400);
    expect(browser.messages.at(-1)).toContain('"bye"');
  });

  it.each([
    { kind: 'drop', by: 'sid', id: 'olga', reason: 'session_ended' },
    { kind: 'drop', by: 'user', id: 'u-olga', reason: 'session_ended' },
  ] as const)('end at once with their session, by $by; the others stay', async (drop) => {
    const [all, own] = [await listen(boss), await listen(olga)];
    hub.send(drop);
    expect(await own.closed).toBe(4401);
    hub.told(1, ['u-olga']);
    await all.heard(2);
    expect(front.size).toBe(1);
  });

  it('end when the session is dropped before the hub has seated it', async () => {
    const browser = new Browser(url, olga);
    await expect.poll(() => hub.joins.length).toBe(1);
    hub.send({ kind: 'drop', by: 'sid', id: 'olga', reason: 'session_ended' });
    expect(await browser.closed).toBe(4401);
  });

  it('end by the clock before anything more is told', async () => {
    const browser = await listen({ ...boss, expiresAt: Date.now() - 1 });
    hub.told(1, []);
    expect(await browser.closed).toBe(4401);
    expect(browser.messages).toHaveLength(2);
  });

  it('are let go when the hub’s socket breaks, and come back over a new one', async () => {
    const browser = await listen(boss);
    hub.relay?.terminate();
    expect(await browser.closed).toBe(1012);
    await expect.poll(() => front.size).toBe(0);
    hub.joins.length = 0;
    const back = await listen(boss);
    hub.told(1, []);
    await back.heard(2);
    expect(hub.relays).toBe(2);
  });

  it('leave no socket to the hub behind when nobody listens', async () => {
    const browser = await listen(boss);
    const relayClosed = once(hub.relay as WebSocket, 'close');
    browser.ws.close();
    await relayClosed;
    expect(front.size).toBe(0);
  });
});

it.each([
  ['/api/live', true],
  ['/api/live?epoch=x', true],
  ['/api/live/ticket', false],
  ['/api/livelier', false],
])('%s is a live socket: %s', (path, is) => {
  expect(isLive(path)).toBe(is);
});
