/** A list of chats, newest first, kept current as chats change. Pure. */
import { byRecency, type Chat } from './model';

export interface ChatFilter {
  /** Our id of a channel. */
  channel: string | null;
  unread: boolean;
}

/** Whether a chat belongs to a list; the open one stays though it has been read. */
export const fits = (chat: Chat, { channel, unread }: ChatFilter, open: string | null): boolean =>
  (channel === null || chat.channel.id === channel) && (!unread || chat.unread > 0 || chat.id === open);

/**
 * The list after a chat changed: where it stands now, or without it. `atEnd`: nothing older is left to be read; else what
 * is older than the list comes with its page.
 */
export function withChanged(
  list: readonly Chat[],
  chat: Chat,
  { belongs, atEnd }: { belongs: boolean; atEnd: boolean },
): readonly Chat[] {
  const before = list.find(({ id }) => id === chat.id);
  // Two answers may pass each other on the way: the later state of a chat has the higher number.
  if (before !== undefined && before.rev > chat.rev) return list;
  const others = list.filter(({ id }) => id !== chat.id);
  if (!belongs) return before === undefined ? list : others;
  const at = others.findIndex((other) => byRecency(chat, other) < 0);
  if (at !== -1) return others.toSpliced(at, 0, chat);
  return atEnd || before !== undefined ? [...others, chat] : list;
}
