import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { identify } from '../../worker/http/authenticate';
import type { Identity } from '../../worker/http/context';
import { subscriberOf } from '../../worker/http/live-subscriber';
import { isTransportError } from '../lib/transport-errors';
import { SESSION_HEADER, type SocketIoApi } from './contract';
import { Engine, MAX_PAYLOAD, type Wire } from './engine';
import { decodePayload, encodePayload, refuse, type Packet } from './engine-codec';
import { Feed } from './feed';
import { Session, type Listener, type Room } from './session';

const after = (ms: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** One Engine.IO session and the Socket.IO client behind it. See contract.ts. */
export class SocketIo extends DurableObject<Env> implements SocketIoApi {
  #engine: Engine | null = null;
  #session: Session | null = null;
  #feed: Feed | null = null;
  /** `Authorization` of the request that opened the session. */
  #authorization: string | null = null;

  override async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const isNew = !query.has('sid');
    if (isNew) this.#open(request);
    const engine = this.#engine;
    if (engine === null) return refuse('session');
    if (query.get('transport') === 'websocket') return this.#upgrade(engine, isNew);
    if (isNew) return text(engine.openPacket());
    if (!engine.isPolling) return refuse('request');
    return request.method === 'POST' ? this.#take(engine, request) : this.#poll(engine, request);
  }

  #open(request: Request): void {
    this.#authorization = request.headers.get('authorization');
    const engine = new Engine({
      sid: request.headers.get(SESSION_HEADER) ?? '',
      after,
      onMessage: (data) => this.#session?.receive(data),
      onClose: () => {
        this.#session?.closed();
        this.#feed?.close();
        this.#feed = null;
      },
    });
    this.#engine = engine;
    this.#session = new Session({
      write: (message) => engine.sendMessage(message),
      end: (reason, code) => engine.close(reason, code),
      signIn: (token) => this.#signIn(token),
      newId: () => crypto.randomUUID(),
      after,
    });
  }

  async #poll(engine: Engine, request: Request): Promise<Response> {
    if (engine.closed) {
      // Told once why it ended; then it is unknown.
      const rest = engine.rest();
      return rest.length > 0 ? text(encodePayload(rest)) : refuse('session');
    }
    request.signal.addEventListener('abort', () => engine.pollGone());
    const packets = await engine.poll();
    return packets === null ? refuse('request') : text(encodePayload(packets));
  }

  async #take(engine: Engine, request: Request): Promise<Response> {
    const body = await request.text();
    if (body.length > MAX_PAYLOAD) {
      engine.close('payload too large');
      return new Response(null, { status: 413 });
    }
    for (const packet of decodePayload(body)) engine.receive(packet);
    return text('ok');
  }

  #upgrade(engine: Engine, isNew: boolean): Response {
    if (engine.closed) return refuse('session');
    const { 0: theirs, 1: ours } = new WebSocketPair();
    const wire = wireOf(ours);
    if (!isNew && !engine.tryOver(wire)) return refuse('request');
    ours.accept();
    ours.addEventListener('message', ({ data }) => {
      const size = typeof data === 'string' ? data.length : data.byteLength;
      if (size > MAX_PAYLOAD) return engine.close('payload too large', 1009);
      engine.receiveOver(wire, typeof data === 'string' ? data : new Uint8Array(data));
    });
    ours.addEventListener('close', () => engine.wireClosed(wire));
    ours.addEventListener('error', ({ error }) => {
      engine.wireClosed(wire);
      if (!isTransportError(error)) console.error('socket.io', error);
    });
    if (isNew) engine.openOver(wire);
    return new Response(null, { status: 101, webSocket: theirs });
  }

  async #signIn(token: string | null): Promise<Listener | null> {
    const authorization = token === null ? this.#authorization : `Bearer ${token}`;
    if (authorization === null) return null;
    const result = await identify(
      new Request('https://socket-io/', { headers: { authorization } }),
      this.env,
    );
    if (!result.ok || !result.identity.permissions.has('call.view')) return null;
    await this.#listen(result.identity);
    const { permissions } = result.identity;
    // Whoever sees no others is told of itself: as with calls, the hub knows.
    const rooms: Room[] = ['calls', 'operators'];
    if (permissions.has('slot.view')) rooms.push('slots');
    if (permissions.has('pipeline.view')) rooms.push('logs');
    return { rooms: new Set(rooms) };
  }

  async #listen(identity: Identity): Promise<void> {
    const session = this.#session;
    const feed = new Feed({
      hub: () => this.env.CALL_HUB.getByName(identity.tenantId),
      who: subscriberOf(identity),
      after,
      onEvent: ({ room, event, data }) => {
        if (session?.listensTo(room) === true) session.emit(event, { event, data });
      },
      onReload: () => session?.emit('feed.reload', { reason: 'missed events are no longer kept' }),
      onEnd: (end) => session?.expel(end),
    });
    this.#feed = feed;
    await feed.open();
  }
}

const wireOf = (socket: WebSocket): Wire => ({
  send(packet: Packet) {
    try {
      socket.send(packet);
    } catch (error) {
      if (!isTransportError(error)) console.error('socket.io', error);
    }
  },
  close(code, reason) {
    try {
      socket.close(code, reason);
    } catch (error) {
      if (!isTransportError(error)) throw error;
    }
  },
});

const text = (body: string): Response =>
  new Response(body, {
    headers: { 'content-type': 'text/plain; charset=UTF-8', 'cache-control': 'no-store' },
  });
