import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { startFront, type Front } from './front.ts';

/** Stands where the Worker's FrontEntry stands: keeps what comes over the line and answers other requests with what it got. */
class TestWorker {
  readonly frames: string[] = [];
  line: WebSocket | null = null;
  /** The next request finds its connection broken. */
  breakNext = false;
  #server: Server;
  #waiting: (() => void)[] = [];

  constructor() {
    const lines = new WebSocketServer({ noServer: true });
    this.#server = createServer((request, response) => {
      if (this.breakNext) {
        this.breakNext = false;
        return void request.socket.destroy();
      }
      response.writeHead(200, { 'Content-Type': 'application/json', 'X-Seen': 'yes' });
      response.end(JSON.stringify({ url: request.url, headers: request.headers }));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      lines.handleUpgrade(request, socket, head, (line) => {
        this.line = line;
        line.on('message', (data: Buffer) => {
          this.frames.push(data.toString());
          for (const tell of this.#waiting.splice(0)) tell();
        });
      });
    });
  }

  async open(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  /** The first frame that fits, waited for. */
  async frame(fits: (frame: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.line?.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let worker: TestWorker;
let front: Front;
const start = async (limits = { clients: 50, sockets: 2 }): Promise<void> => {
  const upstream = await worker.open();
  front = await startFront({
    host: '127.0.0.1',
    port: 0,
    upstream: () => Promise.resolve(upstream),
    token: 'secret',
    address: { header: 'x-trunkline-address' },
    warn: () => undefined,
    limits,
  });
};
const PULL = '/api/phone/calls/pull/?device_id=a&wait_seconds=25';
const poll = (headers: Record<string, string> = {}) => fetch(new URL(PULL, front.url), { headers });
const numberOf = (frame: string): number => (JSON.parse(frame.slice(1)) as { n: number }).n;

beforeEach(() => {
  worker = new TestWorker();
});
afterEach(async () => {
  await front.close();
  worker.close();
});

describe('the front', () => {
  it('brings a poll on the line and hands its command over', async () => {
    await start();
    const answer = poll({ authorization: 'Bearer t' });
    const frame = await worker.frame((text) => text.startsWith('P'));
    expect(JSON.parse(frame.slice(1))).toMatchObject({ path: PULL, auth: 'Bearer t' });
    worker.line?.send(`${numberOf(frame)} 200 {"id":"x","phone":"+375290000000"}`);
    const response = await answer;
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toEqual({ id: 'x', phone: '+375290000000' });
    expect(worker.frames).toEqual([frame]);
  });

  it('answers 204 without a body or a length', async () => {
    await start();
    const answer = poll();
    worker.line?.send(`${numberOf(await worker.frame((text) => text.startsWith('P')))} 204 `);
    const response = await answer;
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      204,
      null,
      '',
    ]);
  });

  it.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'tells the Worker at once of a phone that hung up by %s',
    async (how) => {
      await start();
      const phone = connect(Number(front.url.port), '127.0.0.1');
      phone.on('error', () => undefined);
      phone.write(`GET ${PULL} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const n = numberOf(await worker.frame((text) => text.startsWith('P')));
      expect(front.parked()).toBe(1);
      phone[how]();
      expect(await worker.frame((text) => text.startsWith('G'))).toBe(`G${n}`);
      // What comes for it now was not handed over.
      worker.line?.send(`${n} 200 {}`);
      await worker.frame(
        (text) => worker.frames.filter((f) => f === `G${n}`).length === 2 && text.startsWith('G'),
      );
      expect(front.parked()).toBe(0);
    },
  );

  it('announces waiting polls again when the line comes back, with the time they have waited', async () => {
    await start();
    const answer = poll();
    const first = await worker.frame((text) => text.startsWith('P'));
    worker.frames.length = 0;
    worker.line?.terminate();
    const again = await worker.frame((text) => text.startsWith('P'));
    expect(JSON.parse(again.slice(1))).toMatchObject({ n: numberOf(first), path: PULL });
    worker.line?.send(`${numberOf(again)} 200 {"id":"y"}`);
    expect(await (await answer).json()).toEqual({ id: 'y' });
  });

  it('passes everything else through with the client’s true address', async () => {
    await start();
    const response = await fetch(new URL('/api/point?x=1', front.url), {
      headers: { 'x-trunkline-address': '6.6.6.6', 'x-trunkline-front': 'guess' },
    });
    expect(response.headers.get('x-seen')).toBe('yes');
    expect(await response.json()).toMatchObject({
      url: '/api/point?x=1',
      headers: { 'x-trunkline-address': '127.0.0.1', 'x-trunkline-front': 'secret' },
    });
  });

  it('refuses in words what it can’t read', async () => {
    await start();
    const long = await fetch(new URL(`/api/x?q=${'x'.repeat(40_000)}`, front.url));
    expect([long.status, await long.json()]).toMatchObject([431, { error: true, code: 'INVALID_PARAMS' }]);
    const socket = connect(Number(front.url.port), '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  it.each([
    ['GET', 200],
    ['POST', 503],
  ])('asks again where a kept connection breaks at its next use, if it may: %s', async (method, status) => {
    await start();
    const ask = (path: string) => fetch(new URL(path, front.url), { method });
    expect((await ask('/api/first')).status).toBe(200);
    worker.breakNext = true;
    const again = await ask('/api/second');
    expect([again.status, worker.breakNext]).toEqual([status, false]);
  });

  it('refuses in words what is over its limit, and serves on', async () => {
    await start({ clients: 2, sockets: 1 });
    const held = [poll(), poll()];
    await worker.frame(() => worker.frames.filter((text) => text.startsWith('P')).length === 2);
    const refused = await poll();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ detail: expect.any(String) as string });
    for (const frame of worker.frames) worker.line?.send(`${numberOf(frame)} 204 `);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([204, 204]);
  });

  it('releases parked polls with 204 when it closes, not sooner than a second after they came', async () => {
    await start();
    const startedAt = performance.now();
    const answer = poll();
    await worker.frame((text) => text.startsWith('P'));
    await front.close();
    expect((await answer).status).toBe(204);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_000);
  });
});
