/** Slots as D1 has them: rows are made when a phone is seen for the first time, and people set things about them. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { openDb } from '../../../worker/db';
import { slots } from '../../../worker/db/schema';
import type { Env } from '../../../worker/env';
import type { LinkSelf } from '../parts';
import type { ConfiguredSlot } from './board';

type Row = typeof slots.$inferSelect;

/**
 * A serial number names a phone wherever it is plugged in. A key that says where it is plugged in (`usb:1-1.2`,
 * `192.0.2.7:5555`) means something on its own bridge only.
 */
const storedKey = (bridgeId: string, key: string): string => (key.includes(':') ? `${bridgeId}/${key}` : key);
const ownKey = (bridgeId: string, stored: string): string =>
  stored.startsWith(`${bridgeId}/`) ? stored.slice(bridgeId.length + 1) : stored;

const configured = (bridgeId: string, row: Row): ConfiguredSlot => ({
  id: row.id,
  key: ownKey(bridgeId, row.key),
  label: row.label,
  userId: row.userId,
  trunk: row.trunk,
  config: row.config,
});

/** The slots that are this bridge's. */
export async function slotsOf(env: Pick<Env, 'DB'>, self: LinkSelf): Promise<ConfiguredSlot[]> {
  const rows = await openDb(env.DB)
    .select()
    .from(slots)
    .where(
      and(eq(slots.tenantId, self.tenantId), eq(slots.bridgeId, self.bridgeId), isNull(slots.removedAt)),
    );
  return rows.map((row) => configured(self.bridgeId, row));
}

export interface Claimed {
  slot: ConfiguredSlot | null;
  /** The bridge that had the phone before. */
  from: string | null;
}

/**
 * The slot of a phone this bridge tells of. A new phone gets the tenant's next small number; one that another bridge
 * had is taken over if it `isThere`. `slot` is null for a phone that is away here and belongs elsewhere.
 *
 * The number is found and taken in one statement: D1 has one writer, so two bridges never get the same one.
 */
export async function claimSlot(
  env: Pick<Env, 'DB'>,
  self: LinkSelf,
  key: string,
  isThere: boolean,
  now: number,
): Promise<Claimed> {
  const db = openDb(env.DB);
  const stored = storedKey(self.bridgeId, key);
  const mine = and(eq(slots.tenantId, self.tenantId), eq(slots.key, stored));
  const [before] = await db.select().from(slots).where(mine);
  if (before === undefined) {
    await db.run(sql`
      INSERT INTO slots (tenant_id, id, bridge_id, key, config, created_at)
      SELECT ${self.tenantId}, coalesce(max(id), 0) + 1, ${self.bridgeId}, ${stored}, '{}', ${now}
      FROM slots WHERE tenant_id = ${self.tenantId}
      ON CONFLICT DO NOTHING`);
  } else if (isThere && (before.bridgeId !== self.bridgeId || before.removedAt !== null)) {
    await db.update(slots).set({ bridgeId: self.bridgeId, removedAt: null }).where(mine);
  }
  const [after] = await db.select().from(slots).where(mine);
  if (after === undefined) throw new Error('the row of a slot vanished while it was made');
  const isMine = after.bridgeId === self.bridgeId && after.removedAt === null;
  const from = before !== undefined && before.bridgeId !== self.bridgeId && isMine ? before.bridgeId : null;
  return { slot: isMine ? configured(self.bridgeId, after) : null, from };
}
