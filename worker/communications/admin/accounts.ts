/** Accounts of a provider: what its channels are to the tenant. */
import { z } from '@hono/zod-openapi';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { installed } from './integrations';
import { Account, providerParam } from './schemas';

const route = apiRoute({
  method: 'get',
  path: '/api/communications/providers/{provider}/accounts',
  summary: 'Accounts of a provider, main ones and their children',
  tags: ['Communications'],
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: { params: providerParam },
  responses: { 200: json(z.object({ accounts: z.array(Account) }), 'In the order they were made.') },
});

/** `/api/communications/providers/{provider}/accounts`. */
export const accounts = newApiApp().openapi(route, async (c) => {
  const { provider } = c.req.valid('param');
  const { tie } = await installed(c, provider);
  const channels = await c.env.INBOX.getByName(tie.tenantId).channels();
  return c.json(
    {
      accounts: channels
        .filter((channel) => channel.provider === provider)
        .map(({ id, externalId, code, name, parent, active }) => ({
          id,
          external_id: externalId,
          code,
          name,
          parent_id: parent,
          active,
        })),
    },
    200,
  );
});
