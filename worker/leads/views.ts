import type { z } from '@hono/zod-openapi';
import type { LeadChange, LeadFields, LeadRecord, LeadViewer } from '../../objects/leads/contract';
import { people, type NameOf } from '../db/people';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import type { Lead, LeadChange as LeadChangeBody } from './schemas';

export const iso = (at: number): string => new Date(at).toISOString();

/** Whose leads somebody sees and what they may do with them. */
export const leadViewer = ({ userId, permissions }: Identity): LeadViewer => ({
  userId,
  scope: permissions.has('lead.view_all') || permissions.has('lead.manage') ? 'all' : 'own',
  manages: permissions.has('lead.manage'),
});

export const leadsOf = (env: Pick<Env, 'LEADS'>, { tenantId }: Pick<Identity, 'tenantId'>) =>
  env.LEADS.getByName(tenantId);

export type LeadBody = z.infer<typeof Lead>;

/** Leads with the names of people in them. */
export async function leadBodies(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  leads: readonly LeadRecord[],
): Promise<LeadBody[]> {
  const ids = leads.flatMap(({ owner, createdBy }) => [owner, createdBy]);
  const nameOf = await people(env, tenantId, ids);
  return leads.map((lead) => bodyOf(lead, nameOf));
}

export async function leadBody(env: Pick<Env, 'DB'>, tenantId: string, lead: LeadRecord): Promise<LeadBody> {
  const nameOf = await people(env, tenantId, [lead.owner, lead.createdBy]);
  return bodyOf(lead, nameOf);
}

const bodyOf = (lead: LeadRecord, nameOf: NameOf): LeadBody => ({
  id: lead.id,
  number: lead.number,
  name: lead.name,
  email: lead.email,
  company: lead.company,
  source: lead.source,
  comment: lead.comment,
  time_zone: lead.timeZone,
  status: lead.status,
  assigned_seller: nameOf(lead.owner),
  next_action: lead.nextAt === null ? null : { at: iso(lead.nextAt), text: lead.nextText },
  extra: lead.extra,
  created_at: iso(lead.createdAt),
  created_by: nameOf(lead.createdBy),
  import_id: lead.importId,
  updated_at: iso(lead.updatedAt),
  deleted_at: lead.deletedAt === null ? null : iso(lead.deletedAt),
});

/** What changed, by the names that the API has for it. */
export function changedFields(fields: Partial<LeadFields>, nameOf?: NameOf): Record<string, unknown> {
  const { timeZone, owner, nextAt, nextText, ...same } = fields;
  return {
    ...same,
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...(owner !== undefined && { assigned_seller: nameOf === undefined ? owner : nameOf(owner) }),
    ...(nextAt !== undefined && { next_action_at: nextAt === null ? null : iso(nextAt) }),
    ...(nextText !== undefined && { next_action_text: nextText }),
  };
}

/** A lead's history with the names of people. */
export async function changeBodies(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  changes: readonly LeadChange[],
): Promise<z.infer<typeof LeadChangeBody>[]> {
  const ids = changes.flatMap(({ by, before, after }) => [by, before.owner ?? null, after.owner ?? null]);
  const nameOf = await people(env, tenantId, ids);
  return changes.map(({ id, at, by, kind, importId, before, after }) => ({
    id: String(id),
    at: iso(at),
    by: nameOf(by),
    kind,
    import_id: importId,
    before: changedFields(before, nameOf),
    after: changedFields(after, nameOf),
  }));
}
