import { z } from '@hono/zod-openapi';
import { people } from '../db/people';
import { auditOf } from '../http/audit';
import { streamCsv } from '../http/csv';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { CSV_HEAD, csvRow } from './csv-columns';
import { knownSeller, numberOf } from './fields';
import { leadFilters, queryOf, refusedQuery } from './query';
import { noSuchLead, refusalOf } from './refusals';
import { Lead, LeadChange, LeadId, Person, PhoneText, SellerRef, StatusKey } from './schemas';
import { sellersOf } from './sellers';
import { changeBodies, leadBodies, leadBody, leadsOf, leadViewer } from './views';

/** Leads read from the object at once for a file. */
const EXPORT_PAGE = 500;

const lookup = apiRoute({
  method: 'get',
  path: '/api/crm/leads/lookup',
  summary: 'Whose number it is',
  description:
    'For the card of a call. `held_by` says that it is a lead of somebody else, whom the caller can be given.',
  tags: ['CRM'],
  access: 'lead.view',
  request: { query: z.object({ number: PhoneText.openapi({ example: '+375290000001' }) }) },
  responses: {
    200: json(
      z.object({
        number: z
          .string()
          .nullable()
          .openapi({ description: 'E.164; null where it can be no outside number.' }),
        lead: z.union([Lead, z.null()]),
        held_by: Person.nullable(),
      }),
      'What is known of it.',
    ),
  },
});

const download = apiRoute({
  method: 'get',
  path: '/api/crm/leads/export',
  summary: 'Leads as a CSV file',
  description:
    'All that fit, streamed, in the form that an import reads. Cells that a spreadsheet would run begin with an apostrophe.',
  tags: ['CRM'],
  access: 'lead.export',
  request: { query: z.object(leadFilters) },
  responses: {
    200: {
      description: 'The file.',
      content: { 'text/csv': { schema: z.string(), example: CSV_HEAD.join(',') } },
    },
  },
});

const BULK = ['l_01k73d5zq0a1b2c3d4', 'l_01k73d5zq0a1b2c3d5'];

const bulk = apiRoute({
  method: 'post',
  path: '/api/crm/leads/bulk',
  summary: 'Change many leads at once',
  description: 'All of them or, where one change is refused, none. Ids of what is not there are passed over.',
  tags: ['CRM'],
  access: 'lead.manage',
  request: {
    body: jsonRequest(
      z
        .strictObject({
          ids: z.array(LeadId).min(1).max(500),
          status: StatusKey.optional(),
          assigned_seller: SellerRef.nullable().optional(),
          delete: z.literal(true).optional(),
        })
        .refine(
          ({ status, assigned_seller: seller, delete: gone }) =>
            gone === true
              ? status === undefined && seller === undefined
              : status !== undefined || seller !== undefined,
          'say what to change, or that they are to be deleted',
        ),
      { ids: BULK, status: 'callback' },
    ),
  },
  responses: {
    200: json(z.object({ changed: z.array(z.string()) }), 'Ids of those that are not as they were.', {
      changed: BULK,
    }),
  },
});

const history = apiRoute({
  method: 'get',
  path: '/api/crm/leads/{id}/history',
  summary: 'What happened to a lead',
  tags: ['CRM'],
  access: 'lead.view',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: LeadId }),
    query: z.object({
      cursor: z.string().max(20).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(LeadChange), next: z.string().nullable() }), 'Newest first.'),
  },
});

const sellers = apiRoute({
  method: 'get',
  path: '/api/crm/sellers',
  summary: 'People who can be given leads',
  tags: ['CRM'],
  access: 'lead.view_all',
  responses: {
    200: json(z.object({ items: z.array(Person) }), 'By name.', {
      items: [{ id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' }],
    }),
  },
});

/** Around `/api/crm/leads`: finding by number, files, many at once, history, and who can be given leads. */
export const aroundLeads = newApiApp();

aroundLeads.openapi(lookup, async (c) => {
  const { identity } = c.var;
  let number: string;
  try {
    number = numberOf(c.req.valid('query').number, identity.tenant.country);
  } catch (error) {
    // An extension or a hidden caller: nobody's number, and no mistake of whoever asks.
    if (error instanceof PlatformError) return c.json({ number: null, lead: null, held_by: null }, 200);
    throw error;
  }
  const { lead, heldBy } = await leadsOf(c.env, identity).lookup(number, leadViewer(identity));
  const nameOf = await people(c.env, identity.tenantId, [heldBy]);
  const known = lead === null ? null : await leadBody(c.env, identity.tenantId, lead);
  return c.json({ number, lead: known, held_by: nameOf(heldBy) }, 200);
});

aroundLeads.openapi(download, async (c) => {
  const { identity } = c.var;
  const filters = c.req.valid('query');
  const query = await queryOf(c.env, identity, filters);
  const object = leadsOf(c.env, identity);
  // Asked before the first byte leaves: what is refused is answered as a refusal.
  let page = await object.list({ ...query, limit: EXPORT_PAGE });
  if (!page.ok) throw refusedQuery(page.code);
  await auditOf(c, 'lead.export', null, null, filters);
  let rest: typeof page | null = page;
  const body = streamCsv(CSV_HEAD, async () => {
    if (rest === null) return null;
    const { leads, next }: typeof rest = rest;
    if (next === null) rest = null;
    else {
      page = await object.list({ ...query, limit: EXPORT_PAGE, cursor: next });
      if (!page.ok) throw new Error(`an export was refused in the middle: ${page.code}`);
      rest = page;
    }
    return (await leadBodies(c.env, identity.tenantId, leads)).map(csvRow);
  });
  c.header('Content-Type', 'text/csv; charset=utf-8');
  c.header('Content-Disposition', 'attachment; filename="leads.csv"');
  return c.body(body, 200);
});

aroundLeads.openapi(bulk, async (c) => {
  const { identity } = c.var;
  const { ids, status, assigned_seller: seller, delete: gone } = c.req.valid('json');
  const owner = seller == null ? seller : await knownSeller(c.env, identity.tenantId, seller);
  const change = {
    ...(status !== undefined && { status }),
    ...(owner !== undefined && { owner }),
  };
  const result = await leadsOf(c.env, identity).bulk({
    ids,
    change: gone === true ? 'delete' : change,
    viewer: leadViewer(identity),
    now: Date.now(),
  });
  if (!result.ok) throw await refusalOf(c.env, identity.tenantId, result);
  if (result.changed.length > 0) {
    await auditOf(c, gone === true ? 'lead.delete_many' : 'lead.update_many', null, null, {
      leads: result.changed.length,
      ...(status !== undefined && { status }),
      ...(seller !== undefined && { assigned_seller: owner }),
      ids: result.changed,
    });
  }
  return c.json({ changed: result.changed }, 200);
});

aroundLeads.openapi(history, async (c) => {
  const { identity } = c.var;
  const page = await leadsOf(c.env, identity).history({
    id: c.req.valid('param').id,
    viewer: leadViewer(identity),
    ...c.req.valid('query'),
  });
  if (page === null) throw noSuchLead();
  return c.json({ items: await changeBodies(c.env, identity.tenantId, page.items), next: page.next }, 200);
});

aroundLeads.openapi(sellers, async (c) =>
  c.json({ items: await sellersOf(c.env, c.var.identity.tenantId) }, 200),
);
