import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { DUPLICATE_RULES, type LeadResult } from '../../objects/leads/contract';
import { auditOf } from '../http/audit';
import type { AppEnv } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { fieldsOf } from './fields';
import { leadFilters, queryOf, refusedQuery } from './query';
import { noSuchLead, refusalOf } from './refusals';
import { Lead, leadFields, LeadId, LeadPage, PhoneText } from './schemas';
import { changedFields, leadBodies, leadBody, leadsOf, leadViewer } from './views';

const id = z.object({ id: LeadId });

const list = apiRoute({
  method: 'get',
  path: '/api/crm/leads',
  summary: 'Leads',
  description:
    'Those without `lead.view_all` see their own leads and those of nobody. A page costs the same however many there are.',
  tags: ['CRM'],
  access: 'lead.view',
  request: {
    query: z.object({
      ...leadFilters,
      cursor: z.string().max(40).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(LeadPage, 'A page.') },
});

const add = apiRoute({
  method: 'post',
  path: '/api/crm/leads',
  summary: 'Add a lead',
  description:
    'A number has one lead. Where it is there already, `refuse` names it (`details.lead`), `fill` fills in its empty ' +
    'fields, `overwrite` puts what is given in place of what was there. Without `assigned_seller` it belongs to whoever ' +
    'adds it, or to nobody when added by those who manage leads.',
  tags: ['CRM'],
  access: 'lead.write',
  request: {
    body: jsonRequest(
      z.strictObject({
        number: PhoneText,
        ...leadFields,
        on_duplicate: z.enum(DUPLICATE_RULES).default('refuse'),
      }),
      { number: '+375290000001', name: 'Ann Example', status: 'new' },
    ),
  },
  responses: { 200: json(Lead, 'It was there, as it is now.'), 201: json(Lead, 'Added.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/crm/leads/{id}',
  summary: 'One lead',
  tags: ['CRM'],
  access: 'lead.view',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Lead, 'The lead.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/crm/leads/{id}',
  summary: 'Change a lead',
  description:
    'What is absent stays. Anybody takes a lead of nobody (`assigned_seller`: oneself) and gives back their own (null); ' +
    'giving it to another is for those who manage leads.',
  tags: ['CRM'],
  access: 'lead.write',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    body: jsonRequest(z.strictObject({ number: PhoneText.optional(), ...leadFields }), {
      status: 'callback',
      next_action: { at: '2025-11-17T09:00:00Z', text: 'Send the offer' },
    }),
  },
  responses: { 200: json(Lead, 'The lead as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/crm/leads/{id}',
  summary: 'Delete a lead',
  description: 'For 30 days it can be restored; then it is forgotten with its history.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 204: { description: 'Deleted.' } },
});

const restore = apiRoute({
  method: 'post',
  path: '/api/crm/leads/{id}/restore',
  summary: 'Restore a deleted lead',
  description: 'Refused while another lead has its number.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Lead, 'The lead, as it was.') },
});

/** `/api/crm/leads`: the leads of the tenant, one by one. */
export const leads = newApiApp();

leads.openapi(list, async (c) => {
  const { cursor, limit, ...filters } = c.req.valid('query');
  const { identity } = c.var;
  const query = await queryOf(c.env, identity, filters);
  const found = await leadsOf(c.env, identity).list({ ...query, cursor, limit });
  if (!found.ok) throw refusedQuery(found.code);
  return c.json({ items: await leadBodies(c.env, identity.tenantId, found.leads), next: found.next }, 200);
});

leads.openapi(add, async (c) => {
  const { identity } = c.var;
  const { on_duplicate: onDuplicate, ...asked } = c.req.valid('json');
  const fields = await fieldsOf(c.env, identity, asked);
  const { number } = fields;
  if (number === undefined) throw new Error('a body without a number was let in');
  const result = await leadsOf(c.env, identity).add({
    lead: { ...fields, number },
    onDuplicate,
    viewer: leadViewer(identity),
    now: Date.now(),
  });
  const lead = await settled(c, result, result.ok && result.before === null ? 'lead.create' : 'lead.merge');
  return c.json(lead, result.ok && result.before === null ? 201 : 200);
});

leads.openapi(show, async (c) => {
  const { identity } = c.var;
  const lead = await leadsOf(c.env, identity).lead(c.req.valid('param').id, leadViewer(identity));
  if (lead === null) throw noSuchLead();
  return c.json(await leadBody(c.env, identity.tenantId, lead), 200);
});

leads.openapi(change, async (c) => {
  const { identity } = c.var;
  const result = await leadsOf(c.env, identity).change({
    id: c.req.valid('param').id,
    change: await fieldsOf(c.env, identity, c.req.valid('json')),
    viewer: leadViewer(identity),
    now: Date.now(),
  });
  return c.json(await settled(c, result, 'lead.update'), 200);
});

leads.openapi(remove, async (c) => {
  const { identity } = c.var;
  const input = { id: c.req.valid('param').id, viewer: leadViewer(identity), now: Date.now() };
  await settled(c, await leadsOf(c.env, identity).remove(input), 'lead.delete');
  return c.body(null, 204);
});

leads.openapi(restore, async (c) => {
  const { identity } = c.var;
  const input = { id: c.req.valid('param').id, viewer: leadViewer(identity), now: Date.now() };
  return c.json(await settled(c, await leadsOf(c.env, identity).restore(input), 'lead.restore'), 200);
});

/** Notes who changed what and answers the lead as it is now. @throws PlatformError where it was refused */
async function settled(c: Context<AppEnv>, result: LeadResult, action: string) {
  const { identity } = c.var;
  if (!result.ok) throw await refusalOf(c.env, identity.tenantId, result);
  const { lead, before, after } = result;
  const isMoved = action === 'lead.delete' || action === 'lead.restore';
  const about = { number: lead.number, name: lead.name };
  if (isMoved || before === null || Object.keys(after).length > 0) {
    await auditOf(
      c,
      action,
      lead.id,
      action === 'lead.delete' ? about : before === null || isMoved ? null : changedFields(before),
      action === 'lead.delete' ? null : isMoved ? about : changedFields(after),
    );
  }
  return leadBody(c.env, identity.tenantId, lead);
}
