import { newChatId } from '../lib/ids';
import { digitsOf } from '../lib/search-terms';
import type { Channels } from './channels';
import type { NewParticipant, Participant } from './contract';
import { findable, isAfter, type ParticipantRole, type Place } from './machine';

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

interface ParticipantRow extends Record<string, SqlStorageValue> {
  key: number;
  chat: number;
  ext: string;
  name: string | null;
  phone: string | null;
  role: string;
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

export interface StoredParticipant {
  key: number;
  participant: Participant;
}

/** A group has no more of them here: those who come later are known by the messages they write. */
const MOST_PARTICIPANTS = 1_000;

/** Chats with their participants, and the words that find them. Each change runs inside the caller's transaction. */
export class Chats {
  /** Highest number that a chat was given; read again when it is not known. */
  #rev: number | null = null;
  #resetRev: number | null = null;

  constructor(
    private readonly sql: SqlStorage,
    private readonly channels: Channels,
  ) {}

  /** A transaction failed: what is kept in memory may be wrong. */
  reload(): void {
    this.#rev = null;
    this.#resetRev = null;
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
    const chat = this.#one('SELECT * FROM chats WHERE key = ?', key);
    if (chat === null) throw new Error(`no chat ${key}`);
    return chat;
  }

  byId(id: string): StoredChat | null {
    return this.#one('SELECT * FROM chats WHERE id = ?', id);
  }

  ofProvider(provider: number, externalId: string): StoredChat | null {
    return this.#one('SELECT * FROM chats WHERE provider = ? AND ext = ?', provider, externalId);
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
    for (const one of participants) this.#addParticipant(added.key, one);
    this.#index(added);
    return added;
  }

  /** Changes what is given. Answers whether anything was. */
  change(chat: StoredChat, title: string | null | undefined, given: readonly NewParticipant[]): boolean {
    const known = new Map(this.participants(chat.key).map((one) => [one.participant.id, one]));
    let changed = title !== undefined && title !== chat.title;
    if (changed) this.sql.exec('UPDATE chats SET title = ? WHERE key = ?', title, chat.key);
    for (const one of given) {
      const before = known.get(one.id);
      if (before === undefined) this.#addParticipant(chat.key, one);
      else {
        const { participant } = before;
        const after = {
          name: one.name ?? participant.name,
          phone: one.phone ?? participant.phone,
          role: one.role ?? participant.role,
        };
        const isSo =
          after.name === participant.name &&
          after.phone === participant.phone &&
          after.role === participant.role;
        if (isSo) continue;
        this.sql.exec(
          'UPDATE participants SET name = ?, phone = ?, role = ? WHERE key = ?',
          after.name,
          after.phone,
          after.role,
          before.key,
        );
      }
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
    if (given.length === 0) return;
    const known = new Set(this.participants(chat.key).map(({ participant }) => participant.id));
    const unknown = given.filter(({ id }) => !known.has(id));
    if (unknown.length > 0) this.change(chat, undefined, unknown);
  }

  participants(chat: number, limit = MOST_PARTICIPANTS): StoredParticipant[] {
    const sql = 'SELECT * FROM participants WHERE chat = ? ORDER BY key LIMIT ?';
    return [...this.sql.exec<ParticipantRow>(sql, chat, limit)].map(participantOf);
  }

  participant(chat: number, externalId: string): StoredParticipant | null {
    const sql = 'SELECT * FROM participants WHERE chat = ? AND ext = ?';
    const [row] = this.sql.exec<ParticipantRow>(sql, chat, externalId).toArray();
    return row === undefined ? null : participantOf(row);
  }

  participantByKey(key: number): Participant | null {
    const [row] = this.sql.exec<ParticipantRow>('SELECT * FROM participants WHERE key = ?', key).toArray();
    return row === undefined ? null : participantOf(row).participant;
  }

  /** Gives a chat the next number of the inbox: something of it has changed. */
  touch(key: number): void {
    this.sql.exec('UPDATE chats SET rev = ? WHERE key = ?', this.#next(), key);
  }

  /** A message came: the chat moves up where it is the newest. */
  came(chat: StoredChat, place: Place, from: { customer: boolean; unread: boolean }): void {
    const newest = chat.lastSeq === null || isAfter(place, { at: chat.lastAt, seq: chat.lastSeq });
    const last = newest ? place : { at: chat.lastAt, seq: chat.lastSeq };
    const customerAt = from.customer ? Math.max(chat.customerAt ?? place.at, place.at) : chat.customerAt;
    this.sql.exec(
      'UPDATE chats SET rev = ?, last_at = ?, last_seq = ?, unread = unread + ?, customer_at = ? WHERE key = ?',
      this.#next(),
      last.at,
      last.seq,
      from.unread ? 1 : 0,
      customerAt,
      chat.key,
    );
  }

  setLast(key: number, last: Place | null, createdAt: number): void {
    const { at, seq } = last ?? { at: createdAt, seq: null };
    this.sql.exec('UPDATE chats SET last_at = ?, last_seq = ? WHERE key = ?', at, seq, key);
  }

  /** `n` messages of it were seen. */
  seen(key: number, n: number): void {
    this.sql.exec('UPDATE chats SET rev = ?, unread = unread - ? WHERE key = ?', this.#next(), n, key);
  }

  /** Unread messages by channel. */
  unread(): Map<number, number> {
    const sql =
      'SELECT channel, sum(unread) AS n FROM chats INDEXED BY chats_unread WHERE unread > 0 GROUP BY channel';
    return new Map(
      [...this.sql.exec<{ channel: number; n: number }>(sql)].map((row) => [row.channel, row.n]),
    );
  }

  #next(): number {
    this.#rev = this.rev + 1;
    return this.#rev;
  }

  #addParticipant(chat: number, { id, name, phone, role = 'customer' }: NewParticipant): void {
    this.sql.exec(
      'INSERT INTO participants (chat, ext, name, phone, role) VALUES (?, ?, ?, ?, ?)',
      chat,
      id,
      name ?? null,
      phone ?? null,
      role,
    );
  }

  #index({ key, title, channel }: StoredChat): void {
    const people = this.participants(key).flatMap(({ participant: { name, phone } }) => [
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

const participantOf = (row: ParticipantRow): StoredParticipant => ({
  key: row.key,
  // Written by this class only.
  participant: { id: row.ext, name: row.name, phone: row.phone, role: row.role as ParticipantRole },
});
