/** Apps of the marketplace: found, registered by hand where no marketplace tells of them, and changed. */
import { z } from '@hono/zod-openapi';
import { openDb } from '../../db';
import { auditOf } from '../../http/audit';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { registerApp } from '../marketplace/apps';
import { AppCode, AppVersion, COMMUNICATIONS, Developer } from '../marketplace/schemas';
import { pageOfApps, showApp } from './queries';
import { asPlatform } from './refusals';
import { AppName, appParam, MarketplaceApp, pageLimit, pageOf, ROOT, tags } from './schemas';

const list = apiRoute({
  method: 'get',
  path: ROOT,
  summary: 'Apps of the marketplace',
  tags,
  access: 'marketplace.manage',
  request: {
    query: z.object({
      q: z.string().trim().max(64).optional().openapi({ description: 'Part of code, name or developer.' }),
      cursor: AppCode.optional(),
      limit: pageLimit,
    }),
  },
  responses: { 200: json(pageOf(MarketplaceApp), 'By code.') },
});

const show = apiRoute({
  method: 'get',
  path: `${ROOT}/{app}`,
  summary: 'One app',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params: appParam },
  responses: { 200: json(MarketplaceApp, 'The app.') },
});

const create = apiRoute({
  method: 'post',
  path: ROOT,
  summary: 'Register an app',
  description:
    'As the marketplace does by its own API. With `communications` the app becomes a provider, whose code is the app’s.',
  tags,
  access: 'marketplace.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        code: AppCode,
        name: AppName,
        developer: Developer,
        version: AppVersion,
        communications: z.boolean().default(true),
      }),
      {
        code: 'chat-mail',
        name: 'Chat Mail',
        developer: 'dev-company',
        version: '1.0.0',
        communications: true,
      },
    ),
  },
  responses: { 201: json(MarketplaceApp, 'It is registered.') },
});

const change = apiRoute({
  method: 'patch',
  path: `${ROOT}/{app}`,
  summary: 'Change an app',
  description: 'What is absent stays. The scope `communications` can be turned on and never off.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: appParam,
    body: jsonRequest(
      z
        .strictObject({
          name: AppName.optional(),
          developer: Developer.optional(),
          communications: z.literal(true).optional(),
        })
        .refine((body) => Object.keys(body).length > 0, 'say what is to change'),
      { name: 'Chat Post' },
    ),
  },
  responses: { 200: json(MarketplaceApp, 'As it is now.') },
});

/** `/api/marketplace/apps`. */
export const apps = newApiApp();

const scopesOf = (communications: boolean): string[] => (communications ? [COMMUNICATIONS] : []);

apps.openapi(list, async (c) => {
  const { q, cursor, limit } = c.req.valid('query');
  return c.json(await pageOfApps(openDb(c.env.DB), { q, after: cursor, limit }), 200);
});

apps.openapi(show, async (c) =>
  c.json((await showApp(openDb(c.env.DB), c.req.valid('param').app)).view, 200),
);

apps.openapi(create, async (c) => {
  const { code, name, developer, version, communications } = c.req.valid('json');
  await asPlatform(() =>
    registerApp(c.env, {
      appCode: code,
      name,
      developer,
      appVersion: version,
      scopes: scopesOf(communications),
      mustBeNew: true,
    }),
  );
  await auditOf(c, 'marketplace.app.create', code, null, { name, developer, version, communications });
  return c.json((await showApp(openDb(c.env.DB), code)).view, 201);
});

apps.openapi(change, async (c) => {
  const db = openDb(c.env.DB);
  const { app } = c.req.valid('param');
  const { row, view: before } = await showApp(db, app);
  const { name = row.name, developer = row.developer, communications } = c.req.valid('json');
  await asPlatform(() =>
    registerApp(c.env, {
      appCode: app,
      name,
      developer,
      appVersion: before.newest_version,
      scopes: scopesOf(communications ?? row.scopeSince !== null),
    }),
  );
  const { view: after } = await showApp(db, app);
  await auditOf(c, 'marketplace.app.change', app, audited(before), audited(after));
  return c.json(after, 200);
});

const audited = ({ name, developer, communications_since }: z.infer<typeof MarketplaceApp>) => ({
  name,
  developer,
  communications_since,
});
