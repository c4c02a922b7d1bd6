/**
 * The tenant's live sockets, and the sockets of fronts that hold live sockets for us (relay-frames.ts). They hibernate:
 * who sits behind one is kept in the socket's own attachment.
 */
import type { CloseReason } from './close-codes';
import type { LiveSubscriber } from './contract';
import type { Feed } from './feed';
import { headMessage, helloMessage, RELOAD_MESSAGE, type Aside } from './feed-messages';
import { PING, PONG } from './ping';
import { decodeJoin, encodeFromHub, type FromHub } from './relay-frames';
import { Seats, type Told } from './seats';
import { isTransportError } from '../lib/transport-errors';

/** Sockets of one tenant: below what one process of the runtime can hold in descriptors. */
export const PER_TENANT = 5_000;
const RELAY = 'relay';

type Attachment = LiveSubscriber | typeof RELAY;
type From = { epoch: string; offset: number } | null;

export class LiveSockets {
  private readonly seats: Seats<WebSocket, string>;
  private readonly relays = new Set<WebSocket>();

  constructor(
    private readonly ctx: DurableObjectState,
    private readonly feed: Feed,
  ) {
    this.seats = new Seats<WebSocket, string>(
      {
        pack: (message) => message,
        send,
        close(ws, code, reason) {
          // The frame may reach the client late (only when the object sleeps): the message before it is what counts.
          try {
            ws.close(code, reason);
          } catch (error) {
            if (!isTransportError(error)) throw error;
          }
        },
      },
      (who, before) => this.feed.lastFor(who, before),
    );
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    for (const ws of ctx.getWebSockets()) {
      const kept = ws.deserializeAttachment() as Attachment | null;
      if (kept === RELAY) this.relays.add(ws);
      else if (kept !== null) this.seats.add(ws, kept);
    }
  }

  /** Whether anybody listens. */
  get listened(): boolean {
    return this.seats.size > 0 || this.relays.size > 0;
  }

  get full(): boolean {
    return this.seats.size >= PER_TENANT;
  }

  /** Seats a subscriber and sends the greeting with what it missed, all before any later change. */
  accept(ws: WebSocket, who: LiveSubscriber, from: From): void {
    this.ctx.acceptWebSocket(ws);
    ws.serializeAttachment(who satisfies Attachment);
    this.seats.add(ws, who);
    for (const message of this.greeting(who, from).messages) this.seats.send(ws, message);
  }

  /** A front that holds live sockets of this tenant. */
  acceptRelay(ws: WebSocket): void {
    this.ctx.acceptWebSocket(ws);
    ws.serializeAttachment(RELAY satisfies Attachment);
    this.relays.add(ws);
  }

  /** What came over a socket: a front's listener, or words of a client that has none to say. */
  heard(ws: WebSocket, message: string | ArrayBuffer): void {
    if (!this.relays.has(ws)) {
      if (this.seats.who(ws)) this.seats.close(ws, 'unexpected_message');
      return;
    }
    if (typeof message !== 'string') return;
    const { n, who, from } = decodeJoin(message);
    this.tellRelay(ws, { kind: 'joined', n, ...this.greeting(who, from) });
  }

  remove(ws: WebSocket): void {
    this.relays.delete(ws);
    this.seats.remove(ws);
  }

  /** Tells one change, a batch of sockets at a time, saying how many are left. */
  *broadcast(told: Told): Generator<number, void, void> {
    this.tellRelays({ kind: 'told', told });
    yield* this.seats.broadcast(told, Date.now());
  }

  /** Tells everybody how far the feed has come, so that a client finds a hole by itself. */
  heads(now: number): void {
    this.tellRelays({ kind: 'heads', head: this.feed.head });
    this.seats.heads(this.feed.head, now);
  }

  /** Tells what is no part of the feed to whoever may see its topic. */
  aside(aside: Aside): void {
    this.tellRelays({ kind: 'aside', aside });
    this.seats.aside(aside, Date.now());
  }

  dropSession(sid: string, reason: CloseReason): void {
    this.tellRelays({ kind: 'drop', by: 'sid', id: sid, reason });
    this.seats.drop((who) => who.sid === sid, reason);
  }

  dropUser(userId: string, reason: CloseReason): void {
    this.tellRelays({ kind: 'drop', by: 'user', id: userId, reason });
    this.seats.drop((who) => who.userId === userId, reason);
  }

  private greeting(who: LiveSubscriber, from: From): { messages: string[]; last: number } {
    const { head, epoch } = this.feed;
    const messages = [helloMessage(epoch, head)];
    if (from !== null) {
      const replay = this.feed.replay(from.epoch, from.offset, who);
      if (!replay.ok) messages.push(RELOAD_MESSAGE);
      else {
        const last = replay.messages.length > 0 ? this.seats.last(who, head) : from.offset;
        messages.push(...replay.messages, headMessage(head, last));
      }
    }
    return { messages, last: this.seats.last(who, head) };
  }

  private tellRelays(frame: FromHub): void {
    for (const ws of this.relays) this.tellRelay(ws, frame);
  }

  private tellRelay(ws: WebSocket, frame: FromHub): void {
    if (!send(ws, encodeFromHub(frame))) this.relays.delete(ws);
  }
}

function send(ws: WebSocket, message: string): boolean {
  try {
    ws.send(message);
    return true;
  } catch (error) {
    if (!isTransportError(error)) console.error('live socket', error);
    return false;
  }
}
