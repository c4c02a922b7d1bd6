import type { DatabaseSync } from 'node:sqlite';

export interface StoredMail {
  seq: number;
  receivedAt: number;
  /** Of the envelope; empty of what must not be answered. */
  sender: string;
  mailboxes: string[];
  raw: Buffer;
}

interface Row {
  seq: number;
  received_at: number;
  sender: string;
  mailboxes: string;
  raw: Uint8Array;
}

/** Mails that the mail server was told are ours now, until they are filed. */
export class Inbound {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Durable when it returns. Answers the mail's number here. */
  add({ receivedAt, sender, mailboxes, raw }: Omit<StoredMail, 'seq'>): number {
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO mail (received_at, sender, mailboxes, raw) VALUES (?, ?, ?, ?)')
      .run(receivedAt, sender, JSON.stringify(mailboxes), raw);
    return Number(lastInsertRowid);
  }

  next(): StoredMail | null {
    const row = this.#database
      .prepare('SELECT * FROM mail WHERE error IS NULL ORDER BY seq LIMIT 1')
      .get() as Row | undefined;
    if (row === undefined) return null;
    const { seq, sender, mailboxes, raw } = row;
    // Written by `add` of this class only.
    const to = JSON.parse(mailboxes) as string[];
    return { seq, receivedAt: row.received_at, sender, mailboxes: to, raw: Buffer.from(raw) };
  }

  filed(seq: number): void {
    this.#database.prepare('DELETE FROM mail WHERE seq = ?').run(seq);
  }

  /** What can't be filed is kept for a person to look at. */
  setAside(seq: number, error: string): void {
    this.#database.prepare('UPDATE mail SET error = ? WHERE seq = ?').run(error, seq);
  }

  /** Those set aside are filed anew. */
  retry(): number {
    return Number(
      this.#database.prepare('UPDATE mail SET error = NULL WHERE error IS NOT NULL').run().changes,
    );
  }

  setAsideList(): { seq: number; error: string }[] {
    return this.#database
      .prepare('SELECT seq, error FROM mail WHERE error IS NOT NULL ORDER BY seq')
      .all() as unknown as { seq: number; error: string }[];
  }
}
