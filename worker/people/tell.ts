import { and, eq, isNull } from 'drizzle-orm';
import { openDb } from '../db';
import { users } from '../db/schema';
import type { Env } from '../env';

/**
 * A role's permissions changed: the gate judges by them from the next request on, and open live sockets, which were
 * judged when they opened, come again.
 */
export async function tellOfRole(env: Env, tenantId: string, roleId: string): Promise<void> {
  await env.SESSION_GATE.getByName(tenantId).roleChanged(roleId);
  const holders = await openDb(env.DB)
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.roleId, roleId), isNull(users.deletedAt)));
  await env.CALL_HUB.getByName(tenantId).reseat(holders.map(({ id }) => id));
}

/** A user's row changed: the gate ends what may live no longer, the hub shows the new name. */
export async function tellOfUser(env: Env, tenantId: string, userId: string, by: string): Promise<void> {
  await env.SESSION_GATE.getByName(tenantId).userChanged({ userId, by });
  await env.CALL_HUB.getByName(tenantId).userChanged(userId);
}
