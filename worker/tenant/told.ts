import { eq } from 'drizzle-orm';
import { providerLinkName } from '../../objects/provider-link/contract';
import { openDb } from '../db';
import { tenantConfigurations, users } from '../db/schema';
import type { Env } from '../env';

/**
 * Tells everything that goes on by copies that a tenant was disabled, or is back. Nothing of it does harm when it is told
 * again: asking for what is so already mends a word that was lost.
 */
export async function tellDisabled(env: Env, tenantId: string, disabled: boolean): Promise<void> {
  const db = openDb(env.DB);
  await env.SESSION_GATE.getByName(tenantId).tenantChanged();
  // Sockets that are open were judged when they opened: they come again and are refused.
  if (disabled) {
    const all = await db.select({ id: users.id }).from(users).where(eq(users.tenantId, tenantId));
    await env.CALL_HUB.getByName(tenantId).reseat(all.map(({ id }) => id));
  }
  // Its providers hear good-bye, or are greeted again.
  const providers = await db
    .select({ code: tenantConfigurations.appCode })
    .from(tenantConfigurations)
    .where(eq(tenantConfigurations.tenantId, tenantId));
  const links = providers.map(({ code }) => env.PROVIDER_LINK.getByName(providerLinkName(tenantId, code)));
  await Promise.all(links.map((link) => link.configChanged()));
}
