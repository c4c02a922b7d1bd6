/** ADB commands: one after another on a slot, each with its result, the newest kept. */
import { SLOT_VERBS } from '../../../bridge/protocol/slots';
import { auditLog } from '../../../worker/db/schema';
import { openDb } from '../../../worker/db';
import type { LinkRefusal, SlotCommand } from '../contract';
import type { Finished } from '../parts';
import { refusal, type Desk } from './desk';

/** A person's commands that may wait for each other on one slot. */
const MAX_WAITING = 20;
/** More than that many, each to its limit. */
const HOLD_LIFE_MS = 15 * 60_000;
const KEEP_OF_SLOT = 100;
/** Of a bridge: with 64 KiB of output each this is the most they take. */
const KEEP_IN_ALL = 1_000;
const TAG = 'command:';
export const AUDIT_TIMER = 'slots.audit';
const AUDIT_RETRY_MS = 30_000;

type Result = NonNullable<ReturnType<typeof parseResult>>;
type Row = {
  n: number;
  slot_id: number;
  argv: string;
  free: number;
  user_id: string;
  fence: number;
  state: 'waiting' | 'sent' | 'done' | 'failed';
  result: string | null;
  error: string | null;
  started_at: number;
  ended_at: number | null;
};

const parseResult = (value: unknown) => SLOT_VERBS['slot.shell'].result.safeParse(value).data ?? null;

export class SlotCommands {
  constructor(private readonly desk: Desk) {}

  start(input: {
    slotId: number;
    argv: string[];
    free: boolean;
    userId: string;
  }): { ok: true; commandId: string } | LinkRefusal {
    const { desk } = this;
    const { slotId, argv, userId } = input;
    const { sql, storage } = desk.link;
    return storage.transactionSync(() => {
      const n = this.#nextNumber();
      const holder = { kind: 'command' as const, id: this.#idOf(n), userId };
      const taken = desk.take(slotId, holder, HOLD_LIFE_MS, { shared: true });
      if (!taken.ok) return taken;
      const open = this.#open(slotId);
      if (open.length >= MAX_WAITING)
        return refusal('SLOT_BUSY', `${MAX_WAITING} commands wait on this slot already`);
      const now = desk.link.now();
      sql.exec(
        `INSERT INTO slot_commands (n, slot_id, argv, free, user_id, fence, state, started_at, audited)
         VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, 1)`,
        n,
        slotId,
        JSON.stringify(argv),
        Number(input.free),
        userId,
        taken.fence,
        now,
      );
      if (open.length === 0) {
        const refused = this.#send(n);
        if (refused !== null) {
          sql.exec('DELETE FROM slot_commands WHERE n = ?', n);
          desk.release(slotId, taken.fence);
          return refused;
        }
      }
      desk.note(taken.row, 'command', `command: ${argv[0]}`, { userId, ref: this.#idOf(n) });
      this.#prune(slotId);
      return { ok: true as const, commandId: this.#idOf(n) };
    });
  }

  /** How `slot.shell` ended, in the transaction that stores it: the next one's turn. */
  finished({ tag, answer }: Finished): void {
    const { desk } = this;
    const row = this.#row(Number(tag.slice(TAG.length)));
    if (row === null || row.ended_at !== null) return;
    const result = answer.ok ? parseResult(answer.result) : null;
    const failed = answer.ok
      ? result === null && { code: 'INTERNAL', message: 'the bridge answered in a form nobody knows' }
      : { code: answer.code, message: answer.message };
    this.#close(row, result, failed === false ? null : failed);
    this.#goOn(row.slot_id, row.fence);
    desk.link.timers.set(AUDIT_TIMER, desk.link.now());
  }

  get(slotId: number, commandId: string): SlotCommand | null {
    const match = /^cmd_(\d{1,10})_(\d{1,15})$/.exec(commandId);
    const row = match === null ? null : this.#row(Number(match[2]));
    if (row === null || row.slot_id !== slotId || this.#idOf(row.n) !== commandId) return null;
    return this.#view(row);
  }

  /** Newest first. */
  list(slotId: number, limit: number): SlotCommand[] {
    return this.desk.link.sql
      .exec<Row>('SELECT * FROM slot_commands WHERE slot_id = ? ORDER BY n DESC LIMIT ?', slotId, limit)
      .toArray()
      .map((row) => this.#view(row));
  }

  /** Somebody took the slot away: what waits is not run any more. What runs ends at the bridge. */
  dropWaiting(slotId: number): void {
    for (const row of this.#open(slotId))
      if (row.state === 'waiting')
        this.#close(row, null, { code: 'CANCELLED', message: 'the slot was taken away before its turn' });
    this.desk.link.timers.set(AUDIT_TIMER, this.desk.link.now());
  }

  /** Writes the ends of commands to the audit log. Rows stay until D1 has them; its ids make a repetition harmless. */
  async audit(): Promise<void> {
    const { link } = this.desk;
    const rows = link.sql
      .exec<Row>('SELECT * FROM slot_commands WHERE audited = 0 ORDER BY n LIMIT 50')
      .toArray();
    if (rows.length === 0) return;
    const { tenantId, bridgeId } = link.self();
    try {
      const db = openDb(link.env.DB);
      for (const row of rows) {
        const { exitCode, tookMs, timedOut, truncated, error, commandId } = this.#view(row);
        await db
          .insert(auditLog)
          .values({
            id: `${bridgeId}:${commandId}`,
            tenantId,
            at: row.ended_at ?? link.now(),
            actorId: row.user_id,
            action: 'slot.command.end',
            target: String(row.slot_id),
            before: null,
            after: {
              command_id: commandId,
              exit_code: exitCode,
              took_ms: tookMs,
              timed_out: timedOut,
              truncated,
              error,
            },
            address: null,
          })
          .onConflictDoNothing();
        link.sql.exec('UPDATE slot_commands SET audited = 1 WHERE n = ?', row.n);
      }
      if (rows.length === 50) link.timers.set(AUDIT_TIMER, link.now());
    } catch (error) {
      link.log('warn', 'slots', `the audit log could not be written: ${String(error).slice(0, 200)}`);
      link.timers.set(AUDIT_TIMER, link.now() + AUDIT_RETRY_MS);
    }
  }

  /** The next one that waits; when none does, the slot is free again. */
  #goOn(slotId: number, fence: number): void {
    for (const row of this.#open(slotId)) {
      if (row.state === 'sent') return;
      const refused = this.#send(row.n);
      if (refused === null) return;
      this.#close(row, null, { code: refused.code, message: refused.message });
    }
    this.desk.release(slotId, fence);
  }

  #send(n: number): LinkRefusal | null {
    const { link, board } = this.desk;
    const row = this.#row(n);
    const slot = row === null ? null : board.byId(row.slot_id);
    if (row === null || slot === null) return refusal('NOT_FOUND', 'no such slot at this bridge');
    const argv = JSON.parse(row.argv) as string[];
    const args = { slot: slot.key, fence: row.fence, argv, free: row.free === 1 };
    const refused = link.begin('slot.shell', args, { by: `user:${row.user_id}`, tag: `${TAG}${n}` });
    if (refused === null) link.sql.exec("UPDATE slot_commands SET state = 'sent' WHERE n = ?", n);
    return refused;
  }

  #close(row: Row, result: Result | null, error: { code: string; message: string } | null): void {
    this.desk.link.sql.exec(
      'UPDATE slot_commands SET state = ?, result = ?, error = ?, ended_at = ?, audited = 0 WHERE n = ?',
      error === null ? 'done' : 'failed',
      result === null ? null : JSON.stringify(result),
      error === null ? null : JSON.stringify(error),
      this.desk.link.now(),
      row.n,
    );
  }

  #open(slotId: number): Row[] {
    return this.desk.link.sql
      .exec<Row>('SELECT * FROM slot_commands WHERE slot_id = ? AND ended_at IS NULL ORDER BY n', slotId)
      .toArray();
  }

  #row(n: number): Row | null {
    const [row] = this.desk.link.sql.exec<Row>('SELECT * FROM slot_commands WHERE n = ?', n).toArray();
    return row ?? null;
  }

  /** AUTOINCREMENT's own count: numbers of deleted rows are never given again. */
  #nextNumber(): number {
    const [row] = this.desk.link.sql
      .exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'slot_commands'")
      .toArray();
    return (row?.seq ?? 0) + 1;
  }

  #idOf = (n: number): string => `cmd_${this.desk.link.self().number}_${n}`;

  #prune(slotId: number): void {
    const { sql } = this.desk.link;
    sql.exec(
      `DELETE FROM slot_commands WHERE slot_id = ? AND ended_at IS NOT NULL AND audited = 1 AND n <=
         (SELECT n FROM slot_commands WHERE slot_id = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`,
      slotId,
      slotId,
      KEEP_OF_SLOT,
    );
    sql.exec(
      `DELETE FROM slot_commands WHERE ended_at IS NOT NULL AND audited = 1 AND n <=
         (SELECT n FROM slot_commands ORDER BY n DESC LIMIT 1 OFFSET ?)`,
      KEEP_IN_ALL,
    );
  }

  #view(row: Row): SlotCommand {
    const result = row.result === null ? null : (JSON.parse(row.result) as Result);
    return {
      commandId: this.#idOf(row.n),
      slotId: row.slot_id,
      argv: JSON.parse(row.argv) as string[],
      userId: row.user_id,
      status: row.state === 'done' || row.state === 'failed' ? row.state : 'executing',
      exitCode: result?.exit_code ?? null,
      stdout: result?.stdout ?? null,
      stderr: result?.stderr ?? null,
      truncated: result?.truncated ?? false,
      timedOut: result?.timed_out ?? false,
      tookMs: result?.ms ?? null,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      error: row.error === null ? null : (JSON.parse(row.error) as SlotCommand['error']),
    };
  }
}
