/** The slots of a bridge as rows: what the bridge tells of each, what people set about it, and who has it. */
import type { BridgeEventOf } from '../../../bridge/protocol/events';
import type { SlotReading } from '../../../bridge/protocol/readings';
import type { SlotStatus } from '../../../bridge/protocol/slots';
import type { SlotConfig } from '../../../worker/db/schema';
import type { SlotState } from '../contract';
import { FREE, holderOf, nextEnd, type HoldState } from './holds';

export interface SlotRow {
  key: string;
  id: number;
  gone: boolean;
  status: SlotStatus;
  remedy: string | null;
  usb: string | null;
  model: string | null;
  android: string | null;
  address: string | null;
  label: string | null;
  userId: string | null;
  trunk: string | null;
  config: SlotConfig;
  lastActivity: number | null;
  lastEvent: string | null;
  idleSince: number | null;
  callId: string | null;
  hold: HoldState;
}

/** A slot as D1 has it. */
export interface ConfiguredSlot {
  id: number;
  key: string;
  label: string | null;
  userId: string | null;
  trunk: string | null;
  config: SlotConfig;
}

type Sql = {
  key: string;
  id: number;
  gone: number;
  status: string;
  remedy: string | null;
  usb: string | null;
  model: string | null;
  android: string | null;
  address: string | null;
  label: string | null;
  user_id: string | null;
  trunk: string | null;
  config: string;
  last_activity: number | null;
  last_event: string | null;
  idle_since: number | null;
  call_id: string | null;
  hold: string;
};

/** What was written by this code is read as this code's type. */
const read = (row: Sql): SlotRow => ({
  key: row.key,
  id: row.id,
  gone: row.gone === 1,
  status: row.status as SlotStatus,
  remedy: row.remedy,
  usb: row.usb,
  model: row.model,
  android: row.android,
  address: row.address,
  label: row.label,
  userId: row.user_id,
  trunk: row.trunk,
  config: JSON.parse(row.config) as SlotConfig,
  lastActivity: row.last_activity,
  lastEvent: row.last_event,
  idleSince: row.idle_since,
  callId: row.call_id,
  hold: JSON.parse(row.hold) as HoldState,
});

export class Board {
  constructor(private readonly sql: SqlStorage) {}

  /** No phone was ever here. */
  isEmpty(): boolean {
    return this.sql.exec('SELECT 1 FROM slots LIMIT 1').toArray().length === 0;
  }

  all(): SlotRow[] {
    return this.sql.exec<Sql>('SELECT * FROM slots WHERE gone = 0 ORDER BY id').toArray().map(read);
  }

  byId(id: number): SlotRow | null {
    const [row] = this.sql.exec<Sql>('SELECT * FROM slots WHERE id = ? AND gone = 0', id).toArray();
    return row === undefined ? null : read(row);
  }

  byKey(key: string): SlotRow | null {
    const [row] = this.sql.exec<Sql>('SELECT * FROM slots WHERE key = ? AND gone = 0', key).toArray();
    return row === undefined ? null : read(row);
  }

  knows(key: string): boolean {
    return this.sql.exec('SELECT 1 FROM slots WHERE key = ? AND gone = 0', key).toArray().length > 0;
  }

  /** Slots of which something is over by now. */
  overdue(now: number): SlotRow[] {
    return this.sql
      .exec<Sql>('SELECT * FROM slots WHERE hold_end IS NOT NULL AND hold_end <= ?', now)
      .toArray()
      .map(read);
  }

  nextHoldEnd(): number | null {
    const [row] = this.sql
      .exec<{ at: number | null }>('SELECT min(hold_end) AS at FROM slots WHERE hold_end IS NOT NULL')
      .toArray();
    return row?.at ?? null;
  }

  /** Makes a slot's row or brings its copy of D1 up to date; one that was gone is back. */
  configure(slot: ConfiguredSlot): void {
    this.sql.exec(
      `INSERT INTO slots (key, id, gone, status, label, user_id, trunk, config, hold)
       VALUES (?, ?, 0, 'OFFLINE', ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET id = excluded.id, gone = 0, label = excluded.label,
         user_id = excluded.user_id, trunk = excluded.trunk, config = excluded.config`,
      slot.key,
      slot.id,
      slot.label,
      slot.userId,
      slot.trunk,
      JSON.stringify(slot.config),
      JSON.stringify(FREE),
    );
  }

  /** The slot is no longer this bridge's. Its row stays, for its fence. */
  remove(key: string): void {
    this.sql.exec(
      `UPDATE slots SET gone = 1, status = 'OFFLINE', idle_since = NULL, call_id = NULL, hold_end = NULL,
         hold = json_set(hold, '$.work', json('null'), '$.reserved', json('null')) WHERE key = ?`,
      key,
    );
  }

  setState(key: string, state: Omit<BridgeEventOf<'slot.state'>, 'slot'>): void {
    this.sql.exec(
      `UPDATE slots SET status = ?, remedy = ?, usb = ?, model = coalesce(?, model),
         android = coalesce(?, android), address = ? WHERE key = ?`,
      state.status,
      state.remedy,
      state.usb,
      // A phone that is away tells nothing of itself: what it was, it still is.
      state.model,
      state.android,
      state.address,
      key,
    );
  }

  setStatus(key: string, status: SlotStatus, remedy: string | null): void {
    this.sql.exec('UPDATE slots SET status = ?, remedy = ? WHERE key = ?', status, remedy, key);
  }

  setHold(key: string, hold: HoldState): void {
    this.sql.exec(
      'UPDATE slots SET hold = ?, hold_end = ? WHERE key = ?',
      JSON.stringify(hold),
      nextEnd(hold),
      key,
    );
  }

  setCall(key: string, callId: string | null): void {
    this.sql.exec('UPDATE slots SET call_id = ? WHERE key = ?', callId, key);
  }

  /** Something happened on the slot. */
  note(key: string, text: string, at: number): void {
    this.sql.exec('UPDATE slots SET last_event = ?, last_activity = ? WHERE key = ?', text, at, key);
  }

  /** Begins or ends the time in which a slot is online and nobody has it. Idle time goes on while the tunnel is down. */
  settleIdle(key: string, now: number): void {
    const row = this.byKey(key);
    if (row === null) return;
    const idle = row.status === 'ONLINE' && holderOf(row.hold) === null;
    if (idle === (row.idleSince !== null)) return;
    this.sql.exec('UPDATE slots SET idle_since = ? WHERE key = ?', idle ? now : null, key);
  }
}

const NO_TUNNEL = 'The bridge is not connected: look at its page.';

/** A slot as others see it. While the tunnel is down nobody can reach it, whatever the bridge told last. */
export function stateOf(
  row: SlotRow,
  seen: { bridgeId: string; up: boolean; reading: SlotReading | null },
): SlotState {
  const held = holderOf(row.hold);
  const { status, remedy } = statusOf(row, seen.up);
  return {
    id: row.id,
    key: row.key,
    bridgeId: seen.bridgeId,
    status,
    remedy,
    label: row.label,
    userId: row.userId,
    trunk: row.trunk,
    config: row.config,
    usb: row.usb,
    model: row.model,
    android: row.android,
    address: row.address,
    lastActivity: row.lastActivity,
    lastEvent: row.lastEvent,
    idleSince: seen.up ? row.idleSince : null,
    holder: held?.holder ?? null,
    holderUntil: held?.until ?? null,
    callId: row.callId,
    reading: seen.reading,
  };
}

/** A slot that somebody has is BUSY, also while its phone is idle. */
export function statusOf(row: SlotRow, up: boolean): { status: SlotStatus; remedy: string | null } {
  if (!up) return { status: 'OFFLINE', remedy: NO_TUNNEL };
  const held = holderOf(row.hold) !== null;
  return { status: row.status === 'ONLINE' && held ? 'BUSY' : row.status, remedy: row.remedy };
}
