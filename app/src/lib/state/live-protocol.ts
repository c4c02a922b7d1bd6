/**
 * What the browser does with each message of `/api/live`, as a pure function: which events are new, when a
 * hole means asking again, when the socket ends for good. The socket itself is in `live.svelte.ts`.
 */

export interface Position {
  epoch: string;
  offset: number;
}

export type LiveMessage =
  | { type: 'hello'; epoch: string; offset: number }
  /** `prev`: offset of the event before it that concerned us; those between were other people's calls. */
  | { type: 'event'; offset: number; prev: number; event: string; data: unknown }
  /** `last`: offset of the newest event that concerned us. */
  | { type: 'head'; offset: number; last: number }
  | { type: 'reload' }
  /** Entries of the log, which is no part of the feed. */
  | { type: 'log'; entries: readonly unknown[] }
  /** What changed in the inbox, which is no part of the feed either. */
  | { type: 'inbox'; changes: readonly unknown[] }
  /** `temporary`: connect again after a pause; otherwise don't. */
  | { type: 'bye'; temporary: boolean; reason: string };

export type LiveEffect =
  /** Hand the event to the screens. */
  | { do: 'deliver'; event: string; data: unknown }
  /** History no longer reaches back, or the feed began anew: fetch the whole state. */
  | { do: 'reload' }
  /** A hole was seen: connect again from the last offset we have. */
  | { do: 'resume' }
  /** The server ends this socket: connect again later, leave it closed, or sign in again. */
  | { do: 'close'; then: 'later' | 'stay' | 'sign_in' };

/** Reads a frame; null for anything that is not a message we know. */
export function parseMessage(frame: unknown): LiveMessage | null {
  if (typeof frame !== 'string') return null;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { type, epoch, offset, prev, last, event, data, entries, changes, temporary, reason } =
    value as Record<string, unknown>;
  const whole = (given: unknown): number | null => (Number.isSafeInteger(given) ? Number(given) : null);
  const at = whole(offset);
  if (type === 'hello' && (typeof epoch === 'string' || typeof epoch === 'number') && at !== null)
    return { type, epoch: String(epoch), offset: at };
  if (type === 'event' && typeof event === 'string' && at !== null)
    return { type, offset: at, prev: whole(prev) ?? at - 1, event, data };
  if (type === 'head' && at !== null) return { type, offset: at, last: whole(last) ?? at };
  if (type === 'reload') return { type };
  if (type === 'log' && Array.isArray(entries)) return { type, entries };
  if (type === 'inbox' && Array.isArray(changes)) return { type, changes };
  if (type === 'bye')
    return { type, temporary: temporary === true, reason: typeof reason === 'string' ? reason : '' };
  return null;
}

/**
 * One step. `known` is what we have seen up to (null before the first hello). Repeated and late events are
 * dropped by their offset; an offset that skips ahead asks for what lies between before anything is shown.
 */
export function step(
  known: Position | null,
  message: LiveMessage,
): { known: Position | null; effects: LiveEffect[] } {
  switch (message.type) {
    case 'hello': {
      const head = { epoch: message.epoch, offset: message.offset };
      if (known === null) return { known: head, effects: [{ do: 'reload' }] };
      // Another epoch: offsets of the old one mean nothing any more.
      if (known.epoch !== message.epoch) return { known: head, effects: [{ do: 'reload' }] };
      // Same epoch: what we missed follows as events, each with its offset.
      return { known, effects: [] };
    }
    case 'event': {
      if (known === null) return { known, effects: [{ do: 'resume' }] };
      if (message.offset <= known.offset) return { known, effects: [] };
      if (message.prev > known.offset) return { known, effects: [{ do: 'resume' }] };
      return {
        known: { ...known, offset: message.offset },
        effects: [{ do: 'deliver', event: message.event, data: message.data }],
      };
    }
    case 'head':
      if (known === null || message.offset <= known.offset) return { known, effects: [] };
      if (message.last > known.offset) return { known, effects: [{ do: 'resume' }] };
      return { known: { ...known, offset: message.offset }, effects: [] };
    case 'log':
      // They carry numbers of their own: whoever shows them finds holes by those.
      return {
        known,
        effects: message.entries.map((data) => ({ do: 'deliver', event: 'log.event', data })),
      };
    case 'inbox':
      // Told at once, they are followed at once: their numbers are held against what was known before.
      return { known, effects: [{ do: 'deliver', event: 'inbox.changes', data: message.changes }] };
    case 'reload':
      return { known: null, effects: [{ do: 'reload' }] };
    case 'bye':
      if (message.reason === 'session_ended') return { known, effects: [{ do: 'close', then: 'sign_in' }] };
      return { known, effects: [{ do: 'close', then: message.temporary ? 'later' : 'stay' }] };
  }
}
