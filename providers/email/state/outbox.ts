import type { DatabaseSync } from 'node:sqlite';
import type { Person } from '../mail/read.ts';

/** What a mail is made of; fixed when it is taken, so that every attempt sends the same one. */
export interface OutgoingMail {
  from: { address: string; name: string };
  to: Person;
  subject: string;
  /** With their angle brackets. */
  messageId: string;
  inReplyTo: string | null;
  references: string[];
  text: string;
  /** Milliseconds since the epoch. */
  date: number;
}

export interface OutboxRow {
  seq: number;
  tenant: string;
  /** `Idempotency-Key` under which Trunkline asked for it. */
  key: string;
  /** Digest of what was asked. */
  request: string;
  /** Our id of the message. */
  id: string;
  /** Trunkline's id of it. */
  message: string;
  chat: string;
  mail: OutgoingMail;
  state: State;
  attempts: number;
  createdAt: number;
}

/** `sending` survives a crash: the mail server may or may not have it. */
export type State = 'queued' | 'sending' | 'sent' | 'failed';

interface Row extends Omit<OutboxRow, 'mail' | 'createdAt'> {
  mail: string;
  created_at: number;
}

/** How long a mail is remembered: repeats of its request and notices of mail servers come within days. */
const REMEMBERED_MS = 90 * 86_400_000;

/** Mails that people wrote, one per `Idempotency-Key`, in order within their chat. */
export class Outbox {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Inside the caller's transaction. */
  add(row: Omit<OutboxRow, 'seq' | 'state' | 'attempts'>): void {
    const { tenant, key, request, id, message, chat, mail, createdAt } = row;
    this.#database
      .prepare(
        `INSERT INTO outbox (tenant, key, request, id, message, chat, message_id, mail, state, created_at, next_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)`,
      )
      .run(
        tenant,
        key,
        request,
        id,
        message,
        chat,
        mail.messageId,
        JSON.stringify(mail),
        createdAt,
        createdAt,
      );
  }

  byKey(tenant: string, key: string): OutboxRow | null {
    return this.#one('tenant = ? AND key = ?', tenant, key);
  }

  /** By our id or Trunkline's. */
  byMessage(tenant: string, id: string): OutboxRow | null {
    return this.#one('tenant = ? AND (id = ? OR message = ?) ORDER BY seq DESC LIMIT 1', tenant, id, id);
  }

  byMessageId(messageId: string): OutboxRow | null {
    return this.#one('message_id = ?', messageId);
  }

  /** When the oldest of the last so many mails into a chat was taken; null where there were fewer. */
  nthLast(chat: string, n: number): number | null {
    const row = this.#database
      .prepare('SELECT created_at AS at FROM outbox WHERE chat = ? ORDER BY created_at DESC LIMIT 1 OFFSET ?')
      .get(chat, n - 1) as { at: number } | undefined;
    return row?.at ?? null;
  }

  due(now: number, busy: ReadonlySet<string>, most: number): OutboxRow[] {
    const rows = this.#database
      .prepare(
        `SELECT * FROM outbox WHERE settled_at IS NULL AND next_at <= ?
           AND seq IN (SELECT min(seq) FROM outbox WHERE settled_at IS NULL GROUP BY chat)
           AND chat NOT IN (SELECT value FROM json_each(?))
         ORDER BY seq LIMIT ?`,
      )
      .all(now, JSON.stringify([...busy]), most) as unknown as Row[];
    return rows.map(rowOf);
  }

  nextAt(): number | null {
    const { at } = this.#database
      .prepare(
        `SELECT min(next_at) AS at FROM outbox
         WHERE seq IN (SELECT min(seq) FROM outbox WHERE settled_at IS NULL GROUP BY chat)`,
      )
      .get() as { at: number | null };
    return at;
  }

  /** The mail server is about to get it; durable before it does. Null where it is not waiting any more. */
  begin(seq: number): OutboxRow | null {
    const { changes } = this.#database
      .prepare(
        `UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE seq = ? AND settled_at IS NULL`,
      )
      .run(seq);
    return Number(changes) === 0 ? null : this.#one('seq = ?', seq);
  }

  again(seq: number, at: number, error: string): void {
    this.#database
      .prepare(`UPDATE outbox SET state = 'queued', next_at = ?, error = ? WHERE seq = ?`)
      .run(at, error, seq);
  }

  settle(seq: number, state: 'sent' | 'failed', error: string | null, now: number): void {
    this.#database
      .prepare('UPDATE outbox SET state = ?, settled_at = ?, error = ? WHERE seq = ?')
      .run(state, now, error, seq);
  }

  /** Another text for a mail that no attempt was made of yet; false: it is too late. */
  replaceText(seq: number, text: string): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE outbox SET mail = json_set(mail, '$.text', ?) WHERE seq = ? AND state = 'queued' AND attempts = 0`,
      )
      .run(text, seq);
    return Number(changes) === 1;
  }

  prune(now: number): void {
    this.#database.prepare('DELETE FROM outbox WHERE settled_at < ?').run(now - REMEMBERED_MS);
  }

  counts(): { waiting: number; failed: number } {
    return this.#database
      .prepare(
        `SELECT count(*) FILTER (WHERE settled_at IS NULL) AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed
         FROM outbox`,
      )
      .get() as { waiting: number; failed: number };
  }

  #one(where: string, ...values: (string | number)[]): OutboxRow | null {
    const row = this.#database.prepare(`SELECT * FROM outbox WHERE ${where}`).get(...values);
    return row === undefined ? null : rowOf(row as unknown as Row);
  }
}

// Written by `add` of this class only.
const rowOf = ({ created_at: createdAt, mail, ...row }: Row): OutboxRow => ({
  ...row,
  mail: JSON.parse(mail) as OutgoingMail,
  createdAt,
});
