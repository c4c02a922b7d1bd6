/** Which configuration a tenant's installed app runs on. */
import { z } from '@hono/zod-openapi';
import { and, eq, sql, type SQL } from 'drizzle-orm';
import { tenantConfigurations } from '../../db/schema';
import type { Env } from '../../env';
import { recordAudit } from '../../http/audit';
import { jsonRequest } from '../../http/openapi';
import { ProblemError } from '../../http/problems';
import { commsRoute, newCommsApp } from '../route';
import { configurationVersionOf, findTie, linkOf, mustBeTenant, uninstall, type TieRow } from '../ties';
import { AppCode, AppVersion, Json, TenantId, Tie } from './schemas';
import { activeConfiguration, dbOf, knownApp, knownVersion, notFound } from './store';

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

const view = async (env: Env, row: TieRow): Promise<z.infer<typeof Tie>> => ({
  tenantId: row.tenantId,
  appCode: row.appCode,
  appVersion: row.appVersion,
  configurationVersion: await configurationVersionOf(env, row),
});

/** @throws ProblemError not_found, no_configuration */
async function mustHaveConfiguration(env: Env, appCode: string, appVersion: string): Promise<void> {
  const db = dbOf(env);
  await knownApp(db, appCode);
  await knownVersion(db, appCode, appVersion);
  if ((await activeConfiguration(db, appCode, appVersion)) === null)
    throw new ProblemError('no_configuration', `Version ${appVersion} has no active configuration.`);
}

/** Its id, read in the statement that ties a tenant to it: one that is removed meanwhile is not tied to. */
const activeId = (appCode: string, appVersion: string): SQL<string> =>
  sql`(SELECT id FROM provider_configurations
    WHERE app_code = ${appCode} AND app_version = ${appVersion} AND active = 1)`;

/** In the tenant's own log: somebody else changed what it runs on. */
const note = (
  env: Env,
  tenantId: string,
  action: string,
  appCode: string,
  before: unknown,
  after: unknown,
): Promise<void> => recordAudit(dbOf(env), { tenantId, userId: null }, action, appCode, before, after, null);

tenantTies.openapi(create, async (c) => {
  const { tenantId, appCode, appVersion } = c.req.valid('json');
  const { env } = c;
  await mustBeTenant(env, tenantId);
  await mustHaveConfiguration(env, appCode, appVersion);
  const now = Date.now();
  const { meta } = await dbOf(env).run(sql`
    INSERT INTO tenant_configurations (tenant_id, app_code, app_version, configuration_id, created_at, updated_at)
    SELECT ${tenantId}, ${appCode}, ${appVersion}, id, ${now}, ${now} FROM provider_configurations
    WHERE app_code = ${appCode} AND app_version = ${appVersion} AND active = 1
    ON CONFLICT DO NOTHING`);
  const row = await findTie(env, tenantId, appCode);
  if (meta.changes === 0 || row === null) {
    await mustHaveConfiguration(env, appCode, appVersion);
    throw new ProblemError('already_exists', 'The app is installed for this tenant: PUT moves it.');
  }
  const tie = await view(env, row);
  await note(env, tenantId, 'communications.install', appCode, null, tie);
  await linkOf(env, tenantId, appCode).configChanged();
  return c.json(tie, 201);
});

tenantTies.openapi(move, async (c) => {
  const { tenantId, appCode, appVersion } = c.req.valid('json');
  const { env } = c;
  const before = await findTie(env, tenantId, appCode);
  if (before === null) throw notFound('installation');
  // Only an update of the app moves a tenant, so a version it has already leaves it where it is.
  if (before.appVersion === appVersion) return c.json(await view(env, before), 200);
  await mustHaveConfiguration(env, appCode, appVersion);
  const configurationId = activeId(appCode, appVersion);
  const [row] = await dbOf(env)
    .update(tenantConfigurations)
    .set({ appVersion, configurationId, updatedAt: Date.now() })
    .where(
      and(
        eq(tenantConfigurations.tenantId, tenantId),
        eq(tenantConfigurations.appCode, appCode),
        sql`${configurationId} IS NOT NULL`,
      ),
    )
    .returning();
  if (row === undefined) {
    await mustHaveConfiguration(env, appCode, appVersion);
    throw notFound('installation');
  }
  const tie = await view(env, row);
  await note(env, tenantId, 'communications.update', appCode, await view(env, before), tie);
  await linkOf(env, tenantId, appCode).configChanged();
  return c.json(tie, 200);
});

tenantTies.openapi(remove, async (c) => {
  const { tenantId, appCode } = c.req.valid('query');
  const { env } = c;
  const before = await findTie(env, tenantId, appCode);
  const removed = await uninstall(env, tenantId, appCode);
  if (!removed || before === null) throw notFound('installation');
  await note(env, tenantId, 'communications.uninstall', appCode, await view(env, before), null);
  const { state } = await linkOf(env, tenantId, appCode).status();
  return c.json(
    { tenantId, appCode, state: state === 'disconnecting' ? ('disconnecting' as const) : ('none' as const) },
    202,
  );
});
