/**
 * The pure part of the tunnel's edge end: which requests are open, which events are new, when a connection is dead. Ids,
 * clock and sockets are the caller's. Milliseconds since the epoch.
 */
import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import { DEAD_AFTER_MS, HEARTBEAT_MS, MAX_IN_FLIGHT } from '../../bridge/protocol/limits';

export interface OpenRequest {
  id: string;
  verb: string;
  /** Executed at most once, sent again after a break; others end with their connection. */
  effect: boolean;
  deadline: number;
}

/** Requests without an answer, by id. */
export type Book = ReadonlyMap<string, OpenRequest>;

export const emptyBook: Book = new Map();

/** Whether one more may be opened now: effects never wait for a bridge that is away, a late originate does harm. */
export function refusalOf(
  book: Book,
  online: boolean,
): Extract<BridgeErrorCode, 'OFFLINE' | 'OVERLOADED'> | null {
  if (!online) return 'OFFLINE';
  return book.size >= MAX_IN_FLIGHT ? 'OVERLOADED' : null;
}

export const withRequest = (book: Book, request: OpenRequest): Book => new Map(book).set(request.id, request);

export function withoutRequest(book: Book, id: string): Book {
  if (!book.has(id)) return book;
  const rest = new Map(book);
  rest.delete(id);
  return rest;
}

/** The connection is gone: what has no effect fails, what has one stays open until its deadline. */
export function broken(book: Book): { book: Book; failed: OpenRequest[] } {
  const all = [...book.values()];
  return {
    book: new Map(all.filter(({ effect }) => effect).map((request) => [request.id, request])),
    failed: all.filter(({ effect }) => !effect),
  };
}

/** What is sent again on a new connection, in the order it was first sent. */
export const resent = (book: Book, now: number): OpenRequest[] =>
  [...book.values()].filter(({ effect, deadline }) => effect && deadline > now);

export function expired(book: Book, now: number): { book: Book; late: OpenRequest[] } {
  const late = [...book.values()].filter(({ deadline }) => deadline <= now);
  return {
    book: late.length === 0 ? book : new Map([...book].filter(([, { deadline }]) => deadline > now)),
    late,
  };
}

export function nextDeadline(book: Book): number | null {
  let next: number | null = null;
  for (const { deadline } of book.values()) if (next === null || deadline < next) next = deadline;
  return next;
}

/** Where the stream of a bridge's journalled events stands on this connection. */
export interface EventGate {
  /** Every event up to here is stored. */
  stored: number;
  /** The newest that was taken and waits to be stored; at least `stored`. */
  taken: number;
  /** The last number seen on the wire of this connection. */
  seen: number;
  /** Events were given back by `hold`: what is still on its way from before is not taken. */
  held: boolean;
}

export const openGate = (stored: number): EventGate => ({ stored, taken: stored, seen: stored, held: false });

/**
 * Whether an event is taken. Numbers grow on the wire, with gaps; after a hold the bridge begins again behind the last
 * stored one, which shows as a number that does not grow: only from there on the order is whole again.
 */
export function take(gate: EventGate, seq: number): { gate: EventGate; isNew: boolean } {
  const held = gate.held && seq > gate.seen;
  const isNew = !held && seq > gate.taken;
  return { gate: { ...gate, held, seen: seq, taken: isNew ? seq : gate.taken }, isNew };
}

/** Everything taken up to `seq` is stored. */
export const stored = (gate: EventGate, seq: number): EventGate => ({
  ...gate,
  stored: Math.max(gate.stored, seq),
  taken: Math.max(gate.taken, seq),
});

/** What was taken and is not stored is given back. */
export const hold = (gate: EventGate): EventGate => ({
  ...gate,
  taken: gate.stored,
  held: gate.taken > gate.stored,
});

const FIRST_HOLD_MS = 500;
const LONGEST_HOLD_MS = 30_000;

/** How long a bridge is asked to wait before it sends held events again, after so many failures in a row (from 1). */
export const holdMs = (failures: number): number =>
  Math.min(FIRST_HOLD_MS * 2 ** Math.min(failures - 1, 10), LONGEST_HOLD_MS);

export const isDead = (heardAt: number, now: number): boolean => now - heardAt >= DEAD_AFTER_MS;

/**
 * Whether a connection that is being replaced belonged to another living process with the same key, and not to the same
 * one before a break of its line: it has another journal, or was heard a moment ago.
 */
export const isRival = (old: { heardAt: number; journal: string }, journal: string, now: number): boolean =>
  old.journal !== journal || now - old.heardAt < HEARTBEAT_MS * 1.5;
