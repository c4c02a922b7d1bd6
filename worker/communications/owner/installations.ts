/** Which tenants have an app: installed, updated and uninstalled by the people who run the platform. */
import { z } from '@hono/zod-openapi';
import { openDb } from '../../db';
import { auditOf } from '../../http/audit';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { installApp, moveApp, uninstallApp } from '../installations';
import { AppVersion, TenantId } from '../marketplace/schemas';
import { pageOfInstallations, showApp } from './queries';
import { asPlatform } from './refusals';
import { appParam, Installation, pageLimit, pageOf, ROOT, tags } from './schemas';

const path = `${ROOT}/{app}/installations` as const;
const one = `${path}/{tenant}` as const;
const params = appParam.extend({ tenant: TenantId });

const list = apiRoute({
  method: 'get',
  path,
  summary: 'Tenants that have an app',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params: appParam, query: z.object({ cursor: TenantId.optional(), limit: pageLimit }) },
  responses: { 200: json(pageOf(Installation), 'By the tenant’s number.') },
});

const install = apiRoute({
  method: 'post',
  path,
  summary: 'Install an app for a tenant',
  description:
    'Ties the tenant to the active configuration of the version. Its people make the token that activates it.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: appParam,
    body: jsonRequest(z.strictObject({ tenant: TenantId, version: AppVersion }), {
      tenant: '0101',
      version: '1.0.0',
    }),
  },
  responses: { 201: json(Installation, 'It is installed.') },
});

const update = apiRoute({
  method: 'patch',
  path: one,
  summary: 'Update a tenant’s app to another version',
  description: 'Moves the tenant to the active configuration of that version.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params, body: jsonRequest(z.strictObject({ version: AppVersion }), { version: '1.0.0' }) },
  responses: { 200: json(Installation, 'It is updated.') },
});

const uninstall = apiRoute({
  method: 'delete',
  path: one,
  summary: 'Uninstall an app for a tenant',
  description:
    'Runs the disconnect procedure: every token is revoked, the provider is told, and its accounts are deactivated.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: {
    202: json(
      z.object({ state: z.enum(['disconnecting', 'none']) }).openapi('AppUninstalled'),
      'The procedure runs; `none`: the provider had nothing to be told.',
    ),
  },
});

/** `/api/marketplace/apps/{app}/installations`. */
export const installations = newApiApp();

installations.openapi(list, async (c) => {
  const db = openDb(c.env.DB);
  const { row } = await showApp(db, c.req.valid('param').app);
  const { cursor, limit } = c.req.valid('query');
  return c.json(await pageOfInstallations(db, row.appCode, { after: cursor, limit }), 200);
});

/** @throws PlatformError NOT_FOUND */
async function shown(DB: D1Database, app: string, tenant: string): Promise<z.infer<typeof Installation>> {
  const [view] = (await pageOfInstallations(openDb(DB), app, { tenant, limit: 1 })).items;
  if (view === undefined) throw new PlatformError('NOT_FOUND', 'The app is not installed for this tenant.');
  return view;
}

installations.openapi(install, async (c) => {
  const { app } = c.req.valid('param');
  const { tenant, version } = c.req.valid('json');
  const made = await asPlatform(() =>
    installApp(c.env, { tenantId: tenant, appCode: app, appVersion: version }),
  );
  await auditOf(c, 'marketplace.install', app, null, made);
  return c.json(await shown(c.env.DB, app, tenant), 201);
});

installations.openapi(update, async (c) => {
  const { app, tenant } = c.req.valid('param');
  const { version } = c.req.valid('json');
  const { before, after } = await asPlatform(() =>
    moveApp(c.env, { tenantId: tenant, appCode: app, appVersion: version }),
  );
  await auditOf(c, 'marketplace.update', app, before, after);
  return c.json(await shown(c.env.DB, app, tenant), 200);
});

installations.openapi(uninstall, async (c) => {
  const { app, tenant } = c.req.valid('param');
  const { before, state } = await asPlatform(() => uninstallApp(c.env, tenant, app));
  await auditOf(c, 'marketplace.uninstall', app, before, null);
  return c.json({ state }, 202);
});
