/** What stands between the messages of a chat, as a pure function. */
import type { Message } from './model';

/** Within this long one goes on talking, milliseconds. */
const PAUSE_MS = 5 * 60_000;

export interface MessageLine {
  message: Message;
  /** The first of its day. */
  newDay: boolean;
  /** It says who wrote it. */
  named: boolean;
  /** The first of those that nobody had seen when the chat was opened. */
  firstUnread: boolean;
}

const writerOf = ({ direction, author, sender }: Message): string =>
  `${direction} ${author?.id ?? sender?.id ?? ''}`;

/** @param dayOf the day of a moment, by the tenant's clock */
export function linesOf(
  messages: readonly Message[],
  firstUnread: string | null,
  dayOf: (iso: string) => string,
): MessageLine[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const newDay = before === undefined || dayOf(before.sent_at) !== dayOf(message.sent_at);
    const goesOn =
      !newDay &&
      writerOf(before) === writerOf(message) &&
      Date.parse(message.sent_at) - Date.parse(before.sent_at) < PAUSE_MS;
    return { message, newDay, named: !goesOn, firstUnread: message.id === firstUnread };
  });
}
