/** How many messages nobody has read, by channel, kept current from chats as they change. Pure. */
import type { Channel, Chat } from './model';

type Counted = Pick<Chat, 'id' | 'unread' | 'rev'> & { channel: { id: string } };

export interface Unread {
  /** By channel. */
  counts: ReadonlyMap<string, number>;
  /** By chat, as far as it is known how many it counts for. */
  chats: ReadonlyMap<string, Pick<Chat, 'unread' | 'rev'>>;
  /** Every chat that is not known has none. */
  complete: boolean;
}

export const NOTHING_UNREAD: Unread = { counts: new Map(), chats: new Map(), complete: false };

/** `complete`: `chats` are all that have unread messages. */
export const unreadFrom = (
  channels: readonly Channel[],
  chats: readonly Counted[],
  complete: boolean,
): Unread => ({
  counts: new Map(
    complete
      ? sums(chats)
      : channels.flatMap(({ id, unread }) => (unread > 0 ? [[id, unread] as const] : [])),
  ),
  chats: new Map(chats.map(({ id, unread, rev }) => [id, { unread, rev }])),
  complete,
});

/** A chat as it is now. `exact`: the counts still hold; else they have to be asked for again. */
export function withChat(
  before: Unread,
  { id, unread, rev, channel }: Counted,
): { after: Unread; exact: boolean } {
  const last = before.chats.get(id);
  // Answers may pass each other on the way: the later state of a chat has the higher number.
  if (last !== undefined && last.rev > rev) return { after: before, exact: true };
  const known = last?.unread ?? (before.complete ? 0 : null);
  const chats = new Map(before.chats).set(id, { unread, rev });
  if (known === null) return { after: { ...before, chats }, exact: false };
  const count = Math.max(0, (before.counts.get(channel.id) ?? 0) + unread - known);
  return { after: { ...before, chats, counts: new Map(before.counts).set(channel.id, count) }, exact: true };
}

export const totalOf = ({ counts }: Unread): number => [...counts.values()].reduce((sum, n) => sum + n, 0);

function sums(chats: readonly Counted[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { channel, unread } of chats) counts.set(channel.id, (counts.get(channel.id) ?? 0) + unread);
  return counts;
}
