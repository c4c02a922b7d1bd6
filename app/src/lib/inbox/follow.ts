/** How a client follows the inbox over the live socket, as pure functions. */
import type { Change, Chat } from './model';

export type FollowEffect =
  /** The chat is to be shown as it is now. */
  | { do: 'apply'; change: Change & { chat: Chat } }
  /** Something was missed: ask for the changes since the number we know. */
  | { do: 'catch_up' };

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Reads a change off the socket; null for anything that is none. */
export function changeOf(data: unknown): Change | null {
  if (typeof data !== 'object' || data === null) return null;
  const { prev, rev, chat, messages } = data as Record<string, unknown>;
  if (!isWhole(prev) || !isWhole(rev)) return null;
  if (chat !== null && (typeof chat !== 'object' || !('id' in chat))) return null;
  if (messages !== null && !Array.isArray(messages)) return null;
  // The server's own shape, checked as far as following depends on it.
  return { prev, rev, chat: chat as Chat | null, messages };
}

/**
 * Takes what the socket told at once. `known`: how far the inbox is known here. A hole is caught up with before anything
 * behind it counts as known; a chat that is told is right all the same, for it is told as it stands.
 */
export function follow(
  known: number,
  changes: readonly Change[],
): { known: number; effects: FollowEffect[] } {
  const effects: FollowEffect[] = [];
  let [upTo, missed] = [known, false];
  for (const change of changes) {
    const { prev, rev, chat } = change;
    // All that is told at once has the same `prev`: it is held against what was known before.
    if (chat === null || prev > known) missed = true;
    if (chat !== null) effects.push({ do: 'apply', change: { ...change, chat } });
    if (rev > upTo) upTo = rev;
  }
  if (!missed) return { known: upTo, effects };
  return { known, effects: [...effects, { do: 'catch_up' }] };
}
