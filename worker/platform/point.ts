import { z } from '@hono/zod-openapi';
import { isAction } from '../auth/permissions';
import { PlatformError } from '../http/errors';
import { apiRoute, json, newApiApp } from '../http/openapi';

const rolecheck = apiRoute({
  method: 'get',
  path: '/api/point/rolecheck',
  summary: 'What the signed-in user may do',
  description: 'With `action`, whether that one is allowed; the whole list comes with every answer.',
  tags: ['Access'],
  access: 'signed_in',
  request: { query: z.object({ action: z.string().max(64).optional().openapi({ example: 'call.start' }) }) },
  responses: {
    200: json(
      z.object({ allowed: z.boolean(), permissions: z.array(z.string()) }),
      'The actions; `allowed` is false when no action was asked about.',
      { allowed: true, permissions: ['call.start', 'call.view', 'note.write'] },
    ),
  },
});

/** `/api/point/…`: access control as the screens ask about it. */
export const point = newApiApp().openapi(rolecheck, (c) => {
  const { action } = c.req.valid('query');
  if (action !== undefined && !isAction(action)) {
    throw new PlatformError('INVALID_PARAMS', 'There is no such action.', {
      details: { action: ['unknown action'] },
    });
  }
  const { permissions } = c.var.identity;
  return c.json(
    { allowed: action !== undefined && permissions.has(action), permissions: [...permissions] },
    200,
  );
});
