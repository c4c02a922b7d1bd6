/** Rows of bridges, as enrolment leaves them, and the time that passes for holds. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import { sql } from 'drizzle-orm';
import { openDb } from '../../../worker/db';
import type { HoldState } from '../../../objects/bridge-link/slots/holds';
import { bridges } from '../../../worker/db/schema';
import { newKey } from './bridge';
import { ONE, USERS } from './dialer';
import { SlotBridge } from './slot-bridge';

/** An enrolled bridge of a tenant, connected, with phones that are online; the tenant's session gate knows it. */
export async function enrolled(phones: readonly string[], tenantId: string = ONE): Promise<SlotBridge> {
  const key = await newKey();
  const id = crypto.randomUUID();
  const name = `Bridge ${id.slice(0, 4)}`;
  const [row] = await openDb(env.DB)
    .insert(bridges)
    .values({
      id,
      tenantId,
      number: sql`(SELECT coalesce(max(number), 0) + 1 FROM bridges WHERE tenant_id = ${tenantId})`,
      name,
      publicKey: key.publicKey,
      enrolledAt: 1,
      createdAt: 1,
      createdBy: USERS.admin,
    })
    .returning();
  if (row === undefined) throw new Error('no row');
  await env.SESSION_GATE.getByName(tenantId).tenantChanged();
  const record = { id, tenantId, number: row.number, name, publicKey: key.publicKey, address: null };
  return SlotBridge.start(phones, record, key);
}

/** As if time had passed for the holds of a bridge's slots, and for nothing else. */
export async function holdsAge(bridge: SlotBridge, ms: number): Promise<void> {
  await runInDurableObject(bridge.link, (_, { storage: { sql } }) => {
    const rows = sql.exec<{ key: string; hold: string; hold_end: number | null }>(
      'SELECT key, hold, hold_end FROM slots WHERE hold_end IS NOT NULL',
    );
    for (const row of rows.toArray()) {
      const hold = JSON.parse(row.hold) as HoldState;
      for (const held of [hold.work, hold.reserved]) if (held !== null) held.until -= ms;
      sql.exec(
        'UPDATE slots SET hold = ?, hold_end = ? WHERE key = ?',
        JSON.stringify(hold),
        Number(row.hold_end) - ms,
        row.key,
      );
    }
    sql.exec("UPDATE timers SET at = 1 WHERE name = 'slots.hold'");
  });
  await runDurableObjectAlarm(bridge.link);
}

/** Looks until nothing is thrown; a busy machine is given time. */
export const soon = <T>(look: () => Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: 10_000, interval: 20 });
