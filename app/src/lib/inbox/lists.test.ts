import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, withChanged } from './chat-list';
import { keepDraft, readDraft, type DraftStore } from './drafts';
import {
  byRecency,
  chatName,
  phonesOf,
  type Channel,
  type Chat,
  type Message,
  type Participant,
} from './model';
import { NOTHING_UNREAD, totalOf, unreadFrom, withChat } from './unread';
import { notYetThere } from './unsent';

const EPOCH = Date.UTC(2025, 10, 15);
const chat = (id: string, at: number, more: Partial<Chat> = {}): Chat =>
  ({
    id,
    last_at: new Date(EPOCH + at * 1_000).toISOString(),
    rev: at,
    unread: 0,
    title: null,
    participants: [],
    channel: { id: 'chn_1' },
    ...more,
  }) as unknown as Chat;
const person = (more: Partial<Participant>): Participant => ({
  id: 'u',
  name: null,
  phone: null,
  role: 'customer',
  ...more,
});

describe('a list of chats', () => {
  it('moves a chat up when it changes, adds a new one, and lets go what fits no more', () => {
    const list = [chat('b', 2), chat('a', 1)];
    const here = { belongs: true, atEnd: false };
    expect(withChanged(list, chat('a', 3), here).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(withChanged(list, chat('c', 9), here).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(withChanged(list, chat('b', 4), { ...here, belongs: false }).map(({ id }) => id)).toEqual(['a']);
    // Older than all that was read: it comes with its page.
    expect(withChanged(list, chat('z', 0), here)).toBe(list);
    expect(withChanged(list, chat('z', 0), { ...here, atEnd: true }).map(({ id }) => id)).toEqual([
      'b',
      'a',
      'z',
    ]);
  });

  it('does not go back to an earlier state of a chat', () => {
    const list = [chat('a', 5, { unread: 0 })];
    expect(withChanged(list, chat('a', 4, { unread: 3 }), { belongs: true, atEnd: true })).toBe(list);
  });

  it('keeps the open chat among the unread ones', () => {
    const filter = { channel: null, unread: true };
    expect(fits(chat('a', 1), filter, 'a')).toBe(true);
    expect(fits(chat('a', 1), filter, null)).toBe(false);
    expect(fits(chat('a', 1, { unread: 1 }), { channel: 'chn_2', unread: true }, null)).toBe(false);
  });

  it('stays in order with each chat once', () => {
    const changes = fc.array(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: fc.nat({ max: 50 }) }),
    );
    fc.assert(
      fc.property(changes, (told) => {
        let list: readonly Chat[] = [];
        const latest = new Map<string, number>();
        for (const { id, at } of told) {
          list = withChanged(list, chat(id, at), { belongs: true, atEnd: true });
          latest.set(id, Math.max(at, latest.get(id) ?? 0));
        }
        expect(list).toEqual(list.toSorted(byRecency));
        expect(Object.fromEntries(list.map(({ id, rev }) => [id, rev]))).toEqual(Object.fromEntries(latest));
      }),
    );
  });
});

describe('unread counts', () => {
  const channels = [{ id: 'chn_1', unread: 7 } as Channel, { id: 'chn_2', unread: 0 } as Channel];

  it('are exact while every chat with unread messages is known', () => {
    const start = unreadFrom(channels, [chat('a', 1, { unread: 2 }), chat('b', 1, { unread: 5 })], true);
    expect(totalOf(start)).toBe(7);
    const read = withChat(start, chat('a', 2, { unread: 0 }));
    expect(read.exact).toBe(true);
    expect(totalOf(read.after)).toBe(5);
    expect(totalOf(withChat(read.after, chat('a', 1, { unread: 9 })).after)).toBe(5);
    const came = withChat(read.after, chat('new', 3, { unread: 1 }));
    expect([came.exact, totalOf(came.after)]).toEqual([true, 6]);
  });

  it('say when they have to be asked for again', () => {
    const start = unreadFrom(channels, [chat('a', 1, { unread: 2 })], false);
    expect(totalOf(start)).toBe(7);
    expect(withChat(start, chat('other', 2, { unread: 3 })).exact).toBe(false);
    expect(totalOf(withChat(start, chat('a', 2, { unread: 0 })).after)).toBe(5);
    expect(totalOf(NOTHING_UNREAD)).toBe(0);
  });
});

describe('replies on their way', () => {
  const said = (number: number, text: string, author = 'me'): Message =>
    ({ id: `m${number}`, number, text, author: { id: author, name: '' } }) as Message;

  it('are shown until the server has them, each message standing for one', () => {
    const rows = [
      { key: '1', text: 'yes', after: 4 },
      { key: '2', text: 'yes', after: 4 },
    ];
    expect(notYetThere(rows, [said(3, 'yes'), said(5, 'yes', 'other')], 'me')).toEqual(rows);
    expect(notYetThere(rows, [said(5, 'yes')], 'me')).toEqual([rows[1]]);
    expect(notYetThere(rows, [said(5, 'yes'), said(6, 'yes')], 'me')).toEqual([]);
  });
});

describe('drafts', () => {
  const store = (): DraftStore & { kept: Map<string, string> } => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    };
  };

  it('are kept for each user and chat, and gone when nothing is left', () => {
    const one = store();
    keepDraft(one, 'u1', 'c1', { text: 'half a tho' });
    keepDraft(one, 'u1', 'c1', { unsent: [{ key: 'k', text: 'whole' }] });
    expect(readDraft(one, 'u1', 'c1')).toEqual({ text: 'half a tho', unsent: [{ key: 'k', text: 'whole' }] });
    expect(readDraft(one, 'u2', 'c1')).toEqual({ text: '', unsent: [] });
    keepDraft(one, 'u1', 'c1', { text: '', unsent: [] });
    expect(one.kept.size).toBe(0);
  });

  it('survive what somebody else put there, and a store that is full', () => {
    const one = store();
    one.kept.set('trunkline.draft.u.c', '{"text":5,"unsent":[{"key":1},null]}');
    expect(readDraft(one, 'u', 'c')).toEqual({ text: '', unsent: [] });
    one.kept.set('trunkline.draft.u.c', 'not json');
    expect(readDraft(one, 'u', 'c').text).toBe('');
    const full = {
      ...one,
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    };
    expect(() => keepDraft(full, 'u', 'c', { text: 'x' })).not.toThrow();
  });
});

describe('what a chat is called', () => {
  it('goes by its title, its customers, anybody, nobody', () => {
    const people = [
      person({ name: 'Bot', role: 'staff' }),
      person({ name: 'Ann' }),
      person({ phone: '+375290000001' }),
    ];
    expect(chatName({ title: 'Group', participants: people })).toBe('Group');
    expect(chatName({ title: ' ', participants: people })).toBe('Ann, +375290000001');
    expect(chatName({ title: null, participants: people.slice(0, 1) })).toBe('Bot');
    expect(chatName({ title: null, participants: [] })).toBeNull();
    expect(phonesOf({ participants: [...people, ...people] })).toEqual(['+375290000001']);
  });
});
