/** Configurations of providers, uploaded by their apps' developers. */
import { z } from '@hono/zod-openapi';
import { and, eq, notExists } from 'drizzle-orm';
import { checkOutgoingUrl, originsOf } from '../../../objects/lib/outgoing-url';
import { PROVIDER_KEY, type ProviderContent } from '../../../objects/provider-link/contract';
import { sealText } from '../../auth/secrets';
import { providerConfigurations, tenantConfigurations } from '../../db/schema';
import type { Env } from '../../env';
import { jsonRequest } from '../../http/openapi';
import { ProblemError } from '../../http/problems';
import type { MarketIdentity } from '../context';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../page';
import { commsRoute, newCommsApp } from '../route';
import { compareSemver } from '../semver';
import { ownApp } from './publication';
import {
  AppCode,
  AppVersion,
  Configuration,
  ConfigurationUpload,
  Json,
  Semver,
  UPLOAD_EXAMPLE,
} from './schemas';
import {
  activate,
  configurationsOf,
  dbOf,
  knownApp,
  knownVersion,
  notFound,
  pageOfConfigurations,
  type AppRow,
  type ConfigurationRow,
} from './store';

const path = '/internal/v1/marketplace/provider-configurations';
const tags = ['Provider configurations'];
const which = z.object({ appCode: AppCode, appVersion: AppVersion, configurationVersion: Semver });

const upload = commsRoute({
  method: 'post',
  path,
  summary: 'Upload a configuration',
  description:
    'By the app’s developer. It becomes active and all earlier ones of the app version inactive, in one step; tenants ' +
    'stay on the one they were tied to until their app version is updated.',
  tags,
  access: 'developer',
  errors: ['not_found', 'version_not_greater', 'conflict'],
  request: { body: jsonRequest(ConfigurationUpload, UPLOAD_EXAMPLE) },
  responses: { 201: Json(Configuration, 'It is active.') },
});

const update = commsRoute({
  method: 'put',
  path,
  summary: 'Update the configuration of an app version',
  description: 'As an upload, for an app version that has one. The version of the configuration must grow.',
  tags,
  access: 'developer',
  errors: ['not_found', 'version_not_greater', 'conflict'],
  request: {
    body: jsonRequest(ConfigurationUpload, { ...UPLOAD_EXAMPLE, configurationVersion: '1.1.0' }),
  },
  responses: { 200: Json(Configuration, 'It is active.') },
});

const list = commsRoute({
  method: 'get',
  path,
  summary: 'Configurations of an app, newest first',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden'],
  request: { query: pageQuery.extend(which.partial().shape).extend({ appCode: AppCode }) },
  responses: { 200: Json(pageOf(Configuration), 'A page of them.') },
});

const remove = commsRoute({
  method: 'delete',
  path,
  summary: 'Remove a configuration',
  description: 'Not one that tenants run on. Its version is not free again.',
  tags,
  access: 'developer',
  errors: ['not_found', 'in_use'],
  request: { query: which },
  responses: { 204: { description: 'It is removed.' } },
});

/** `/internal/v1/marketplace/provider-configurations`. */
export const configurations = newCommsApp();

/** As everybody may see it: the key by its last characters. */
export const configurationView = (row: ConfigurationRow): z.infer<typeof Configuration> => {
  const { authentication, ...content } = row.content as unknown as ProviderContent;
  return {
    appCode: row.appCode,
    appVersion: row.appVersion,
    configurationVersion: row.configurationVersion,
    ...(content as Pick<z.infer<typeof Configuration>, 'providerLabel' | 'endpoints' | 'capabilities'>),
    authentication: { ...authentication, value: `****${row.hint}` },
    active: row.active,
    inherited: row.inheritedFrom !== null,
    createdAt: new Date(row.createdAt).toISOString(),
  };
};

/** @throws ProblemError not_found, forbidden */
async function appOf(env: Env, appCode: string, market: MarketIdentity): Promise<AppRow> {
  const app = await knownApp(dbOf(env), appCode);
  ownApp(app, market);
  return app;
}

/** @throws ProblemError invalid_request that names every endpoint we would not call */
function checkEndpoints(env: Env, endpoints: Record<string, string | undefined>): void {
  const allowed = originsOf(env.OUTGOING_ORIGINS);
  const errors = Object.entries(endpoints).flatMap(([name, url]) => {
    if (url === undefined) return [];
    const target = checkOutgoingUrl(url, allowed);
    return target.ok ? [] : [{ field: `endpoints.${name}`, message: target.message }];
  });
  if (errors.length > 0)
    throw new ProblemError('invalid_request', 'An endpoint has an address that is never called.', { errors });
}

/** @throws ProblemError */
async function store(
  env: Env,
  market: MarketIdentity,
  body: z.infer<typeof ConfigurationUpload>,
  mustExist: boolean,
): Promise<ConfigurationRow> {
  const { appCode, appVersion, configurationVersion, authentication, ...content } = body;
  await appOf(env, appCode, market);
  await knownVersion(dbOf(env), appCode, appVersion);
  checkEndpoints(env, content.endpoints);
  const all = await configurationsOf(dbOf(env), appCode, appVersion, true);
  const before = all.findLast(({ removedAt }) => removedAt === null);
  if (mustExist && before === undefined) throw notFound('configuration of this app version');
  const greatest = all
    .map((row) => row.configurationVersion)
    .toSorted(compareSemver)
    .at(-1);
  if (greatest !== undefined && compareSemver(configurationVersion, greatest) <= 0)
    throw new ProblemError('version_not_greater', `The version must be greater than ${greatest}.`, {
      errors: [{ field: 'configurationVersion', message: `must be greater than ${greatest}` }],
    });
  const { value, ...plain } = authentication;
  if (value === undefined && before === undefined)
    throw new ProblemError('invalid_request', 'The first configuration needs the key our calls carry.', {
      errors: [{ field: 'authentication.value', message: 'required' }],
    });
  const key =
    value === undefined
      ? { key: before?.key ?? '', hint: before?.hint ?? '' }
      : { key: sealText(env, appCode, PROVIDER_KEY, value), hint: value.slice(-4) };
  return activate(env, {
    appCode,
    appVersion,
    configurationVersion,
    number: (all.at(-1)?.number ?? 0) + 1,
    content: { ...content, authentication: plain },
    ...key,
    createdAt: Date.now(),
  });
}

configurations.openapi(upload, async (c) =>
  c.json(configurationView(await store(c.env, c.var.market, c.req.valid('json'), false)), 201),
);

configurations.openapi(update, async (c) =>
  c.json(configurationView(await store(c.env, c.var.market, c.req.valid('json'), true)), 200),
);

configurations.openapi(list, async (c) => {
  const { appCode, appVersion, configurationVersion, cursor, limit } = c.req.valid('query');
  await appOf(c.env, appCode, c.var.market);
  const at = decodeCursor(cursor, ['number', 'string'] as const);
  const { rows, more } = await pageOfConfigurations(dbOf(c.env), {
    appCode,
    appVersion,
    configurationVersion,
    at,
    limit,
  });
  const last = rows.at(-1);
  return c.json(
    {
      items: rows.map(configurationView),
      nextCursor: more && last !== undefined ? encodeCursor([last.createdAt, last.id]) : null,
    },
    200,
  );
});

configurations.openapi(remove, async (c) => {
  const { appCode, appVersion, configurationVersion } = c.req.valid('query');
  await appOf(c.env, appCode, c.var.market);
  const db = dbOf(c.env);
  const row = (await configurationsOf(db, appCode, appVersion)).find(
    (one) => one.configurationVersion === configurationVersion,
  );
  if (row === undefined) throw notFound('configuration');
  // Refused by the same statement that removes, so that no tenant is tied in between.
  const removed = await db
    .update(providerConfigurations)
    .set({ removedAt: Date.now(), active: false })
    .where(
      and(
        eq(providerConfigurations.id, row.id),
        notExists(
          db
            .select({ id: tenantConfigurations.configurationId })
            .from(tenantConfigurations)
            .where(eq(tenantConfigurations.configurationId, row.id)),
        ),
      ),
    )
    .returning({ id: providerConfigurations.id });
  if (removed.length === 0)
    throw new ProblemError('in_use', 'Tenants run on this configuration: move them by an update first.');
  return c.body(null, 204);
});
