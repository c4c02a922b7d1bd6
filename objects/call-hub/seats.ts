/**
 * Who listens to the feed, and what each of them is told: the part that is the same whether the sockets are the
 * hub's own or those of a self-hosted server's front (`scripts/front/live.ts`), which is told once for all of them.
 */
import { byeMessage, CLOSE_CODES, type CloseReason } from './close-codes.ts';
import type { LiveSubscriber } from './contract.ts';
import { isOfSlots, type FeedEvent } from './feed-events.ts';
import { asideMessage, eventMessage, headMessage, type Aside } from './feed-messages.ts';

/** Sockets of one session: a browser with a few tabs. The oldest gives way to a newer one. */
const PER_SESSION = 20;
/** Sockets told in one turn. */
const BATCH = 200;

/** A change as it is told. `audience` are users who see it among those who only see what is their own. */
export interface Told {
  offset: number;
  event: FeedEvent;
  /** JSON. */
  data: string;
  audience: readonly string[];
}

/** What the seats need of the sockets. A socket that is gone is no fault: `send` answers false. */
export interface Outlets<Socket, Packed> {
  /** Makes a message ready to be sent many times. */
  pack(message: string): Packed;
  send(socket: Socket, message: Packed): boolean;
  close(socket: Socket, code: number, reason: string): void;
}

/** Ways of seeing the feed that are no user's own; a user's id, or SLOTS and it, are the ways of those. */
const EVERYTHING = '*';
const ALL_CALLS = 'calls';
const SLOTS = 'slots:';

function eyesOf({ scope, slots, userId }: LiveSubscriber): string {
  if (scope === 'all') return slots === true ? EVERYTHING : ALL_CALLS;
  return slots === true ? SLOTS + userId : userId;
}

const concerns = ({ event, audience }: Told, { scope, slots, userId }: LiveSubscriber): boolean =>
  isOfSlots(event) ? slots === true : scope === 'all' || audience.includes(userId);

export class Seats<Socket, Packed> {
  readonly #seats = new Map<Socket, LiveSubscriber>();
  readonly #outlets: Outlets<Socket, Packed>;
  /** Newest change before an offset that a viewer was told of. */
  readonly #lastFor: (who: LiveSubscriber, before: number) => number;
  /** The same, of viewers who are not told everything, by `eyesOf`. */
  readonly #lastOf = new Map<string, number>();

  constructor(outlets: Outlets<Socket, Packed>, lastFor: (who: LiveSubscriber, before: number) => number) {
    this.#outlets = outlets;
    this.#lastFor = lastFor;
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Seats a subscriber; the oldest socket of a session that has too many is closed. */
  add(socket: Socket, who: LiveSubscriber): void {
    const others = this.#of((other) => other.sid === who.sid);
    if (others.length >= PER_SESSION && others[0] !== undefined) this.close(others[0], 'too_many');
    this.#seats.set(socket, who);
  }

  sockets(): Socket[] {
    return [...this.#seats.keys()];
  }

  remove(socket: Socket): void {
    this.#seats.delete(socket);
  }

  who(socket: Socket): LiveSubscriber | null {
    return this.#seats.get(socket) ?? null;
  }

  /** What was told last to a viewer, where it is known from elsewhere. */
  knowLast(who: LiveSubscriber, offset: number): void {
    const eyes = eyesOf(who);
    if (eyes !== EVERYTHING) this.#lastOf.set(eyes, offset);
  }

  /** Offset of what a subscriber was told last, `head` being the feed's. */
  last(who: LiveSubscriber, head: number): number {
    const eyes = eyesOf(who);
    if (eyes === EVERYTHING) return head;
    const known = this.#lastOf.get(eyes) ?? this.#lastFor(who, head + 1);
    this.#lastOf.set(eyes, known);
    return known;
  }

  /**
   * Tells one change to whom it concerns. The text is made once for all, and once per way of seeing part of it. Pauses after
   * each batch of sockets, saying how many are left, for the caller to let others have their turn.
   */
  *broadcast(told: Told, now: number): Generator<number, void, void> {
    if (this.#seats.size === 0) {
      this.#lastOf.clear();
      return;
    }
    const { offset } = told;
    const messages = new Map<string, Packed>();
    let left = this.#seats.size;
    for (const [socket, who] of this.#seats) {
      left -= 1;
      if (left > 0 && left % BATCH === 0) yield left;
      if (who.expiresAt !== null && who.expiresAt <= now) this.close(socket, 'session_ended');
      else if (concerns(told, who)) {
        const eyes = eyesOf(who);
        let message = messages.get(eyes);
        if (message === undefined) {
          message = this.#outlets.pack(eventMessage(told, this.#before(who, eyes, offset)));
          messages.set(eyes, message);
        }
        this.send(socket, message);
      }
    }
    this.#forget(told);
    for (const eyes of messages.keys()) if (eyes !== EVERYTHING) this.#lastOf.set(eyes, offset);
  }

  #before(who: LiveSubscriber, eyes: string, offset: number): number {
    return eyes === EVERYTHING ? offset - 1 : (this.#lastOf.get(eyes) ?? this.#lastFor(who, offset));
  }

  /** Whoever it concerns and has no socket now: the feed knows their last one when they come back. */
  #forget({ event, audience }: Told): void {
    if (isOfSlots(event)) {
      for (const eyes of this.#lastOf.keys()) if (eyes.startsWith(SLOTS)) this.#lastOf.delete(eyes);
      return;
    }
    this.#lastOf.delete(ALL_CALLS);
    for (const userId of audience) {
      this.#lastOf.delete(userId);
      this.#lastOf.delete(SLOTS + userId);
    }
  }

  /** Tells everybody how far the feed has come, so that a client finds a hole by itself. */
  heads(head: number, now: number): void {
    for (const [socket, who] of this.#seats) {
      if (who.expiresAt !== null && who.expiresAt <= now) this.close(socket, 'session_ended');
      else this.send(socket, this.#outlets.pack(headMessage(head, this.last(who, head))));
    }
  }

  /** Tells what is no part of the feed to whoever may see its topic. */
  aside(aside: Aside, now: number): void {
    let message: Packed | undefined;
    for (const [socket, who] of this.#seats) {
      if (who.expiresAt !== null && who.expiresAt <= now) this.close(socket, 'session_ended');
      else if (who[aside.topic] === true)
        this.send(socket, (message ??= this.#outlets.pack(asideMessage(aside))));
    }
  }

  drop(test: (who: LiveSubscriber) => boolean, reason: CloseReason): void {
    for (const socket of this.#of(test)) this.close(socket, reason);
  }

  close(socket: Socket, reason: CloseReason): void {
    this.#seats.delete(socket);
    this.#outlets.send(socket, this.#outlets.pack(byeMessage(reason)));
    this.#outlets.close(socket, CLOSE_CODES[reason].code, reason);
  }

  send(socket: Socket, message: Packed): void {
    if (!this.#outlets.send(socket, message)) this.#seats.delete(socket);
  }

  #of(test: (who: LiveSubscriber) => boolean): Socket[] {
    const found: Socket[] = [];
    for (const [socket, who] of this.#seats) if (test(who)) found.push(socket);
    return found;
  }
}
