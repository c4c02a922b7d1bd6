/** The link's copy of its configuration: D1 has the truth, the object goes on by the copy. The secret in it stays sealed. */
import { and, eq } from 'drizzle-orm';
import { recordingUrl, recordingVersion } from '../../worker/auth/recording-links';
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
  /** Addresses of recordings are signed for it; absent in a copy that was read before there were any. */
  recordingVersion?: number;
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
    recordingVersion: recordingVersion(row.link),
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
    recordingUrl: (call, recordingId) => recordingUrlOf(env, tenantId, family, config, call, recordingId),
  };
}

const DAY_SEC = 24 * 3_600;

function recordingUrlOf(
  env: Env,
  tenantId: string,
  source: string,
  { options, recordingVersion: version }: LinkConfig,
  call: { callId: string; startedAt: number },
  recordingId: string,
): string | null {
  const { publicUrl, noRecordings, recordingDays } = options;
  if (publicUrl === undefined || noRecordings === true || version === undefined) return null;
  // Counted from the call, so that a repeat of the record says the same.
  const expiresAt =
    recordingDays === undefined ? 0 : Math.ceil(call.startedAt / 1_000) + recordingDays * DAY_SEC;
  return recordingUrl(
    env,
    publicUrl,
    { tenantId, source, callId: call.callId, recordingId, expiresAt },
    version,
  );
}
