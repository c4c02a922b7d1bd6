import { matchOf } from '../lib/search-terms';
import type { Channels } from './channels';
import type { Chats } from './chats';
import type * as c from './contract';
import type { Finder } from './finder';
import { findable, placeOf, placeText, type Place } from './machine';
import type { Messages, StoredMessage } from './messages';
import type { Views } from './views';

/** More changes than this are not told one by one. */
const MOST_CHANGES = 200;
const LONGEST_PAGE = 200;

type Bindings = (string | number)[];

/** One condition of a list with its values. */
interface Condition {
  sql: string;
  bindings: Bindings;
}

const where = (sql: string, ...bindings: Bindings): Condition => ({ sql, bindings });
const textOf = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? '1' : conditions.map(({ sql }) => sql).join(' AND ');

/**
 * Lists of the inbox. Each walks along an index in its own order and stops when the page is full, so that a page costs
 * the same among a hundred messages and among a million.
 */
export class Reading {
  constructor(
    private readonly channels: Channels,
    private readonly chats: Chats,
    private readonly messages: Messages,
    private readonly views: Views,
    private readonly finder: Finder,
  ) {}

  list(query: c.ChatQuery): c.ChatsPage {
    const after = placeIn(query.cursor);
    if (after === null) return { ok: false, code: 'bad_cursor' };
    const keys = this.#channelKeys(query);
    if (keys === null) return { ok: false, code: 'no_such_channel' };
    const limit = pageSize(query.limit);
    const conditions = [
      ...(query.unread === true ? [where('chats.unread > 0')] : []),
      ...(after === undefined ? [] : [where('(chats.last_at, chats.key) < (?, ?)', after.at, after.seq)]),
    ];
    const order = 'ORDER BY chats.last_at DESC, chats.key DESC';
    const rows =
      query.text !== undefined || query.phone !== undefined
        ? this.#found(query, keys, conditions, `${order} LIMIT ${limit + 1}`)
        : this.#walk(keys, conditions, `${order} LIMIT ${limit + 1}`);
    const chats = rows.slice(0, limit);
    const last = rows.length > limit ? chats.at(-1) : undefined;
    return {
      ok: true,
      chats: chats.map((chat) => this.views.chat(chat)),
      next: last === undefined ? null : placeText({ at: last.lastAt, seq: last.key }),
      rev: this.chats.rev,
    };
  }

  thread(query: c.MessageQuery): c.MessagesPage {
    const chat = this.chats.byId(query.chatId);
    if (chat === null) return { ok: false, code: 'no_such_chat' };
    const limit = pageSize(query.limit);
    const [before, after] = [placeIn(query.before), placeIn(query.after)];
    if (before === null || after === null) return { ok: false, code: 'bad_cursor' };
    let [older, newer]: [StoredMessage[], StoredMessage[]] = [[], []];
    let [moreOlder, moreNewer] = [false, false];
    if (query.around !== undefined) {
      const middle = this.messages.byId(query.around);
      if (middle?.chat !== chat.key) return { ok: false, code: 'no_such_message' };
      const place = { at: middle.sentAt, seq: middle.seq };
      const half = Math.max(1, Math.floor(limit / 2));
      [older, moreOlder] = this.#page(chat.key, '<=', place, half);
      [newer, moreNewer] = this.#page(chat.key, '>', place, limit - half);
    } else if (after === undefined) {
      [older, moreOlder] = this.#page(chat.key, '<', before ?? END, limit);
      moreNewer = before !== undefined && older.length > 0;
    } else {
      [newer, moreNewer] = this.#page(chat.key, '>', after, limit);
      moreOlder = newer.length > 0;
    }
    const messages = [...older.reverse(), ...newer];
    const [first, last] = [messages[0], messages.at(-1)];
    return {
      ok: true,
      messages: messages.map((message) => this.views.message(message, chat.id)),
      older: moreOlder && first !== undefined ? placeText({ at: first.sentAt, seq: first.seq }) : null,
      newer: moreNewer && last !== undefined ? placeText({ at: last.sentAt, seq: last.seq }) : null,
    };
  }

  /** Whoever asks has seen to it that the finder is not behind. */
  search(query: c.SearchQuery): c.SearchPage {
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    if (!Number.isSafeInteger(before)) return { ok: false, code: 'bad_cursor' };
    const facets: string[][] = [];
    if (query.chatId !== undefined) {
      const chat = this.chats.byId(query.chatId);
      if (chat === null) return { ok: false, code: 'no_such_chat' };
      facets.push([`h${chat.key}`]);
    }
    if (query.channel !== undefined) {
      const channel = this.channels.byId(query.channel);
      if (channel === null) return { ok: false, code: 'no_such_channel' };
      facets.push([`c${channel.key}`]);
    }
    const match = matchOf(findable(query.text), null, facets, this.finder.complete);
    if (match === null) return { ok: true, found: [], next: null };
    const limit = pageSize(query.limit);
    // A number is bound as a real one, from which FTS5 would not begin: it would walk along all that came later.
    const rows = this.messages.read(
      `SELECT messages.* FROM finder CROSS JOIN messages ON messages.seq = finder.rowid
       WHERE finder MATCH ? AND finder.rowid < CAST(? AS INTEGER) ORDER BY finder.rowid DESC LIMIT ${limit + 1}`,
      match,
      before,
    );
    const found = rows.slice(0, limit).map((message) => {
      const chat = this.chats.byKey(message.chat);
      return { message: this.views.message(message, chat.id), chat: this.views.chat(chat) };
    });
    return { ok: true, found, next: rows.length > limit ? String(rows[limit - 1]?.seq) : null };
  }

  changes(since: number): c.ChangesPage {
    const { rev } = this.chats;
    // A number from before the inbox was lost and begun anew says nothing.
    if (since > rev || since < this.chats.resetRev) return { rev, chats: [], reset: true };
    const sql = `SELECT * FROM chats WHERE rev > ? ORDER BY rev LIMIT ${MOST_CHANGES + 1}`;
    const rows = this.chats.read(sql, since);
    if (rows.length > MOST_CHANGES) return { rev, chats: [], reset: true };
    return { rev, chats: rows.map((chat) => this.views.chat(chat)), reset: false };
  }

  /** Keys of the channels asked for, undefined where it is all of them; null: one that is not there. */
  #channelKeys({ channel, code }: c.ChatQuery): number[] | undefined | null {
    if (channel !== undefined) {
      const found = this.channels.byId(channel);
      return found === null ? null : [found.key];
    }
    if (code === undefined) return undefined;
    return this.channels.all().flatMap((one) => (one.channel.code === code ? [one.key] : []));
  }

  /** One walk along the index of each channel, put together: an index has no order over two of its keys. */
  #walk(keys: number[] | undefined, conditions: Condition[], end: string) {
    if (keys === undefined) {
      const sql = `SELECT * FROM chats WHERE ${textOf(conditions)} ${end}`;
      return this.chats.read(sql, ...conditions.flatMap(({ bindings }) => bindings));
    }
    if (keys.length === 0) return [];
    const parts = keys.map((key) => [where('chats.channel = ?', key), ...conditions]);
    const sql = parts
      .map((part) => `SELECT * FROM (SELECT * FROM chats WHERE ${textOf(part)} ${end})`)
      .join(' UNION ALL ');
    return this.chats.read(
      `SELECT * FROM (${sql}) AS chats ${end}`,
      ...parts.flat().flatMap(({ bindings }) => bindings),
    );
  }

  /** Chats of people: found first, then put in order. */
  #found(query: c.ChatQuery, keys: number[] | undefined, conditions: Condition[], end: string) {
    const all = [...conditions];
    if (query.phone !== undefined)
      all.push(where('chats.key IN (SELECT chat FROM participants WHERE phone = ?)', query.phone));
    if (query.text !== undefined) {
      const facets = keys === undefined ? [] : [keys.map((key) => `c${key}`)];
      const match =
        keys?.length === 0 ? null : matchOf(findable(query.text), query.textNumber ?? null, facets);
      if (match === null) return [];
      all.push(where('chats.key IN (SELECT rowid FROM chat_finder WHERE chat_finder MATCH ?)', match));
    } else if (keys !== undefined) {
      all.push(where(`chats.channel IN (${keys.map(() => '?').join(', ') || 'NULL'})`, ...keys));
    }
    const sql = `SELECT * FROM chats WHERE ${textOf(all)} ${end}`;
    return this.chats.read(sql, ...all.flatMap(({ bindings }) => bindings));
  }

  #page(
    chat: number,
    than: '<' | '<=' | '>',
    { at, seq }: Place,
    limit: number,
  ): [rows: StoredMessage[], more: boolean] {
    const order = than === '>' ? 'sent_at, seq' : 'sent_at DESC, seq DESC';
    const sql = `SELECT * FROM messages WHERE chat = ? AND (sent_at, seq) ${than} (?, ?) ORDER BY ${order} LIMIT ?`;
    const rows = this.messages.read(sql, chat, at, seq, limit + 1);
    return [rows.slice(0, limit), rows.length > limit];
  }
}

/** Behind every message. */
const END: Place = { at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };

const pageSize = (limit: number): number => Math.max(1, Math.min(limit, LONGEST_PAGE));

/** Undefined without a cursor, null for one that is none. */
const placeIn = (cursor: string | undefined): Place | null | undefined =>
  cursor === undefined ? undefined : placeOf(cursor);
