import { z } from '@hono/zod-openapi';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { CallBody, CallDetailBody, CallId } from './call-schemas';
import { viewerOf } from './viewer';

const FeedPageBody = z
  .object({
    epoch: z.string(),
    offset: z.number().int(),
    cursor: z.string(),
    reset: z.boolean(),
    calls: z.array(CallBody),
  })
  .openapi('FeedPage');

const feed = apiRoute({
  method: 'get',
  path: '/api/calls/feed',
  summary: 'Live calls, or what changed',
  description:
    'Without `since` the calls that are going on; with it, every call changed since, ended ones included. The answer’s ' +
    'header `X-Feed-Cursor` is the next `since`; `X-Feed-Reset: 1` says that the history does not reach back and the ' +
    'answer is the whole picture. `as=page` puts the same into the body.',
  tags: ['Calls'],
  access: 'call.view',
  request: {
    query: z.object({
      since: z.string().max(80).optional().openapi({ example: '0e8a0f3c-0000-4000-8000-000000000000:12' }),
      recent: z.coerce
        .number()
        .int()
        .min(0)
        .max(200)
        .optional()
        .openapi({ description: 'This many ended calls as well, newest first.' }),
      as: z.enum(['list', 'page']).optional(),
    }),
  },
  responses: {
    200: json(z.union([z.array(CallBody), FeedPageBody]), 'Calls; those of others only for who may see all.'),
  },
});

const one = apiRoute({
  method: 'get',
  path: '/api/call/{id}',
  summary: 'One call',
  tags: ['Calls'],
  access: 'call.view',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: CallId }) },
  responses: { 200: json(CallDetailBody, 'The call with the moments of its states.') },
});

/** `/api/call…`: looking at calls. */
export const calls = newApiApp();

calls.openapi(feed, async (c) => {
  const { since, recent, as } = c.req.valid('query');
  const { identity } = c.var;
  const page = await c.env.CALL_HUB.getByName(identity.tenantId).feed({
    viewer: viewerOf(identity),
    since,
    recent,
  });
  c.header('X-Feed-Cursor', page.cursor);
  if (page.reset && since !== undefined) c.header('X-Feed-Reset', '1');
  if (as !== 'page') return c.json(page.calls, 200);
  const colon = page.cursor.lastIndexOf(':');
  const [epoch, offset] = [page.cursor.slice(0, colon), Number(page.cursor.slice(colon + 1))];
  return c.json({ epoch, offset, cursor: page.cursor, reset: page.reset, calls: page.calls }, 200);
});

calls.openapi(one, async (c) => {
  const { identity } = c.var;
  const call = await c.env.CALL_HUB.getByName(identity.tenantId).call(
    c.req.valid('param').id,
    viewerOf(identity),
  );
  if (!call) throw new PlatformError('NOT_FOUND', 'No such call.');
  return c.json(call, 200);
});
