/** The link's copy of its tenant's tie and tokens: D1 has the truth, the object goes on by the copy. The key stays sealed. */
import { and, eq, isNull } from 'drizzle-orm';
import { openText } from '../../worker/auth/secrets';
import { openDb } from '../../worker/db';
import { clientTokens, providerConfigurations, tenantConfigurations, tenants } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import { PROVIDER_KEY, type ProviderContent } from './contract';

export interface Tie {
  configurationId: string;
  appVersion: string;
  configurationVersion: string;
  content: ProviderContent;
  /** The provider's key, sealed to its app. */
  key: string;
}

export interface LinkConfig {
  /** Null: the app is not installed for the tenant. */
  tie: Tie | null;
  /** Ids of good tokens; none: the integration is not active. */
  tokens: string[];
}

/** Reads what D1 has of a tenant and provider; a disabled tenant has nothing. */
export async function readConfig(env: Env, tenantId: string, provider: string): Promise<LinkConfig> {
  const db = openDb(env.DB);
  const [ties, tokens] = await db.batch([
    db
      .select({ configuration: providerConfigurations })
      .from(tenantConfigurations)
      .innerJoin(providerConfigurations, eq(providerConfigurations.id, tenantConfigurations.configurationId))
      .innerJoin(tenants, and(eq(tenants.id, tenantConfigurations.tenantId), isNull(tenants.disabledAt)))
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
  const { configuration } = row;
  return {
    tie: {
      configurationId: configuration.id,
      appVersion: configuration.appVersion,
      configurationVersion: configuration.configurationVersion,
      // Stored by the marketplace's API only, which validates it.
      content: configuration.content as unknown as ProviderContent,
      key: configuration.key,
    },
    tokens: tokens.map(({ id }) => id),
  };
}

/** The key our calls carry; null when the key it was sealed with is gone. */
export const openKey = (env: Env, provider: string, sealed: string): string | null =>
  openText(env, provider, PROVIDER_KEY, sealed);
