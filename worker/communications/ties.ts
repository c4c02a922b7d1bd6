/** Ties of tenants to configurations and the tokens of their integrations: rows of D1, and the link that is told of them. */
import { and, eq, isNull } from 'drizzle-orm';
import { providerLinkName, type ProviderLinkApi } from '../../objects/provider-link/contract';
import { openDb } from '../db';
import { clientTokens, providerConfigurations, tenantConfigurations, tenants } from '../db/schema';
import type { Env } from '../env';
import { ProblemError } from '../http/problems';

export type TieRow = typeof tenantConfigurations.$inferSelect;
export type TokenRow = typeof clientTokens.$inferSelect;

export const linkOf = (env: Env, tenantId: string, provider: string): DurableObjectStub<ProviderLinkApi> =>
  env.PROVIDER_LINK.getByName(providerLinkName(tenantId, provider));

const ofTie = (tenantId: string, appCode: string) =>
  and(eq(tenantConfigurations.tenantId, tenantId), eq(tenantConfigurations.appCode, appCode));

export async function findTie(env: Env, tenantId: string, appCode: string): Promise<TieRow | null> {
  const [row] = await openDb(env.DB).select().from(tenantConfigurations).where(ofTie(tenantId, appCode));
  return row ?? null;
}

/** @throws ProblemError not_found where there is no such tenant, or a disabled one */
export async function mustBeTenant(env: Env, tenantId: string): Promise<void> {
  const [row] = await openDb(env.DB)
    .select({ id: tenants.id })
    .from(tenants)
    .where(and(eq(tenants.id, tenantId), isNull(tenants.disabledAt), eq(tenants.kind, 'customer')));
  if (row === undefined) throw new ProblemError('not_found', 'No such tenant.');
}

/** Version of the configuration a tie leads to. */
export async function configurationVersionOf(env: Env, { configurationId }: TieRow): Promise<string> {
  const [row] = await openDb(env.DB)
    .select({ version: providerConfigurations.configurationVersion })
    .from(providerConfigurations)
    .where(eq(providerConfigurations.id, configurationId));
  if (row === undefined) throw new Error('a tie without its configuration');
  return row.version;
}

/** Takes the tie and every token away in one step and has the link say good-bye. False where there was no tie. */
export async function uninstall(env: Env, tenantId: string, appCode: string): Promise<boolean> {
  const db = openDb(env.DB);
  const [removed] = await db.batch([
    db.delete(tenantConfigurations).where(ofTie(tenantId, appCode)).returning(),
    db
      .update(clientTokens)
      .set({ revokedAt: Date.now() })
      .where(
        and(
          eq(clientTokens.tenantId, tenantId),
          eq(clientTokens.provider, appCode),
          isNull(clientTokens.revokedAt),
        ),
      ),
  ]);
  // Told even where nothing was removed: the word of an earlier try may have been lost.
  await linkOf(env, tenantId, appCode).configChanged();
  return removed.length > 0;
}
