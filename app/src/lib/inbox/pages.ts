/** The pages of a chat that are on screen, as pure functions: they touch each other, and there are only so many of them. */
import { byPlace, type Message, type Place } from './model';

/** A page as the server gave it, its messages in the order they were sent. */
export interface MessagePage {
  messages: readonly Message[];
  /** Where what is before or after it goes on; null where there is nothing. */
  older: string | null;
  newer: string | null;
}

/** Oldest first, without a hole between two of them. */
export type Pages = readonly MessagePage[];

/** More are not kept: whoever reads on leaves the other end. */
export const MOST_PAGES = 8;

export const messagesOf = (pages: Pages): Message[] => pages.flatMap(({ messages }) => messages);

export const olderOf = (pages: Pages): string | null => pages[0]?.older ?? null;
export const newerOf = (pages: Pages): string | null => pages.at(-1)?.newer ?? null;

/** What comes before the first page; the last one goes where they are too many. */
export function prepend(pages: Pages, page: MessagePage): Pages {
  const known = new Set(messagesOf(pages).map(({ id }) => id));
  const fresh = { ...page, messages: page.messages.filter(({ id }) => !known.has(id)) };
  return [fresh, ...pages].slice(0, MOST_PAGES);
}

/** What comes after the last page; the first one goes where they are too many. */
export function append(pages: Pages, page: MessagePage): Pages {
  const fresh = new Set(page.messages.map(({ id }) => id));
  const kept = pages.map((one) => ({ ...one, messages: one.messages.filter(({ id }) => !fresh.has(id)) }));
  return [...kept, page].slice(-MOST_PAGES);
}

/**
 * The newest page read anew: it takes the place of the last one. What else is on screen stays where both touch; else
 * there may be a hole, and the new page stands alone.
 */
export function renew(pages: Pages, page: MessagePage): Pages {
  const [first, last] = [page.messages[0], pages.at(-1)];
  const lastFirst = last?.messages[0];
  if (pages.length < 2 || first === undefined || lastFirst === undefined) return [page];
  const touches = last?.newer === null && byPlace(first, lastFirst) <= 0;
  return touches ? append(pages.slice(0, -1), page) : [page];
}

/**
 * A message as it is now: in place of itself, or where it belongs among those on screen. One that stands beyond them is
 * left to be read with its own page.
 */
export function put(pages: Pages, message: Message): Pages {
  const at = pages.findIndex(({ messages }) => messages.some(({ id }) => id === message.id));
  if (at !== -1)
    return pages.map((page, index) =>
      index === at
        ? { ...page, messages: page.messages.map((one) => (one.id === message.id ? message : one)) }
        : page,
    );
  const home = homeOf(pages, message);
  if (home === -1) return pages;
  return pages.map((page, index) =>
    index === home ? { ...page, messages: [...page.messages, message].sort(byPlace) } : page,
  );
}

/** Index of the page that a new message belongs to; -1 where it lies beyond what is on screen. */
function homeOf(pages: Pages, place: Place): number {
  const all = messagesOf(pages);
  const [first, last] = [all[0], all.at(-1)];
  if (last === undefined || byPlace(place, last) > 0) return newerOf(pages) === null ? pages.length - 1 : -1;
  if (first !== undefined && byPlace(place, first) < 0 && olderOf(pages) !== null) return -1;
  const after = pages.findLastIndex(
    ({ messages: [head] }) => head !== undefined && byPlace(head, place) <= 0,
  );
  return Math.max(0, after);
}
