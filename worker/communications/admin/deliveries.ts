/** What waits for a provider, what could not be delivered, and what a person does about it. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { auditOf } from '../../http/audit';
import type { AppEnv } from '../../http/context';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { linkOf } from '../ties';
import { installed } from './integrations';
import { Chosen, Delivery, DeliveryKind, LinkBody, providerParam } from './schemas';
import { deliveryView, linkView } from './view';

const ROOT = '/api/communications/providers/{provider}';
const tags = ['Communications'];

const list = apiRoute({
  method: 'get',
  path: `${ROOT}/deliveries`,
  summary: 'Deliveries that wait or died, newest first',
  tags,
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: {
    params: providerParam,
    query: z.object({
      state: z.enum(['waiting', 'dead']).default('dead'),
      kind: DeliveryKind.optional(),
      q: z
        .string()
        .trim()
        .max(200)
        .optional()
        .openapi({ description: 'Part of a delivery’s id, of its chat’s or of its reason.' }),
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'take `next` of the page before')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(Delivery), next: z.string().nullable() }), 'A page of them.'),
  },
});

const replay = apiRoute({
  method: 'post',
  path: `${ROOT}/deliveries/replay`,
  summary: 'Try dead letters again',
  description:
    'At the end of their chats’ queues. Those of an integration that is not active wait until it is.',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  bodyOptional: true,
  request: { params: providerParam, body: jsonRequest(Chosen, {}) },
  responses: { 200: json(z.object({ replayed: z.int() }), 'How many.') },
});

const discard = apiRoute({
  method: 'post',
  path: `${ROOT}/deliveries/discard`,
  summary: 'Throw dead letters away',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  bodyOptional: true,
  request: { params: providerParam, body: jsonRequest(Chosen, {}) },
  responses: { 200: json(z.object({ discarded: z.int() }), 'How many.') },
});

const resume = apiRoute({
  method: 'post',
  path: `${ROOT}/resume`,
  summary: 'Trust a provider again and try what waits now',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  request: { params: providerParam },
  responses: { 200: json(LinkBody, 'How the link stands.') },
});

const synchronise = apiRoute({
  method: 'post',
  path: `${ROOT}/synchronise`,
  summary: 'Fetch the history of chats again from its beginning',
  description: 'What is known already stays as it is; nobody is notified.',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: { params: providerParam },
  responses: { 200: json(LinkBody, 'It runs.') },
});

/** `/api/communications/providers/{provider}/…`. */
export const deliveries = newApiApp();

/** @throws PlatformError NOT_FOUND */
async function knownLink(c: Context<AppEnv>, provider: string) {
  const { tie } = await installed(c, provider);
  return linkOf(c.env, tie.tenantId, provider);
}

deliveries.openapi(list, async (c) => {
  const link = await knownLink(c, c.req.valid('param').provider);
  const { q, ...query } = c.req.valid('query');
  const { items, next } = await link.deliveries({ ...query, text: q === '' ? undefined : q });
  return c.json({ items: items.map(deliveryView), next }, 200);
});

deliveries.openapi(replay, async (c) => {
  const { provider } = c.req.valid('param');
  const { ids } = c.req.valid('json');
  const done = await (await knownLink(c, provider)).replay(ids);
  await auditOf(c, 'communications.deliveries.replay', provider, null, { ...done, ids: ids ?? 'all' });
  return c.json(done, 200);
});

deliveries.openapi(discard, async (c) => {
  const { provider } = c.req.valid('param');
  const { ids } = c.req.valid('json');
  const done = await (await knownLink(c, provider)).discard(ids);
  await auditOf(c, 'communications.deliveries.discard', provider, null, { ...done, ids: ids ?? 'all' });
  return c.json(done, 200);
});

deliveries.openapi(resume, async (c) => {
  const { provider } = c.req.valid('param');
  const link = await knownLink(c, provider);
  const before = await link.status();
  await link.resume();
  const after = await link.status();
  await auditOf(
    c,
    'communications.resume',
    provider,
    { breaker: before.breaker },
    { breaker: after.breaker },
  );
  return c.json(linkView(after), 200);
});

deliveries.openapi(synchronise, async (c) => {
  const { provider } = c.req.valid('param');
  const link = await knownLink(c, provider);
  if (!(await link.synchronise()))
    throw new PlatformError(
      'INVALID_PARAMS',
      'There is no history to fetch: the integration is not active, or the provider has none.',
    );
  await auditOf(c, 'communications.synchronise', provider, null, { state: 'running' });
  return c.json(linkView(await link.status()), 200);
});
