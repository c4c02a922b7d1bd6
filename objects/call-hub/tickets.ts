/** One-use tickets for `/api/live`: for clients that can neither send a header nor carry the cookie. */
import { createHash, randomBytes } from 'node:crypto';
import type { LiveSubscriber, TicketResult } from './contract';

export const TICKET_LIFE_MS = 30_000;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64');

export class Tickets {
  constructor(private readonly sql: SqlStorage) {}

  create(subscriber: LiveSubscriber, now: number): TicketResult {
    const secret = randomBytes(32).toString('base64url');
    const expiresAt = now + TICKET_LIFE_MS;
    this.sql.exec('DELETE FROM tickets WHERE expires_at < ?', now);
    this.sql.exec(
      'INSERT INTO tickets VALUES (?, ?, ?)',
      hashOf(secret),
      JSON.stringify(subscriber),
      expiresAt,
    );
    return { secret, expiresAt };
  }

  /** The subscriber a living ticket was made for; it is gone afterwards. */
  take(secret: string, now: number): LiveSubscriber | null {
    const hash = hashOf(secret);
    const [row] = this.sql
      .exec<{ subscriber: string; expires_at: number }>(
        'SELECT subscriber, expires_at FROM tickets WHERE hash = ?',
        hash,
      )
      .toArray();
    if (!row) return null;
    this.sql.exec('DELETE FROM tickets WHERE hash = ?', hash);
    return row.expires_at > now ? (JSON.parse(row.subscriber) as LiveSubscriber) : null;
  }

  /** A session that ended must not leave a way in. */
  dropWhere(test: (subscriber: LiveSubscriber) => boolean): void {
    for (const row of this.sql
      .exec<{ hash: string; subscriber: string }>('SELECT hash, subscriber FROM tickets')
      .toArray()) {
      if (test(JSON.parse(row.subscriber) as LiveSubscriber))
        this.sql.exec('DELETE FROM tickets WHERE hash = ?', row.hash);
    }
  }
}
