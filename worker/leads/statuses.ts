import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { STATUS_COLORS, STATUS_KINDS, type StatusResult } from '../../objects/leads/contract';
import { auditOf } from '../http/audit';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { invalid } from './refusals';
import { LeadStatus, StatusKey } from './schemas';
import { leadsOf, leadViewer } from './views';

const key = z.object({ key: StatusKey });
const Name = z.string().trim().min(1).max(60);
const List = z.object({ items: z.array(LeadStatus) });

const list = apiRoute({
  method: 'get',
  path: '/api/crm/statuses',
  summary: 'Statuses of leads',
  tags: ['CRM'],
  access: 'lead.view',
  responses: { 200: json(List, 'In their order; a new lead has the first that is not hidden.') },
});

const add = apiRoute({
  method: 'post',
  path: '/api/crm/statuses',
  summary: 'Add a status',
  tags: ['CRM'],
  access: 'lead.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        key: StatusKey,
        name: Name,
        kind: z.enum(STATUS_KINDS).default('open'),
        color: z.enum(STATUS_COLORS).default('neutral'),
      }),
      { key: 'offered', name: 'Offer sent', kind: 'open', color: 'amber' },
    ),
  },
  responses: { 201: json(List, 'All of them; the new one is the last.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/crm/statuses/{key}',
  summary: 'Change a status',
  description:
    'What is absent stays. `position` 0 is the first. `name` null: the app’s own name of a shipped status.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: key,
    body: jsonRequest(
      z.strictObject({
        name: Name.nullable().optional(),
        kind: z.enum(STATUS_KINDS).optional(),
        color: z.enum(STATUS_COLORS).optional(),
        hidden: z.boolean().optional(),
        position: z.int().min(0).max(100).optional(),
      }),
      { color: 'blue' },
    ),
  },
  responses: { 200: json(List, 'All of them.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/crm/statuses/{key}',
  summary: 'Delete a status that no lead has',
  description: 'One that leads have can be hidden instead.',
  tags: ['CRM'],
  access: 'lead.manage',
  errors: ['NOT_FOUND'],
  request: { params: key },
  responses: { 204: { description: 'Gone.' } },
});

/** `/api/crm/statuses`: how far the work on leads can be. */
export const leadStatuses = newApiApp();

leadStatuses.openapi(list, async (c) => c.json(await all(c), 200));

leadStatuses.openapi(add, async (c) => {
  const asked = c.req.valid('json');
  const result = await leadsOf(c.env, c.var.identity).addStatus({ ...asked, hidden: false });
  await settled(c, result, 'lead.status.create', asked.key, null, asked);
  return c.json(await all(c), 201);
});

leadStatuses.openapi(change, async (c) => {
  const asked = c.req.valid('json');
  const { key: named } = c.req.valid('param');
  const object = leadsOf(c.env, c.var.identity);
  const known = (await all(c)).items.find((one) => one.key === named);
  const before = known && Object.fromEntries(Object.entries(known).filter(([field]) => field in asked));
  await settled(
    c,
    await object.changeStatus(named, asked),
    'lead.status.update',
    named,
    before ?? null,
    asked,
  );
  return c.json(await all(c), 200);
});

leadStatuses.openapi(remove, async (c) => {
  const { key: named } = c.req.valid('param');
  const result = await leadsOf(c.env, c.var.identity).removeStatus(named);
  await settled(c, result, 'lead.status.delete', named, result.ok ? result.status : null, null);
  return c.body(null, 204);
});

const all = async (c: Context<AppEnv>): Promise<z.infer<typeof List>> => ({
  items: await leadsOf(c.env, c.var.identity).statuses(leadViewer(c.var.identity)),
});

async function settled(
  c: Context<AppEnv>,
  result: StatusResult,
  action: string,
  target: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  if (!result.ok) throw refused(result.code);
  await auditOf(c, action, target, before, after);
}

function refused(code: Extract<StatusResult, { ok: false }>['code']): PlatformError {
  switch (code) {
    case 'not_found':
      return new PlatformError('NOT_FOUND', 'No such status.');
    case 'taken':
      return invalid({ key: ['is taken'] });
    case 'in_use':
      return invalid({ key: ['leads have it'] }, 'Leads have this status: give them another, or hide it.');
    case 'last':
      return invalid(
        { hidden: ['the last that can be picked'] },
        'New leads would have no status to begin with.',
      );
    case 'too_many':
      return invalid({ key: ['no room for more'] }, 'There are as many statuses as there can be.');
  }
}
