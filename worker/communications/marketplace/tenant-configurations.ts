/** Which configuration a tenant's installed app runs on. */
import { z } from '@hono/zod-openapi';
import { jsonRequest } from '../../http/openapi';
import { installApp, moveApp, uninstallApp } from '../installations';
import { commsRoute, newCommsApp } from '../route';
import { AppCode, AppVersion, Json, TenantId, Tie } from './schemas';

const path = '/internal/v1/tenant-configurations';
const tags = ['Tenant configurations'];
const Body = z.strictObject({ tenantId: TenantId, appCode: AppCode, appVersion: AppVersion });
const EXAMPLE = { tenantId: '0101', appCode: 'chat-post', appVersion: '1.0.0' };

const create = commsRoute({
  method: 'post',
  path,
  summary: 'A tenant installed the app',
  description: 'Ties the tenant to the active configuration of the installed app version.',
  tags,
  access: 'service',
  errors: ['not_found', 'already_exists', 'no_configuration'],
  request: { body: jsonRequest(Body, EXAMPLE) },
  responses: { 201: Json(Tie, 'The tenant is tied.') },
});

const move = commsRoute({
  method: 'put',
  path,
  summary: 'The tenant’s app was updated to another version',
  description:
    'Moves the tie to the active configuration of that version; for the version it has already, nothing changes.',
  tags,
  access: 'service',
  errors: ['not_found', 'no_configuration'],
  request: { body: jsonRequest(Body, { ...EXAMPLE, appVersion: '1.1.0' }) },
  responses: { 200: Json(Tie, 'Where the tenant is tied now.') },
});

const remove = commsRoute({
  method: 'delete',
  path,
  summary: 'The tenant uninstalled the app',
  description:
    'Runs the disconnect procedure: every token is revoked, the provider is told (and told again until it hears it), none ' +
    'of its other endpoints is called for the tenant, and its accounts are deactivated.',
  tags,
  access: 'service',
  errors: ['not_found'],
  request: { query: z.object({ tenantId: TenantId, appCode: AppCode }) },
  responses: {
    202: Json(
      z
        .object({ tenantId: TenantId, appCode: AppCode, state: z.enum(['disconnecting', 'none']) })
        .openapi('TenantConfigurationRemoved'),
      'The procedure runs; `none`: the provider had nothing to be told.',
    ),
  },
});

/** `/internal/v1/tenant-configurations`. */
export const tenantTies = newCommsApp();

tenantTies.openapi(create, async (c) => c.json(await installApp(c.env, c.req.valid('json')), 201));

tenantTies.openapi(move, async (c) => c.json((await moveApp(c.env, c.req.valid('json'))).after, 200));

tenantTies.openapi(remove, async (c) => {
  const { tenantId, appCode } = c.req.valid('query');
  const { state } = await uninstallApp(c.env, tenantId, appCode);
  return c.json({ tenantId, appCode, state }, 202);
});
