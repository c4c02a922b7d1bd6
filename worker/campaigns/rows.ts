/** Campaigns' rows in D1, always inside one tenant. */
import { and, desc, eq, isNull, like, sql } from 'drizzle-orm';
import type { CampaignRow } from '../../objects/campaign/contract';
import { campaignName, type CampaignProgress } from '../../objects/campaign/contract';
import type { Db } from '../db';
import { campaigns } from '../db/schema';
import type { Env } from '../env';
import { PlatformError } from '../http/errors';

export type Row = typeof campaigns.$inferSelect;

export const campaignOf = (env: Env, tenantId: string, campaignId: string) =>
  env.CAMPAIGN.getByName(campaignName(tenantId, campaignId));

/** What the object keeps of a row. */
export const objectRow = ({ id, tenantId, name, version, config }: Row): CampaignRow => ({
  id,
  tenantId,
  name,
  version,
  config,
});

/** @throws PlatformError NOT_FOUND for one the tenant has not, or had */
export async function knownCampaign(db: Db, tenantId: string, id: string): Promise<Row> {
  const row = await db.query.campaigns.findFirst({
    where: and(eq(campaigns.tenantId, tenantId), eq(campaigns.id, id), isNull(campaigns.deletedAt)),
  });
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such campaign.');
  return row;
}

/** `<created at>_<id>` of the last one of the page before. @throws PlatformError INVALID_PARAMS */
export function positionOf(cursor: string | undefined): { at: number; id: string } | null {
  if (cursor === undefined) return null;
  const [, at, id] = /^(\d{1,15})_([A-Za-z0-9_-]{1,64})$/.exec(cursor) ?? [];
  if (at === undefined || id === undefined)
    throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
      details: { cursor: ['not one of ours'] },
    });
  return { at: Number(at), id };
}

/** Newest first; one more than `limit` says that there are more. */
export function listCampaigns(
  db: Db,
  tenantId: string,
  query: { q?: string | undefined; before: { at: number; id: string } | null; limit: number },
): Promise<Row[]> {
  const pattern = `%${(query.q ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
  return db
    .select()
    .from(campaigns)
    .where(
      and(
        eq(campaigns.tenantId, tenantId),
        isNull(campaigns.deletedAt),
        query.q === undefined || query.q === ''
          ? undefined
          : sql`${like(campaigns.name, pattern)} escape '\\'`,
        query.before === null
          ? undefined
          : sql`(${campaigns.createdAt}, ${campaigns.id}) < (${query.before.at}, ${query.before.id})`,
      ),
    )
    .orderBy(desc(campaigns.createdAt), desc(campaigns.id))
    .limit(query.limit + 1);
}

const iso = (at: number): string => new Date(at).toISOString();

export const campaignView = (row: Row, progress: CampaignProgress | null) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  settings: row.config,
  version: row.version,
  created_at: iso(row.createdAt),
  created_by: row.createdBy,
  updated_at: iso(row.updatedAt),
  progress,
});

/** The object's progress; null when it can't be asked just now, which hides nobody's campaign. */
export async function progressOf(env: Env, row: Row): Promise<CampaignProgress | null> {
  const campaign = campaignOf(env, row.tenantId, row.id);
  try {
    return await campaign.progress();
  } catch (error) {
    console.warn(`campaign ${row.id} was not asked (${String(error)})`);
    return null;
  }
}
