/** What happened on each slot, the newest entries of it. */
import type { SlotHistoryEntry } from '../contract';

/** Entries kept of one slot. */
const KEEP = 500;

type Row = {
  id: number;
  at: number;
  kind: SlotHistoryEntry['kind'];
  text: string;
  user_id: string | null;
  ref: string | null;
};

export class History {
  constructor(private readonly sql: SqlStorage) {}

  add(slotId: number, entry: Omit<SlotHistoryEntry, 'id'>): void {
    const { at, kind, text, userId, ref } = entry;
    this.sql.exec(
      'INSERT INTO slot_history (slot_id, at, kind, text, user_id, ref) VALUES (?, ?, ?, ?, ?, ?)',
      slotId,
      at,
      kind,
      text.slice(0, 500),
      userId,
      ref,
    );
    this.sql.exec(
      `DELETE FROM slot_history WHERE slot_id = ? AND id <=
         (SELECT id FROM slot_history WHERE slot_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      slotId,
      slotId,
      KEEP,
    );
  }

  /** Newest first. */
  page(slotId: number, query: { before?: number; limit: number }): SlotHistoryEntry[] {
    return this.sql
      .exec<Row>(
        `SELECT id, at, kind, text, user_id, ref FROM slot_history
         WHERE slot_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
        slotId,
        query.before ?? Number.MAX_SAFE_INTEGER,
        query.limit,
      )
      .toArray()
      .map(({ user_id: userId, ...entry }) => ({ ...entry, userId }));
  }
}
