/** The copies of a tenant's CRM configurations that calls are told by. */
import type { Context } from 'hono';
import { CRM_FAMILIES, type CrmFamilyName, type LinkStatus } from '../../objects/crm-link/contract';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { findLink, linkOf, tellOfLinks } from './links';

/** How old a link's copy is before it is read again while it is used, seconds. */
const TTL_SEC = 120;

interface Copy {
  family: CrmFamilyName;
  status: LinkStatus;
  readAt: number;
}

/** The copies there are of a tenant's links. */
export async function copiesOf(c: Context<AppEnv>, tenantId: string): Promise<Copy[]> {
  const all = await Promise.all(
    CRM_FAMILIES.map(async (family) => ({ family, status: await linkOf(c.env, tenantId, family).status() })),
  );
  return all.flatMap(({ family, status }) =>
    status.configured && status.configReadAt !== null ? { family, status, readAt: status.configReadAt } : [],
  );
}

export const ageOf = (readAt: number) => ({
  created_at: new Date(readAt).toISOString(),
  expires_at: new Date(readAt + TTL_SEC * 1_000).toISOString(),
  age_seconds: Math.max(0, Math.round((Date.now() - readAt) / 1_000)),
});

export const percent = (hits: number, misses: number): number =>
  hits + misses === 0 ? 0 : Math.round((1_000 * hits) / (hits + misses)) / 10;

export const isoOf = (times: readonly (number | null)[]): string | null => {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : new Date(Math.max(...known)).toISOString();
};

/** Families a tenant has a link of. */
export async function linkedOf(c: Context<AppEnv>, tenantId: string): Promise<CrmFamilyName[]> {
  const db = openDb(c.env.DB);
  const rows = await Promise.all(CRM_FAMILIES.map((family) => findLink(db, tenantId, family)));
  return CRM_FAMILIES.filter((_, n) => rows[n] !== null);
}

/** Has the hub and the links told what is stored, of all the tenant's links or of one. Answers of which. */
export async function readAnew(
  c: Context<AppEnv>,
  tenantId: string,
  only?: CrmFamilyName,
): Promise<CrmFamilyName[]> {
  const linked = (await linkedOf(c, tenantId)).filter((family) => only === undefined || family === only);
  for (const family of linked) await tellOfLinks(c.env, tenantId, family);
  return linked;
}
