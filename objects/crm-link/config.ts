/** The link's copy of its configuration: D1 has the truth, the object goes on by the copy. The secret in it stays sealed. */
import { and, eq } from 'drizzle-orm';
import { openText } from '../../worker/auth/secrets';
import { openDb } from '../../worker/db';
import { crmLinks, crmManagers, tenants, type CrmLinkOptions } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import { crmSecretName } from '../lib/crm-secret';
import type { FamilyLink } from './families/family';

export interface LinkConfig {
  enabled: boolean;
  url: string;
  sealed: string;
  options: CrmLinkOptions;
  registered: boolean;
  zone: string;
  /** `[extension, user id of the CRM]`. */
  managers: [string, string][];
}

/** Reads the link's configuration; null where there is none. */
export async function readConfig(env: Env, tenantId: string, family: string): Promise<LinkConfig | null> {
  const db = openDb(env.DB);
  const [links, managers] = await Promise.all([
    db
      .select({ link: crmLinks, zone: tenants.timeZone, disabledAt: tenants.disabledAt })
      .from(crmLinks)
      .innerJoin(tenants, eq(tenants.id, crmLinks.tenantId))
      .where(and(eq(crmLinks.tenantId, tenantId), eq(crmLinks.family, family))),
    db
      .select({ extension: crmManagers.extension, userId: crmManagers.userId })
      .from(crmManagers)
      .where(and(eq(crmManagers.tenantId, tenantId), eq(crmManagers.family, family))),
  ]);
  const [row] = links;
  if (row === undefined) return null;
  return {
    enabled: row.link.enabled && row.disabledAt === null,
    url: row.link.url,
    sealed: row.link.secret,
    options: row.link.options,
    registered: row.link.registeredAt !== null,
    zone: row.link.options.zone ?? row.zone,
    managers: managers.map(({ extension, userId }) => [extension, userId]),
  };
}

/**
 * The link as its family sees it.
 *
 * @throws when the key the secret was sealed with is gone
 */
export function openLink(env: Env, tenantId: string, family: string, config: LinkConfig): FamilyLink {
  const secret = openText(env, tenantId, crmSecretName(family), config.sealed);
  if (secret === null) throw new Error('the key of this link cannot be opened: enter it again');
  return {
    tenantId,
    url: config.url,
    secret,
    options: config.options,
    zone: config.zone,
    users: new Map(config.managers),
    registered: config.registered,
  };
}
