// Browsers' live sockets (`/api/live`), held here: the runtime spends two descriptors and twice the processor's time on
// each, and a hub that tells the front once reaches all of them. Who may listen is the Worker's word (`/__live-seat`),
// what they hear is the hub's (relay.ts).
import { request, type Agent, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { LiveSubscriber } from '../../objects/call-hub/contract.ts';
import { feedPosition } from '../../objects/call-hub/feed-position.ts';
import { PING, PONG } from '../../objects/call-hub/ping.ts';
import { Relay, type Listener } from './relay.ts';

const SEAT_PATH = '/__live-seat';
const RELAY_PATH = '/__live-relay/';
/** Nothing a client may say is longer. */
const MAX_SAID = 1_024;
const LIVE = /^\/api\/live(?:\?|$)/;

/** The Worker's word about who asks. */
interface Seat {
  tenant: string;
  who: LiveSubscriber;
}

export const isLive = (url: string | undefined): boolean => LIVE.test(url ?? '');

export interface LiveOptions {
  /** Address of the Worker's FrontEntry now. */
  upstream(): URL;
  agent: Agent;
  proof: Record<string, string>;
}

export class LiveFront {
  readonly #options: LiveOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_SAID,
    clientTracking: false,
  });
  readonly #relays = new Map<string, Relay>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Sockets that listen now. */
  get size(): number {
    let size = 0;
    for (const relay of this.#relays.values()) size += relay.size;
    return size;
  }

  /** Answers an upgrade: 101 and the feed, or the Worker's refusal. `headers` are those of a request, not of an upgrade. */
  upgrade(req: IncomingMessage, client: Duplex, head: Buffer, headers: string[]): void {
    client.on('error', () => client.destroy());
    const { search, searchParams } = new URL(req.url ?? '', 'http://front');
    const asked = request({
      host: this.#options.upstream().hostname,
      port: this.#options.upstream().port,
      path: SEAT_PATH + search,
      headers,
      agent: this.#options.agent,
    });
    asked.once('error', () => client.destroy());
    client.once('close', () => asked.destroy());
    asked.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', () => client.destroy());
      answer.once('end', () => {
        const body = Buffer.concat(chunks);
        if (answer.statusCode !== 200) return void client.end(refusal(answer, body));
        if (client.destroyed) return;
        const seat = JSON.parse(body.toString('utf8')) as Seat;
        this.#server.handleUpgrade(req, client, head, (socket) =>
          this.#seat({ socket, connection: client }, seat, feedPosition(searchParams)),
        );
      });
    });
    asked.end();
  }

  close(): void {
    for (const relay of this.#relays.values()) relay.end();
  }

  #seat(listener: Listener, { tenant, who }: Seat, from: ReturnType<typeof feedPosition>): void {
    const { socket } = listener;
    const relay = this.#relay(tenant);
    socket.on('error', () => socket.terminate());
    socket.on('message', (data: Buffer, binary) => {
      if (!binary && data.toString('utf8') === PING) socket.send(PONG);
      else relay.refuse(listener);
    });
    socket.once('close', () => {
      relay.leave(listener);
      if (relay.size === 0) {
        this.#relays.delete(tenant);
        relay.end();
      }
    });
    // When it fails, the relay's end lets its sockets go.
    relay.join(listener, who, from).catch(() => undefined);
  }

  #relay(tenant: string): Relay {
    const known = this.#relays.get(tenant);
    if (known !== undefined) return known;
    const url = new URL(
      RELAY_PATH + encodeURIComponent(tenant),
      this.#options.upstream().href.replace(/^http/, 'ws'),
    );
    const relay = new Relay(url, this.#options.proof, () => {
      if (this.#relays.get(tenant) === relay) this.#relays.delete(tenant);
    });
    this.#relays.set(tenant, relay);
    return relay;
  }
}

/** The Worker's answer, as it goes over a socket that asked for an upgrade. */
function refusal(answer: IncomingMessage, body: Buffer): Buffer {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i] ?? '';
    if (!/^(?:connection|keep-alive|transfer-encoding|content-length)$/i.test(name))
      lines.push(`${name}: ${answer.rawHeaders[i + 1] ?? ''}`);
  }
  lines.push(`Content-Length: ${body.byteLength}`, 'Connection: close', '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}
