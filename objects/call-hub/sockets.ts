/** The tenant's live sockets. They hibernate: who sits behind one is kept in the socket's own attachment. */
import { byeMessage, CLOSE_CODES, type CloseReason } from './close-codes';
import type { LiveSubscriber } from './contract';
import { eventMessage, headMessage, type Feed } from './feed';
import { isTransportError } from './transport-errors';

/** Sockets of one session: a browser with a few tabs. The oldest gives way to a newer one. */
const PER_SESSION = 20;
/** Sockets of one tenant: below what one process of the runtime can hold in descriptors. */
export const PER_TENANT = 5_000;
/** Sockets told in one turn. */
const BATCH = 200;

/** What a client sends to keep its connection open; answered by the runtime without waking the object. */
export const PING = 'ping';
export const PONG = 'pong';

interface Seat {
  ws: WebSocket;
  who: LiveSubscriber;
}

export class LiveSockets {
  private readonly seats = new Map<WebSocket, LiveSubscriber>();
  /** Newest change each viewer of own calls was told of; filled from the feed when first needed. */
  private readonly lastOf = new Map<string, number>();

  constructor(
    private readonly ctx: DurableObjectState,
    private readonly feed: Feed,
  ) {
    for (const ws of ctx.getWebSockets()) {
      const who = ws.deserializeAttachment() as LiveSubscriber | null;
      if (who) this.seats.set(ws, who);
    }
  }

  get size(): number {
    return this.seats.size;
  }

  /** Seats a subscriber and sends the greeting with what it missed, all before any later change. */
  accept(ws: WebSocket, who: LiveSubscriber, from: { epoch: string; offset: number } | null): void {
    this.ctx.acceptWebSocket(ws, [`sid:${who.sid}`]);
    ws.serializeAttachment(who);
    const others = this.of((other) => other.sid === who.sid);
    if (others.length >= PER_SESSION && others[0]) this.close(others[0], 'too_many');
    this.seats.set(ws, who);
    this.send(ws, JSON.stringify({ type: 'hello', epoch: this.feed.epoch, offset: this.feed.head }));
    if (!from) return;
    const replay = this.feed.replay(from.epoch, from.offset, who);
    if (!replay.ok) {
      this.send(ws, '{"type":"reload"}');
      return;
    }
    for (const message of replay.messages) this.send(ws, message);
    this.send(ws, headMessage(this.feed.head, replay.messages.length > 0 ? this.lastFor(who) : from.offset));
  }

  remove(ws: WebSocket): void {
    this.seats.delete(ws);
  }

  /** A client that talks is no client of this socket. */
  refuse(ws: WebSocket): void {
    const who = this.seats.get(ws);
    if (who) this.close({ ws, who }, 'unexpected_message');
  }

  /**
   * Tells one change to whom it concerns. The text is made once for all, and once per user of own calls. Pauses after
   * each batch of sockets, saying how many are left, for the caller to let others have their turn.
   */
  *broadcast(offset: number, data: string, audience: readonly string[]): Generator<number, void, void> {
    if (this.seats.size === 0) {
      this.lastOf.clear();
      return;
    }
    const forAll = eventMessage(offset, offset - 1, data);
    const forOwn = new Map<string, string>();
    const now = Date.now();
    let left = this.seats.size;
    for (const [ws, who] of this.seats) {
      left -= 1;
      if (left > 0 && left % BATCH === 0) yield left;
      if (who.expiresAt !== null && who.expiresAt <= now) this.close({ ws, who }, 'session_ended');
      else if (who.scope === 'all') this.send(ws, forAll);
      else if (audience.includes(who.userId)) {
        let message = forOwn.get(who.userId);
        if (message === undefined) {
          const prev = this.lastOf.get(who.userId) ?? this.feed.lastFor(who.userId, offset);
          message = eventMessage(offset, prev, data);
          forOwn.set(who.userId, message);
        }
        this.send(ws, message);
      }
    }
    for (const userId of audience) {
      // Somebody without a socket now: the feed knows their last one when they come back.
      if (forOwn.has(userId)) this.lastOf.set(userId, offset);
      else this.lastOf.delete(userId);
    }
  }

  /** Tells everybody how far the feed has come, so that a client finds a hole by itself. */
  heads(now: number): void {
    for (const [ws, who] of this.seats) {
      if (who.expiresAt !== null && who.expiresAt <= now) this.close({ ws, who }, 'session_ended');
      else this.send(ws, headMessage(this.feed.head, this.lastFor(who)));
    }
  }

  drop(test: (who: LiveSubscriber) => boolean, reason: CloseReason): void {
    for (const seat of this.of(test)) this.close(seat, reason);
  }

  private close(seat: Seat, reason: CloseReason): void {
    this.seats.delete(seat.ws);
    this.send(seat.ws, byeMessage(reason));
    // The frame may reach the client late (only when the object sleeps): the message before it is what counts.
    try {
      seat.ws.close(CLOSE_CODES[reason].code, reason);
    } catch (error) {
      if (!isTransportError(error)) throw error;
    }
  }

  private of(test: (who: LiveSubscriber) => boolean): Seat[] {
    const found: Seat[] = [];
    for (const [ws, who] of this.seats) if (test(who)) found.push({ ws, who });
    return found;
  }

  private lastFor(who: LiveSubscriber): number {
    if (who.scope === 'all') return this.feed.head;
    const known = this.lastOf.get(who.userId) ?? this.feed.lastFor(who.userId, this.feed.head + 1);
    this.lastOf.set(who.userId, known);
    return known;
  }

  private send(ws: WebSocket, message: string): void {
    try {
      ws.send(message);
    } catch (error) {
      this.seats.delete(ws);
      if (!isTransportError(error)) console.error('live socket', error);
    }
  }
}
