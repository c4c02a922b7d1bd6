import { newMessageId } from '../lib/ids';
import type { Author } from './contract';
import type { Finder } from './finder';
import { hasFailed, join, type MessageDirection, type Place, type Progress } from './machine';

interface MessageRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  provider: number;
  chat: number;
  ext: string | null;
  direction: string;
  sender: number | null;
  author: string | null;
  author_name: string | null;
  text: string;
  sent_at: number;
  received_at: number;
  edited_at: number | null;
  attempt: number;
  key_of: number | null;
  progress: string;
  error: string | null;
  seen: number;
}

export interface StoredMessage {
  seq: number;
  id: string;
  provider: number;
  /** Key of its chat. */
  chat: number;
  externalId: string | null;
  direction: MessageDirection;
  /** Key of a participant. */
  sender: number | null;
  author: Author | null;
  text: string;
  sentAt: number;
  receivedAt: number;
  editedAt: number | null;
  /** How often a person had it sent. */
  attempt: number;
  /** The attempt under whose key it goes out: those before it were taken by the provider and failed. */
  keyOf: number;
  progress: Progress;
  error: string | null;
  seen: boolean;
}

export type FreshMessage = Omit<StoredMessage, 'seq' | 'id' | 'editedAt' | 'attempt' | 'keyOf' | 'error'>;

/** Messages and the words that find them. Each change runs inside the caller's transaction. */
export class Messages {
  constructor(
    private readonly sql: SqlStorage,
    private readonly finder: Finder,
  ) {}

  bySeq(seq: number): StoredMessage | null {
    return this.#one('SELECT * FROM messages WHERE seq = ?', seq);
  }

  byId(id: string): StoredMessage | null {
    return this.#one('SELECT * FROM messages WHERE id = ?', id);
  }

  /** By the provider's own id, of whichever attempt; a message written here goes by ours. */
  ofProvider(provider: number, id: string): StoredMessage | null {
    const known = this.byExternalId(provider, id) ?? this.byId(id) ?? this.byFormerId(provider, id);
    return known?.provider === provider ? known : null;
  }

  byExternalId(provider: number, externalId: string): StoredMessage | null {
    return this.#one('SELECT * FROM messages WHERE provider = ? AND ext = ?', provider, externalId);
  }

  /** By the id that the provider gave an earlier attempt. */
  byFormerId(provider: number, externalId: string): StoredMessage | null {
    const sql = `SELECT messages.* FROM former_ids JOIN messages ON messages.seq = former_ids.seq
      WHERE former_ids.provider = ? AND former_ids.ext = ?`;
    return this.#one(sql, provider, externalId);
  }

  read(query: string, ...bindings: SqlStorageValue[]): StoredMessage[] {
    return [...this.sql.exec<MessageRow>(query, ...bindings)].map(messageOf);
  }

  add(message: FreshMessage): StoredMessage {
    const id = newMessageId(message.receivedAt);
    const { seq } = this.sql
      .exec<{ seq: number }>(
        `INSERT INTO messages (id, provider, chat, ext, direction, sender, author, author_name, text, sent_at,
           received_at, progress, seen)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
        id,
        message.provider,
        message.chat,
        message.externalId,
        message.direction,
        message.sender,
        message.author?.id ?? null,
        message.author?.name ?? null,
        message.text,
        message.sentAt,
        message.receivedAt,
        message.progress,
        message.seen ? 1 : 0,
      )
      .one();
    this.finder.added(seq);
    return { ...message, seq, id, editedAt: null, attempt: 1, keyOf: 1, error: null };
  }

  edit({ seq }: StoredMessage, text: string, now: number): void {
    this.sql.exec('UPDATE messages SET text = ?, edited_at = ? WHERE seq = ?', text, now, seq);
    this.finder.changed(seq);
  }

  /** Never back. Answers whether it went on. */
  heard(message: StoredMessage, progress: Progress, error: string | null): boolean {
    const after = join(message.progress, progress);
    if (after === message.progress) return false;
    const sql = 'UPDATE messages SET progress = ?, error = ? WHERE seq = ?';
    this.sql.exec(sql, after, hasFailed(after) ? error : null, message.seq);
    return true;
  }

  /** `keyOf`: the attempt under whose key it goes out now. A new key is answered with a new id. */
  sendAgain(message: StoredMessage, keyOf: number): void {
    const { seq, externalId } = message;
    const isNew = keyOf !== message.keyOf;
    if (isNew && externalId !== null) this.addFormerId(message, externalId);
    this.sql.exec(
      `UPDATE messages SET progress = 'queued', error = NULL, attempt = attempt + 1, key_of = ?, ext = ? WHERE seq = ?`,
      keyOf,
      isNew ? null : externalId,
      seq,
    );
  }

  addFormerId({ seq, provider }: StoredMessage, externalId: string): void {
    const sql = 'INSERT OR REPLACE INTO former_ids (provider, ext, seq) VALUES (?, ?, ?)';
    this.sql.exec(sql, provider, externalId, seq);
  }

  /** Something about it went wrong that leaves it where it is. */
  setError({ seq }: StoredMessage, error: string | null): void {
    this.sql.exec('UPDATE messages SET error = ? WHERE seq = ?', error, seq);
  }

  setExternalId({ seq }: StoredMessage, externalId: string): void {
    this.sql.exec('UPDATE messages SET ext = ? WHERE seq = ?', externalId, seq);
  }

  /** Unread messages of a chat up to one become seen; answers them. */
  see(chat: number, upTo: number): StoredMessage[] {
    const sql = 'UPDATE messages SET seen = 1 WHERE chat = ? AND seq <= ? AND seen = 0 RETURNING *';
    return this.read(sql, chat, upTo);
  }

  remove({ seq }: StoredMessage): void {
    this.sql.exec('DELETE FROM messages WHERE seq = ?', seq);
    this.finder.removed(seq);
  }

  /** The newest of a chat by the time it was sent. */
  last(chat: number): Place | null {
    const sql = 'SELECT * FROM messages WHERE chat = ? ORDER BY sent_at DESC, seq DESC LIMIT 1';
    const last = this.#one(sql, chat);
    return last === null ? null : { at: last.sentAt, seq: last.seq };
  }

  #one(query: string, ...bindings: SqlStorageValue[]): StoredMessage | null {
    return this.read(query, ...bindings)[0] ?? null;
  }
}

const messageOf = (row: MessageRow): StoredMessage => ({
  seq: row.seq,
  id: row.id,
  provider: row.provider,
  chat: row.chat,
  externalId: row.ext,
  // Written by this class only.
  direction: row.direction as MessageDirection,
  sender: row.sender,
  author: row.author === null ? null : { id: row.author, name: row.author_name ?? row.author },
  text: row.text,
  sentAt: row.sent_at,
  receivedAt: row.received_at,
  editedAt: row.edited_at,
  attempt: row.attempt,
  keyOf: row.key_of ?? row.attempt,
  progress: row.progress as Progress,
  error: row.error,
  seen: row.seen === 1,
});
