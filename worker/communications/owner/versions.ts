/** Versions of an app, what is said of them, their publication and their configurations. */
import { z } from '@hono/zod-openapi';
import { openDb } from '../../db';
import { auditOf } from '../../http/audit';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { judgeVersion, registerVersion } from '../marketplace/apps';
import { configurationView } from '../marketplace/configurations';
import { publishVersion } from '../marketplace/publication';
import { AppVersion } from '../marketplace/schemas';
import { knownVersion, pageOfConfigurations } from '../marketplace/store';
import { decodeCursor, encodeCursor } from '../page';
import { pageOfVersions, showApp, showVersion, tenantsOn } from './queries';
import { asPlatform } from './refusals';
import {
  appParam,
  InstalledConfiguration,
  MarketplaceVersion,
  Moderation,
  pageLimit,
  pageOf,
  ROOT,
  tags,
  TestStand,
  versionParam,
} from './schemas';

const list = apiRoute({
  method: 'get',
  path: `${ROOT}/{app}/versions`,
  summary: 'Versions of an app, with the four conditions of publication',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: appParam,
    query: z.object({
      cursor: z
        .string()
        .regex(/^\d{1,9}$/, 'take `next` of the page before')
        .optional(),
      limit: pageLimit,
    }),
  },
  responses: { 200: json(pageOf(MarketplaceVersion), 'Newest first.') },
});

const create = apiRoute({
  method: 'post',
  path: `${ROOT}/{app}/versions`,
  summary: 'Register a version of an app',
  description: 'It starts with a copy of the active configuration of the version before.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: appParam,
    body: jsonRequest(z.strictObject({ version: AppVersion }), { version: '1.1.0' }),
  },
  responses: { 201: json(MarketplaceVersion, 'It is known.') },
});

const judge = apiRoute({
  method: 'patch',
  path: `${ROOT}/{app}/versions/{version}`,
  summary: 'Say how moderation or the test stand ended',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: versionParam,
    body: jsonRequest(
      z
        .strictObject({ moderation: Moderation.optional(), test_stand: TestStand.optional() })
        .refine((body) => Object.keys(body).length > 0, 'say moderation, test_stand or both'),
      { moderation: 'passed' },
    ),
  },
  responses: { 200: json(MarketplaceVersion, 'How the version stands.') },
});

const publish = apiRoute({
  method: 'post',
  path: `${ROOT}/{app}/versions/{version}/publish`,
  summary: 'Publish a version',
  description:
    'Refused while one of the four conditions does not hold; `details` names which. Once published it stays so.',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: { params: versionParam },
  responses: { 200: json(MarketplaceVersion, 'It is published.') },
});

const configurations = apiRoute({
  method: 'get',
  path: `${ROOT}/{app}/configurations`,
  summary: 'Configurations of an app',
  tags,
  access: 'marketplace.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: appParam,
    query: z.object({
      version: AppVersion.optional().openapi({ description: 'Of this app version; of all when absent.' }),
      cursor: z.string().min(1).max(1_024).optional(),
      limit: pageLimit,
    }),
  },
  responses: { 200: json(pageOf(InstalledConfiguration), 'Newest first; keys are masked.') },
});

/** `/api/marketplace/apps/{app}/versions`, `…/configurations`. */
export const versions = newApiApp();

versions.openapi(list, async (c) => {
  const db = openDb(c.env.DB);
  const { row } = await showApp(db, c.req.valid('param').app);
  const { cursor, limit } = c.req.valid('query');
  const before = cursor === undefined ? undefined : Number(cursor);
  return c.json(await pageOfVersions(c.env, db, row, { before, limit }), 200);
});

versions.openapi(create, async (c) => {
  const { app } = c.req.valid('param');
  const { version } = c.req.valid('json');
  const made = await asPlatform(() => registerVersion(c.env, { appCode: app, appVersion: version }));
  await auditOf(c, 'marketplace.version.create', app, null, { version, inherited: made.inherited });
  return c.json(await showVersion(c.env, openDb(c.env.DB), made.app, version), 201);
});

versions.openapi(judge, async (c) => {
  const { app, version } = c.req.valid('param');
  const { moderation, test_stand } = c.req.valid('json');
  const { row } = await showApp(openDb(c.env.DB), app);
  const word = {
    ...(moderation !== undefined && { moderation }),
    ...(test_stand !== undefined && { testStand: test_stand }),
  };
  const { before, after } = await asPlatform(() => judgeVersion(c.env, app, version, word));
  await auditOf(c, 'marketplace.version.judge', app, { version, ...before }, { version, ...after });
  return c.json(await showVersion(c.env, openDb(c.env.DB), row, version), 200);
});

versions.openapi(publish, async (c) => {
  const { app, version } = c.req.valid('param');
  const db = openDb(c.env.DB);
  const { row } = await showApp(db, app);
  const before = await asPlatform(() => knownVersion(db, app, version));
  const { publishedAt } = await asPlatform(() => publishVersion(c.env, row, before));
  if (before.publishedAt === null)
    await auditOf(c, 'marketplace.version.publish', app, null, { version, published_at: publishedAt });
  return c.json(await showVersion(c.env, db, row, version), 200);
});

versions.openapi(configurations, async (c) => {
  const db = openDb(c.env.DB);
  const { app } = c.req.valid('param');
  await showApp(db, app);
  const { version, cursor, limit } = c.req.valid('query');
  const at = await asPlatform(() => decodeCursor(cursor, ['number', 'string'] as const));
  const { rows, more } = await pageOfConfigurations(db, { appCode: app, appVersion: version, at, limit });
  const running = await tenantsOn(
    db,
    rows.map(({ id }) => id),
  );
  const last = rows.at(-1);
  return c.json(
    {
      items: rows.map((row) => ({ ...configurationView(row), installations: running.get(row.id) ?? 0 })),
      next: more && last !== undefined ? encodeCursor([last.createdAt, last.id]) : null,
    },
    200,
  );
});
