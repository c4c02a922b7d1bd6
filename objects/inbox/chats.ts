import { newChatId } from '../lib/ids';
import { Recent } from '../lib/recent';
import { digitsOf } from '../lib/search-terms';
import type { Channels } from './channels';
import type { NewParticipant } from './contract';
import { findable, isAfter, type Place } from './machine';
import { Participants } from './participants';

interface ChatRow extends Record<string, SqlStorageValue> {
  key: number;
  id: string;
  provider: number;
  ext: string;
  channel: number;
  title: string | null;
  unread: number;
  last_at: number;
  last_seq: number | null;
  rev: number;
  created_at: number;
  customer_at: number | null;
}

export interface StoredChat {
  key: number;
  id: string;
  provider: number;
  externalId: string;
  /** Key of its channel. */
  channel: number;
  title: string | null;
  unread: number;
  lastAt: number;
  /** Newest message by the time it was sent; null without messages. */
  lastSeq: number | null;
  rev: number;
  createdAt: number;
  /** When the customer wrote last, by the time it was sent; null: never. */
  customerAt: number | null;
}

/** Chats that are remembered: those that something came to, or was asked of, last. */
const REMEMBERED = 5_000;

/**
 * Chats with their participants, and the words that find them. Each change runs inside the caller's transaction. Busy chats
 * stay in memory, which follows the storage also when a transaction fails (`reload`).
 */
export class Chats {
  readonly people: Participants;
  readonly #byKey = new Recent<number, StoredChat>(REMEMBERED);
  /** Keys by provider and the provider's own id; they never change. */
  readonly #keys = new Recent<string, number>(REMEMBERED);
  #unread: Map<number, number> | null = null;
  /** Highest number that a chat was given; read again when it is not known. */
  #rev: number | null = null;
  #resetRev: number | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly channels: Channels,
  ) {
    this.people = new Participants(sql);
  }

  /** A transaction failed: what is kept in memory may be wrong. */
  reload(): void {
    this.#rev = null;
    this.#resetRev = null;
    this.#byKey.clear();
    this.#keys.clear();
    this.#unread = null;
    this.people.reload();
  }

  /** How far the inbox has come. */
  get rev(): number {
    if (this.#rev === null) {
      const { rev } = this.sql.exec<{ rev: number | null }>('SELECT max(rev) AS rev FROM chats').one();
      this.#rev = Math.max(rev ?? 0, this.resetRev);
    }
    return this.#rev;
  }

  /** Who has heard less than this reads the lists anew: what changed then is not told chat by chat. */
  get resetRev(): number {
    if (this.#resetRev === null) {
      const sql = "SELECT value FROM state WHERE name = 'reset'";
      const [row] = this.sql.exec<{ value: string }>(sql).toArray();
      this.#resetRev = row === undefined ? 0 : Number(row.value);
    }
    return this.#resetRev;
  }

  /** Something changed that every chat may show. */
  reset(): void {
    this.#resetRev = this.#next();
    const sql = "INSERT OR REPLACE INTO state (name, value) VALUES ('reset', ?)";
    this.sql.exec(sql, String(this.#resetRev));
  }

  byKey(key: number): StoredChat {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const chat = this.#one('SELECT * FROM chats WHERE key = ?', key);
    if (chat === null) throw new Error(`no chat ${key}`);
    this.#byKey.set(key, chat);
    return chat;
  }

  byId(id: string): StoredChat | null {
    return this.#one('SELECT * FROM chats WHERE id = ?', id);
  }

  ofProvider(provider: number, externalId: string): StoredChat | null {
    const key = this.#keys.get(`${provider} ${externalId}`);
    if (key !== undefined) return this.byKey(key);
    const sql = 'SELECT * FROM chats WHERE provider = ? AND ext = ?';
    const chat = this.#one(sql, provider, externalId);
    if (chat !== null) this.#remember(chat);
    return chat;
  }

  read(query: string, ...bindings: SqlStorageValue[]): StoredChat[] {
    return [...this.sql.exec<ChatRow>(query, ...bindings)].map(chatOf);
  }

  add(
    chat: { provider: number; externalId: string; channel: number; title: string | null },
    participants: readonly NewParticipant[],
    now: number,
  ): StoredChat {
    const sql = `INSERT INTO chats (id, provider, ext, channel, title, last_at, rev, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`;
    const { provider, externalId, channel, title } = chat;
    const rev = this.#next();
    const added = chatOf(
      this.sql.exec<ChatRow>(sql, newChatId(now), provider, externalId, channel, title, now, rev, now).one(),
    );
    this.#remember(added);
    for (const one of participants) this.people.add(added.key, one);
    this.#index(added);
    return added;
  }

  /** Changes what is given. Answers whether anything was. */
  change(chat: StoredChat, title: string | null | undefined, given: readonly NewParticipant[]): boolean {
    let changed = title !== undefined && title !== chat.title;
    if (changed) {
      this.#byKey.delete(chat.key);
      this.sql.exec('UPDATE chats SET title = ? WHERE key = ?', title, chat.key);
    }
    for (const one of given) {
      const before = this.people.one(chat.key, one.id);
      if (before === null) this.people.add(chat.key, one);
      else if (!this.people.change(chat.key, before, one)) continue;
      changed = true;
    }
    if (changed) {
      this.sql.exec('DELETE FROM chat_finder WHERE rowid = ?', chat.key);
      this.#index(this.byKey(chat.key));
      this.touch(chat.key);
    }
    return changed;
  }

  /** Adds those who are not known yet and leaves the others as they are. */
  addUnknown(chat: StoredChat, given: readonly NewParticipant[]): void {
    const unknown = given.filter(({ id }) => this.people.one(chat.key, id) === null);
    if (unknown.length > 0) this.change(chat, undefined, unknown);
  }

  /** Gives a chat the next number of the inbox: something of it has changed. */
  touch(key: number): void {
    const chat = { ...this.byKey(key), rev: this.#next() };
    this.sql.exec('UPDATE chats SET rev = ? WHERE key = ?', chat.rev, key);
    this.#byKey.set(key, chat);
  }

  /** A message came: the chat moves up where it is the newest. */
  came(key: number, place: Place, from: { customer: boolean; unread: boolean }): void {
    const before = this.byKey(key);
    const { lastAt, lastSeq, customerAt } = before;
    const isNewest = lastSeq === null || isAfter(place, { at: lastAt, seq: lastSeq });
    const chat = {
      ...before,
      ...(isNewest && { lastAt: place.at, lastSeq: place.seq }),
      ...(from.customer && { customerAt: Math.max(customerAt ?? place.at, place.at) }),
      unread: before.unread + (from.unread ? 1 : 0),
      rev: this.#next(),
    };
    this.sql.exec(
      'UPDATE chats SET rev = ?, last_at = ?, last_seq = ?, unread = ?, customer_at = ? WHERE key = ?',
      chat.rev,
      chat.lastAt,
      chat.lastSeq,
      chat.unread,
      chat.customerAt,
      key,
    );
    this.#byKey.set(key, chat);
    if (from.unread) this.#count(chat, 1);
  }

  setLast(key: number, last: Place | null, createdAt: number): void {
    const { at, seq } = last ?? { at: createdAt, seq: null };
    this.#byKey.delete(key);
    this.sql.exec('UPDATE chats SET last_at = ?, last_seq = ? WHERE key = ?', at, seq, key);
  }

  /** `n` messages of it were seen. */
  seen(key: number, n: number): void {
    const before = this.byKey(key);
    const chat = { ...before, unread: before.unread - n, rev: this.#next() };
    this.sql.exec('UPDATE chats SET rev = ?, unread = ? WHERE key = ?', chat.rev, chat.unread, key);
    this.#byKey.set(key, chat);
    this.#count(chat, -n);
  }

  /** Unread messages by channel. */
  unread(): ReadonlyMap<number, number> {
    if (this.#unread === null) {
      const sql =
        'SELECT channel, sum(unread) AS n FROM chats INDEXED BY chats_unread WHERE unread > 0 GROUP BY channel';
      const rows = this.sql.exec<{ channel: number; n: number }>(sql).toArray();
      this.#unread = new Map(rows.map(({ channel, n }) => [channel, n]));
    }
    return this.#unread;
  }

  #count({ channel }: StoredChat, n: number): void {
    this.#unread?.set(channel, (this.#unread.get(channel) ?? 0) + n);
  }

  #remember(chat: StoredChat): void {
    this.#keys.set(`${chat.provider} ${chat.externalId}`, chat.key);
    this.#byKey.set(chat.key, chat);
  }

  #next(): number {
    this.#rev = this.rev + 1;
    return this.#rev;
  }

  #index({ key, title, channel }: StoredChat): void {
    const people = this.people
      .of(key)
      .flatMap(({ participant: { name, phone } }) => [
        name ?? '',
        ...(phone === null ? [] : digitsOf(phone)),
      ]);
    const words = [title ?? '', this.channels.byKey(channel).channel.name, ...people].join(' ');
    this.sql.exec(
      'INSERT INTO chat_finder (rowid, words, facets) VALUES (?, ?, ?)',
      key,
      findable(words),
      `c${channel}`,
    );
  }

  #one(query: string, ...bindings: SqlStorageValue[]): StoredChat | null {
    return this.read(query, ...bindings)[0] ?? null;
  }
}

const chatOf = (row: ChatRow): StoredChat => ({
  key: row.key,
  id: row.id,
  provider: row.provider,
  externalId: row.ext,
  channel: row.channel,
  title: row.title,
  unread: row.unread,
  lastAt: row.last_at,
  lastSeq: row.last_seq,
  rev: row.rev,
  createdAt: row.created_at,
  customerAt: row.customer_at,
});
