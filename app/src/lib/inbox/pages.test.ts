import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byPlace, type Message } from './model';
import {
  append,
  messagesOf,
  MOST_PAGES,
  newerOf,
  olderOf,
  prepend,
  put,
  renew,
  type MessagePage,
  type Pages,
} from './pages';

const EPOCH = Date.UTC(2025, 10, 15);
const message = (n: number, more: Partial<Message> = {}): Message =>
  ({
    id: `m${n}`,
    number: n,
    sent_at: new Date(EPOCH + n * 1_000).toISOString(),
    text: `t${n}`,
    ...more,
  }) as Message;
const page = (from: number, to: number, all: number): MessagePage => ({
  messages: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)),
  older: from > 1 ? `before ${from}` : null,
  newer: to < all ? `after ${to}` : null,
});
const ids = (pages: Pages) => messagesOf(pages).map(({ number }) => number);

describe('pages of a chat', () => {
  it('never keep more than so many, and know where to go on at the end that was left', () => {
    let pages: Pages = [page(991, 1_000, 1_000)];
    for (let from = 981; from > 800; from -= 10) pages = prepend(pages, page(from, from + 9, 1_000));
    expect(pages).toHaveLength(MOST_PAGES);
    expect(olderOf(pages)).toBe('before 801');
    expect(newerOf(pages)).toBe(`after ${800 + MOST_PAGES * 10}`);
    for (let from = 801 + MOST_PAGES * 10; from <= 991; from += 10)
      pages = append(pages, page(from, from + 9, 1_000));
    expect(newerOf(pages)).toBeNull();
    expect(ids(pages)).toEqual(
      Array.from({ length: MOST_PAGES * 10 }, (_, i) => 1_001 - MOST_PAGES * 10 + i),
    );
  });

  it('put a new message where it belongs, and leave one that lies beyond them', () => {
    const tail: Pages = [page(11, 20, 20)];
    expect(ids(put(tail, message(21))).at(-1)).toBe(21);
    const late = message(30, { sent_at: message(15).sent_at });
    expect(ids(put(tail, late)).slice(4, 7)).toEqual([15, 30, 16]);
    expect(put(tail, message(3))).toBe(tail);
    const within: Pages = [page(11, 20, 40)];
    expect(put(within, message(41))).toBe(within);
    expect(messagesOf(put(within, message(12, { text: 'new' })))[1]?.text).toBe('new');
    expect(ids(put([{ messages: [], older: null, newer: null }], message(1)))).toEqual([1]);
  });

  it('drop what is gone when the newest page is read again, and stand alone where there may be a hole', () => {
    const pages: Pages = [page(1, 10, 20), page(11, 20, 20)];
    const anew = {
      ...page(9, 22, 22),
      messages: page(9, 22, 22).messages.filter(({ number }) => number !== 15),
    };
    expect(ids(renew(pages, anew))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22,
    ]);
    expect(ids(renew(pages, page(61, 70, 70)))).toEqual(
      page(61, 70, 70).messages.map(({ number }) => number),
    );
  });

  it('hold each message once and in order, whatever comes how often', () => {
    /** Those after the first 40 came late: they were sent at any time. */
    const late = (n: number) => message(n, { sent_at: message(n > 40 ? (n * 7) % 60 : n).sent_at });
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), n: fc.integer({ min: 31, max: 60 }) }),
      fc.record({ do: fc.constant('older' as const) }),
      fc.record({ do: fc.constant('again' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let pages: Pages = [page(31, 40, 40)];
        for (const one of steps) {
          const first = messagesOf(pages)[0]?.number ?? 1;
          if (one.do === 'put') pages = put(pages, late(one.n));
          else if (one.do === 'again') pages = renew(pages, page(31, 40, 40));
          else if (olderOf(pages) !== null && first > 5)
            pages = prepend(pages, page(first - 5, first - 1, 40));
          const all = messagesOf(pages);
          expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
          expect(pages.flatMap((p) => p.messages.toSorted(byPlace))).toEqual(
            pages.flatMap((p) => p.messages),
          );
        }
      }),
    );
  });
});
