import type { DatabaseSync } from 'node:sqlite';
import { digest } from '../mail/address.ts';
import type { Mail, Person } from '../mail/read.ts';
import { baseSubject, isReply } from '../mail/subject.ts';

/** References of a mail; more of a long thread help nobody to put it together. */
const MOST_REFERENCES = 20;
/** How long after its last mail a thread is found by its subject alone. */
const SUBJECT_DAYS = 60;
const DAY_MS = 86_400_000;

/** A thread of mails between a mailbox and whoever writes to it. */
export interface Chat {
  id: string;
  mailbox: string;
  subject: string;
  /** Who is answered; null: nobody can be. */
  reply: Person | null;
  /** Message-ID of the newest mail that came. */
  lastIncoming: string | null;
  /** Message-IDs, the first one and the newest ones. */
  thread: string[];
}

interface Row {
  id: string;
  mailbox: string;
  subject: string;
  reply_address: string | null;
  reply_name: string | null;
  last_incoming: string | null;
  thread: string;
}

export interface Found {
  chat: Chat;
  /** When the mail that it answers was written, milliseconds since the epoch; null where that is not known. */
  answersAt: number | null;
}

/** Which chat a mail belongs to. Runs inside the caller's transactions. */
export class Threads {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  byId(id: string): Chat | null {
    const row = this.#database.prepare('SELECT * FROM chat WHERE id = ?').get(id) as Row | undefined;
    return row === undefined ? null : chatOf(row);
  }

  /**
   * The chat a mail goes on with: that of a mail it refers to, if that was one of ours (nobody guesses its Message-ID) or its
   * sender has part in the chat (wrote in it, or was written to); else, of an answer whose program refers to nothing, the
   * sender's newest one of the same subject. Otherwise null: a stranger who knows a customer's Message-ID gets no place in
   * their talk.
   */
  find(mailbox: string, mail: Mail & { from: Person }, now: number): Found | null {
    const { address } = mail.from;
    const referred = this.#database.prepare(
      `SELECT chat.*, thread_id.at FROM thread_id JOIN chat ON chat.id = thread_id.chat
       LEFT JOIN chat_address ON chat_address.chat = chat.id AND chat_address.address = ?
       WHERE thread_id.mailbox = ? AND thread_id.message_id = ?
         AND (thread_id.ours = 1 OR chat_address.address IS NOT NULL)`,
    );
    for (const id of mail.references.slice(-MOST_REFERENCES).toReversed()) {
      const row = referred.get(address, mailbox, id) as (Row & { at: number }) | undefined;
      if (row !== undefined) return { chat: chatOf(row), answersAt: row.at };
    }
    const base = baseSubject(mail.subject);
    if (mail.references.length > 0 || base === '' || !isReply(mail.subject)) return null;
    const row = this.#database
      .prepare(
        `SELECT chat.* FROM chat JOIN chat_address ON chat_address.chat = chat.id AND chat_address.address = ?
         WHERE chat.mailbox = ? AND chat.base_subject = ? AND chat.last_at > ? ORDER BY chat.last_at DESC LIMIT 1`,
      )
      .get(address, mailbox, base, now - SUBJECT_DAYS * DAY_MS) as Row | undefined;
    return row === undefined ? null : { chat: chatOf(row), answersAt: null };
  }

  /** A new chat; its id follows from its first mail, so that a mail that is handed over again finds it. */
  create(mailbox: string, mail: Mail, first: string, now: number): Chat {
    const id = `thread-${digest(mailbox, first)}`;
    this.#database
      .prepare(
        `INSERT OR IGNORE INTO chat (id, mailbox, subject, base_subject, thread, last_at) VALUES (?, ?, ?, ?, '', ?)`,
      )
      .run(id, mailbox, mail.subject, baseSubject(mail.subject), now);
    const chat = this.byId(id);
    if (chat === null) throw new Error('a chat was added and is not there');
    return chat;
  }

  /** A mail came into the chat. `reply`: who is answered from now on; null leaves it as it is. `at`: when it was written. */
  came(
    chat: Chat,
    mail: {
      messageId: string | null;
      references: string[];
      addresses: string[];
      reply: Person | null;
      at: number;
    },
    now: number,
  ): void {
    for (const address of mail.addresses)
      this.#database
        .prepare('INSERT OR IGNORE INTO chat_address (chat, address) VALUES (?, ?)')
        .run(chat.id, address);
    this.#extend(chat, [...mail.references, ...(mail.messageId === null ? [] : [mail.messageId])], now);
    if (mail.messageId !== null) {
      this.#database.prepare('UPDATE chat SET last_incoming = ? WHERE id = ?').run(mail.messageId, chat.id);
      this.#know(chat, mail.messageId, false, mail.at);
    }
    if (mail.reply !== null)
      this.#database
        .prepare('UPDATE chat SET reply_address = ?, reply_name = ? WHERE id = ?')
        .run(mail.reply.address, mail.reply.name, chat.id);
  }

  /** A mail of ours goes out into the chat. */
  went(chat: Chat, messageId: string, at: number, now: number): void {
    this.#extend(chat, [messageId], now);
    this.#know(chat, messageId, true, at);
  }

  #know({ id, mailbox }: Chat, messageId: string, ours: boolean, at: number): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO thread_id (mailbox, message_id, chat, ours, at) VALUES (?, ?, ?, ?, ?)')
      .run(mailbox, messageId, id, ours ? 1 : 0, at);
  }

  #extend(chat: Chat, ids: string[], now: number): void {
    const [first, ...rest] = [...new Set([...(this.byId(chat.id)?.thread ?? []), ...ids])];
    const kept = [...(first === undefined ? [] : [first]), ...rest.slice(1 - MOST_REFERENCES)];
    this.#database
      .prepare('UPDATE chat SET thread = ?, last_at = ? WHERE id = ?')
      .run(kept.join(' '), now, chat.id);
  }
}

const chatOf = (row: Row): Chat => ({
  id: row.id,
  mailbox: row.mailbox,
  subject: row.subject,
  reply: row.reply_address === null ? null : { address: row.reply_address, name: row.reply_name },
  lastIncoming: row.last_incoming,
  thread: row.thread === '' ? [] : row.thread.split(' '),
});
