/** The link's copy of its tenant's tie and tokens: D1 has the truth, the object goes on by the copy. The key stays sealed. */
import { and, eq, isNull } from 'drizzle-orm';
import { openText } from '../../worker/auth/secrets';
import { openDb } from '../../worker/db';
import { clientTokens, providerConfigurations, tenantConfigurations, tenants } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import { sandboxOf } from '../sandbox/contract';
import { PROVIDER_KEY, type LinkConfig, type ProviderContent } from './contract';

/** Reads what D1 has of a tenant and provider; of a disabled tenant no token is good. Of a tenant that is played, its sandbox knows. */
export async function readConfig(env: Env, tenantId: string, provider: string): Promise<LinkConfig> {
  const sandbox = sandboxOf(tenantId);
  if (sandbox !== null) return env.SANDBOX.getByName(sandbox).linkConfig(tenantId);
  const db = openDb(env.DB);
  const [ties, tokens] = await db.batch([
    db
      .select({ configuration: providerConfigurations, disabledAt: tenants.disabledAt })
      .from(tenantConfigurations)
      .innerJoin(providerConfigurations, eq(providerConfigurations.id, tenantConfigurations.configurationId))
      .innerJoin(tenants, eq(tenants.id, tenantConfigurations.tenantId))
      .where(and(eq(tenantConfigurations.tenantId, tenantId), eq(tenantConfigurations.appCode, provider))),
    db
      .select({ id: clientTokens.id })
      .from(clientTokens)
      .where(
        and(
          eq(clientTokens.tenantId, tenantId),
          eq(clientTokens.provider, provider),
          isNull(clientTokens.revokedAt),
        ),
      ),
  ]);
  const [row] = ties;
  if (row === undefined) return { tie: null, tokens: [] };
  const { configuration, disabledAt } = row;
  return {
    tie: {
      configurationId: configuration.id,
      appVersion: configuration.appVersion,
      configurationVersion: configuration.configurationVersion,
      // Stored by the marketplace's API only, which validates it.
      content: configuration.content as unknown as ProviderContent,
      key: configuration.key,
    },
    tokens: disabledAt === null ? tokens.map(({ id }) => id) : [],
  };
}

/** The key our calls carry; null when the key it was sealed with is gone. */
export const openKey = (env: Env, provider: string, sealed: string): string | null =>
  openText(env, provider, PROVIDER_KEY, sealed);
