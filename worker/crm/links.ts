/** The rows of a tenant's CRM links in D1, and everybody who is to be told when they change. */
import { and, eq, sql } from 'drizzle-orm';
import { CRM_CALL_RULES, type CrmCallRules } from '../../objects/call-hub/crm/contract';
import type { CrmFamilyName, CrmLinkApi } from '../../objects/crm-link/contract';
import { crmSecretName, isLoopbackHttp } from '../../objects/lib/crm-secret';
import { checkOutgoingUrl, originsOf } from '../../objects/lib/outgoing-url';
import { openText, sealText } from '../auth/secrets';
import { openDb, type Db } from '../db';
import { crmLinks, crmManagers, crmRules } from '../db/schema';
import type { Env } from '../env';
import { PlatformError } from '../http/errors';
import { tellGuide } from './tell-guide';

export type LinkRow = typeof crmLinks.$inferSelect;

export const linkOf = (env: Env, tenantId: string, family: CrmFamilyName): DurableObjectStub<CrmLinkApi> =>
  env.CRM_LINK.getByName(`${tenantId}:${family}`);

const ofLink = (tenantId: string, family: CrmFamilyName) =>
  and(eq(crmLinks.tenantId, tenantId), eq(crmLinks.family, family));

export async function findLink(db: Db, tenantId: string, family: CrmFamilyName): Promise<LinkRow | null> {
  const [row] = await db.select().from(crmLinks).where(ofLink(tenantId, family));
  return row ?? null;
}

/** @throws PlatformError NOT_FOUND */
export async function knownLink(db: Db, tenantId: string, family: CrmFamilyName): Promise<LinkRow> {
  const row = await findLink(db, tenantId, family);
  if (row === null) throw new PlatformError('NOT_FOUND', 'This CRM is not connected.');
  return row;
}

/** Extension by the CRM's user id. */
export async function extensionsOf(
  db: Db,
  tenantId: string,
  family: CrmFamilyName,
): Promise<Record<string, string>> {
  const rows = await db
    .select({ userId: crmManagers.userId, extension: crmManagers.extension })
    .from(crmManagers)
    .where(and(eq(crmManagers.tenantId, tenantId), eq(crmManagers.family, family)));
  return Object.fromEntries(rows.map(({ userId, extension }) => [userId, extension]));
}

export async function rulesOf(db: Db, tenantId: string): Promise<CrmCallRules> {
  const [row] = await db
    .select({ rules: crmRules.rules })
    .from(crmRules)
    .where(eq(crmRules.tenantId, tenantId));
  return { ...CRM_CALL_RULES, ...(row?.rules as Partial<CrmCallRules> | undefined) };
}

export async function saveRules(db: Db, tenantId: string, rules: Partial<CrmCallRules>): Promise<void> {
  const all = { ...(await rulesOf(db, tenantId)), ...rules };
  await db
    .insert(crmRules)
    .values({ tenantId, rules: all, version: 1 })
    .onConflictDoUpdate({ target: crmRules.tenantId, set: { rules: all } });
}

export interface LinkChange {
  enabled?: boolean;
  url?: string;
  secret?: string;
  clientId?: string;
  tokenVersion?: number;
  registeredAt?: number;
  options?: LinkRow['options'];
}

/** Writes a link; a new one needs an address and a key. */
export async function saveLink(
  env: Env,
  tenantId: string,
  family: CrmFamilyName,
  before: LinkRow | null,
  change: LinkChange,
): Promise<void> {
  const db = openDb(env.DB);
  const now = Date.now();
  const { secret, ...plain } = change;
  const sealed =
    secret === undefined
      ? {}
      : { secret: sealText(env, tenantId, crmSecretName(family), secret), hint: secret.slice(-4) };
  if (before !== null) {
    await db
      .update(crmLinks)
      .set({ ...plain, ...sealed, updatedAt: now })
      .where(ofLink(tenantId, family));
    return;
  }
  if (change.url === undefined || secret === undefined)
    throw new PlatformError('INVALID_PARAMS', 'Give the address and the key of the CRM first.', {
      details: {
        ...(change.url === undefined && { domain: ['required'] }),
        ...(secret === undefined && { api_key: ['required'] }),
      },
    });
  const row = {
    enabled: true,
    secret: sealText(env, tenantId, crmSecretName(family), secret),
    hint: secret.slice(-4),
    ...plain,
    url: change.url,
    tenantId,
    family,
    createdAt: now,
    updatedAt: now,
  };
  await db
    .insert(crmLinks)
    .values(row)
    .onConflictDoUpdate({ target: [crmLinks.tenantId, crmLinks.family], set: row });
}

/** The key in the clear; null where it can't be opened any more. */
export const secretOf = (env: Env, row: LinkRow): string | null =>
  openText(env, row.tenantId, crmSecretName(row.family), row.secret);

/**
 * The extensions of people: one each, and nobody shares. Whoever had an extension that somebody else is given loses it in
 * the same transaction; null takes it away.
 */
export async function saveExtensions(
  env: Env,
  tenantId: string,
  family: CrmFamilyName,
  change: Record<string, string | null>,
): Promise<void> {
  const entries = Object.entries(change);
  const given = entries.flatMap(([, extension]) => (extension === null ? [] : [extension]));
  if (new Set(given).size !== given.length)
    throw new PlatformError('INVALID_PARAMS', 'One extension cannot be given to two people.', {
      details: { extensions: ['each may be given once'] },
    });
  const db = openDb(env.DB);
  const mine = and(eq(crmManagers.tenantId, tenantId), eq(crmManagers.family, family));
  // Each person is first freed and then given: in one transaction, so nobody sees the halves.
  const steps = entries.flatMap(([userId, extension]) => {
    const free = db.delete(crmManagers).where(and(mine, eq(crmManagers.userId, userId)));
    if (extension === null) return [free];
    const taken = db.delete(crmManagers).where(and(mine, eq(crmManagers.extension, extension)));
    return [free, taken, db.insert(crmManagers).values({ tenantId, family, userId, extension })];
  });
  const [first, ...rest] = steps;
  if (first !== undefined) await db.batch([first, ...rest]);
}

export async function deleteLink(env: Env, tenantId: string, family: CrmFamilyName): Promise<void> {
  const db = openDb(env.DB);
  await db.batch([
    db.delete(crmManagers).where(and(eq(crmManagers.tenantId, tenantId), eq(crmManagers.family, family))),
    db.delete(crmLinks).where(ofLink(tenantId, family)),
  ]);
}

/**
 * Tells the link's object and the hub, so that the change counts from the next event on. The version grows in the same
 * transaction that reads what is told: of two changes at once the later has both.
 */
export async function tellOfLinks(env: Env, tenantId: string, family: CrmFamilyName): Promise<void> {
  const db = openDb(env.DB);
  const [rows, links] = await db.batch([
    db
      .insert(crmRules)
      .values({ tenantId, rules: {}, version: 1 })
      .onConflictDoUpdate({ target: crmRules.tenantId, set: { version: sql`${crmRules.version} + 1` } })
      .returning(),
    db
      .select({ family: crmLinks.family, enabled: crmLinks.enabled })
      .from(crmLinks)
      .where(eq(crmLinks.tenantId, tenantId)),
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error('the new version of the CRM settings was not returned');
  await linkOf(env, tenantId, family).configChanged(true);
  await tellGuide(env, tenantId);
  await env.CALL_HUB.getByName(tenantId).setCrm({
    version: row.version,
    links,
    rules: { ...CRM_CALL_RULES, ...(row.rules as Partial<CrmCallRules>) },
  });
}

/**
 * Reads the address of a CRM: a host without a scheme is https. `origin`: its path doesn't matter.
 *
 * @throws PlatformError INVALID_PARAMS
 */
export function checkedUrl(env: Env, text: string, what: 'origin' | 'address'): string {
  const typed = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const allowed = originsOf(env.OUTGOING_ORIGINS);
  const demo =
    env.DEMO === '1' && isLoopbackHttp(typed) ? new Set([...allowed, new URL(typed).origin]) : allowed;
  const target = checkOutgoingUrl(typed, demo);
  if (!target.ok)
    throw new PlatformError('INVALID_PARAMS', `The address of the CRM ${target.message}.`, {
      details: { domain: [target.message] },
    });
  return what === 'origin' ? target.url.origin : target.url.href;
}
