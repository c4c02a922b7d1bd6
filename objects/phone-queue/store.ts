/** SQL of commands and what must be told of them. Rows in, rows out: decisions are the machine's. */
import type {
  CallResult,
  CommandState,
  CommandView,
  CommandsPage,
  CommandsQuery,
  EnqueueInput,
} from './contract';
import type { LiveCommand } from './machine';
import { REDELIVERY_WINDOW_MS } from './machine';

/** A repeat of the same creator, number and contact within this is the same command while it waits. */
export const DEDUP_WINDOW_MS = 60_000;

type CommandRow = {
  seq: number;
  id: string;
  call_id: string;
  user_id: string;
  creator_id: string;
  phone: string;
  company_id: string | null;
  contact_id: string | null;
  note: string | null;
  aimed_at: string | null;
  state: CommandState;
  created_at: number;
  expires_at: number;
  delivered_to: string | null;
  delivered_at: number | null;
  lease: string | null;
  redelivered: number;
  ended_at: number | null;
  cancelled_by: string | null;
  manual: number;
  result: string | null;
};

/** A command as it is kept, with its place in the order of arrival. */
export type Command = CommandView & { seq: number };

export class CommandStore {
  constructor(private readonly sql: SqlStorage) {}

  /** Commands that a phone may still have to get, by user. */
  live(now: number): { userId: string; command: LiveCommand }[] {
    return this.sql
      .exec<CommandRow>(
        `SELECT * FROM commands WHERE state = 'queued'
         UNION ALL SELECT * FROM commands WHERE state = 'delivered' AND delivered_at >= ? ORDER BY seq`,
        now - REDELIVERY_WINDOW_MS,
      )
      .toArray()
      .map((row) => ({ userId: row.user_id, command: toLive(row) }));
  }

  byId(id: string): Command | null {
    const [row] = this.sql.exec<CommandRow>('SELECT * FROM commands WHERE id = ?', id).toArray();
    return row === undefined ? null : toCommand(row);
  }

  /** The first command this one only repeats, if it still waits. */
  duplicateOf(input: EnqueueInput): Command | null {
    const [row] = this.sql
      .exec<CommandRow>(
        `SELECT * FROM commands WHERE user_id = ? AND state = 'queued' AND created_at > ? AND creator_id = ?
           AND phone = ? AND contact_id IS ? ORDER BY seq LIMIT 1`,
        input.userId,
        input.now - DEDUP_WINDOW_MS,
        input.creatorId,
        input.phone,
        input.contactId ?? null,
      )
      .toArray();
    return row === undefined ? null : toCommand(row);
  }

  /**
   * Stores a command, leased already if a phone is about to get it: one write for both.
   * @returns false when there is one of this id already, which stays as it is
   */
  insert(
    command: Omit<Command, 'deliveredAt' | 'deliveredTo'>,
    lease: { poll: string; device: string; at: number } | null,
  ): boolean {
    const stored = this.sql
      .exec(
        `INSERT INTO commands (seq, id, call_id, user_id, creator_id, phone, company_id, contact_id, note, aimed_at, state,
         created_at, expires_at, delivered_to, delivered_at, lease, ended_at, manual, result)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq`,
        command.seq,
        command.id,
        command.callId,
        command.userId,
        command.creatorId,
        command.phone,
        command.companyId,
        command.contactId,
        command.note,
        command.aimedAt,
        lease === null ? command.state : 'delivered',
        command.createdAt,
        command.expiresAt,
        lease?.device ?? null,
        lease?.at ?? null,
        lease?.poll ?? null,
        command.endedAt,
        command.manual ? 1 : 0,
        command.result === null ? null : JSON.stringify(command.result),
      )
      .toArray();
    return stored.length > 0;
  }

  /** Where the next command goes in the order of arrival. */
  nextSeq(): number {
    const { last } = this.sql
      .exec<{ last: number }>('SELECT coalesce(max(seq), 0) AS last FROM commands')
      .one();
    return last + 1;
  }

  lease(id: string, device: string, poll: string, at: number, again: boolean): void {
    this.sql.exec(
      `UPDATE commands SET state = 'delivered', delivered_to = ?, delivered_at = ?, lease = ?,
         redelivered = redelivered OR ? WHERE id = ?`,
      device,
      at,
      poll,
      again ? 1 : 0,
      id,
    );
  }

  /** It never reached the phone: waits again, in its old place. */
  giveBack(id: string): void {
    this.sql.exec(
      `UPDATE commands SET state = 'queued', delivered_to = NULL, delivered_at = NULL, lease = NULL WHERE id = ?`,
      id,
    );
  }

  /** It leaves the queue without a phone. */
  end(id: string, state: 'expired' | 'cancelled', at: number, by: string | null): void {
    this.sql.exec(
      'UPDATE commands SET state = ?, ended_at = ?, cancelled_by = ? WHERE id = ?',
      state,
      at,
      by,
      id,
    );
  }

  saveResult(id: string, result: CallResult, deviceRowId: string | null, at: number): void {
    this.sql.exec(
      `UPDATE commands SET state = 'result', result = ?, ended_at = coalesce(ended_at, ?),
         delivered_to = coalesce(delivered_to, ?) WHERE id = ?`,
      JSON.stringify(result),
      at,
      deviceRowId,
      id,
    );
  }

  /** Newest first. */
  page(query: CommandsQuery): CommandsPage {
    const limit = Math.min(Math.max(Math.trunc(query.limit), 1), 200);
    const before = query.cursor ? Number(query.cursor) : Number.MAX_SAFE_INTEGER;
    const rows = this.sql
      .exec<CommandRow>(
        `SELECT * FROM commands WHERE seq < ?1 AND (?2 IS NULL OR user_id = ?2)
           AND (?3 IS NULL OR aimed_at = ?3 OR delivered_to = ?3) AND (?4 IS NULL OR state = ?4)
         ORDER BY seq DESC LIMIT ?5`,
        Number.isSafeInteger(before) ? before : 0,
        query.userId ?? null,
        query.deviceRowId ?? null,
        query.state ?? null,
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit).map((row) => toView(toCommand(row)));
    return { items, next: rows.length > limit ? String(rows[limit - 1]?.seq) : null };
  }

  /** Forgets what ended before `before`, and all but the newest `keep`. */
  prune(before: number, keep: number): void {
    this.sql.exec(
      `DELETE FROM commands WHERE state NOT IN ('queued') AND (created_at < ?
         OR seq <= (SELECT coalesce(max(seq), 0) - ? FROM commands))`,
      before,
      keep,
    );
  }
}

const toLive = (row: CommandRow): LiveCommand => ({
  id: row.id,
  seq: row.seq,
  aimedAt: row.aimed_at,
  expiresAt: row.expires_at,
  lease:
    row.state === 'delivered' && row.delivered_to !== null && row.delivered_at !== null
      ? { device: row.delivered_to, poll: row.lease ?? '', at: row.delivered_at }
      : null,
  redelivered: row.redelivered === 1,
});

const toCommand = (row: CommandRow): Command => ({
  seq: row.seq,
  id: row.id,
  callId: row.call_id,
  userId: row.user_id,
  creatorId: row.creator_id,
  phone: row.phone,
  companyId: row.company_id,
  contactId: row.contact_id,
  note: row.note,
  aimedAt: row.aimed_at,
  deliveredTo: row.delivered_to,
  state: row.state,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  deliveredAt: row.delivered_at,
  redelivered: row.redelivered === 1,
  endedAt: row.ended_at,
  cancelledBy: row.cancelled_by,
  manual: row.manual === 1,
  result: row.result === null ? null : (JSON.parse(row.result) as CallResult),
});

/** Without what only the object needs. */
export const toView = ({ seq: _, ...view }: Command): CommandView => view;
