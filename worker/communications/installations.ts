/** Apps of tenants: installed, updated, uninstalled. Whoever asks, the tenant's own log has it. */
import { and, eq, sql, type SQL } from 'drizzle-orm';
import { openDb } from '../db';
import { tenantConfigurations } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { ProblemError } from '../http/problems';
import { activeConfiguration, knownApp, knownVersion, notFound } from './marketplace/store';
import { configurationVersionOf, findTie, linkOf, mustBeTenant, uninstall, type TieRow } from './ties';

/** Which version of which app a tenant runs. */
export interface Installation {
  tenantId: string;
  appCode: string;
  appVersion: string;
}
/** With the version of the configuration that follows from it. */
export interface Installed extends Installation {
  configurationVersion: string;
}

const view = async (env: Env, row: TieRow): Promise<Installed> => ({
  tenantId: row.tenantId,
  appCode: row.appCode,
  appVersion: row.appVersion,
  configurationVersion: await configurationVersionOf(env, row),
});

/** @throws ProblemError not_found, no_configuration */
async function mustHaveConfiguration(env: Env, appCode: string, appVersion: string): Promise<void> {
  const db = openDb(env.DB);
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
): Promise<void> =>
  recordAudit(openDb(env.DB), { tenantId, userId: null }, action, appCode, before, after, null);

/** @throws ProblemError not_found, no_configuration, already_exists */
export async function installApp(
  env: Env,
  { tenantId, appCode, appVersion }: Installation,
): Promise<Installed> {
  await mustBeTenant(env, tenantId);
  await mustHaveConfiguration(env, appCode, appVersion);
  const now = Date.now();
  const { meta } = await openDb(env.DB).run(sql`
    INSERT INTO tenant_configurations (tenant_id, app_code, app_version, configuration_id, created_at, updated_at)
    SELECT ${tenantId}, ${appCode}, ${appVersion}, id, ${now}, ${now} FROM provider_configurations
    WHERE app_code = ${appCode} AND app_version = ${appVersion} AND active = 1
    ON CONFLICT DO NOTHING`);
  const row = await findTie(env, tenantId, appCode);
  if (meta.changes === 0 || row === null) {
    await mustHaveConfiguration(env, appCode, appVersion);
    throw new ProblemError(
      'already_exists',
      'The app is installed for this tenant already: an update moves it.',
    );
  }
  const tie = await view(env, row);
  await note(env, tenantId, 'communications.install', appCode, null, tie);
  await linkOf(env, tenantId, appCode).configChanged();
  return tie;
}

/** Nothing for the version it has already. @throws ProblemError not_found, no_configuration */
export async function moveApp(
  env: Env,
  { tenantId, appCode, appVersion }: Installation,
): Promise<{ before: Installed; after: Installed }> {
  const known = await findTie(env, tenantId, appCode);
  if (known === null) throw notFound('installation');
  const before = await view(env, known);
  // Only an update of the app moves a tenant, so a version it has already leaves it where it is.
  if (known.appVersion === appVersion) {
    // The word of an earlier try may have been lost.
    await linkOf(env, tenantId, appCode).configChanged();
    return { before, after: before };
  }
  await mustHaveConfiguration(env, appCode, appVersion);
  const configurationId = activeId(appCode, appVersion);
  const [row] = await openDb(env.DB)
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
  const after = await view(env, row);
  await note(env, tenantId, 'communications.update', appCode, before, after);
  await linkOf(env, tenantId, appCode).configChanged();
  return { before, after };
}

/** Runs the disconnect procedure; `none`: the provider had nothing to be told. @throws ProblemError not_found */
export async function uninstallApp(
  env: Env,
  tenantId: string,
  appCode: string,
): Promise<{ before: Installed; state: 'disconnecting' | 'none' }> {
  const known = await findTie(env, tenantId, appCode);
  const before = known && (await view(env, known));
  const removed = await uninstall(env, tenantId, appCode);
  if (!removed || before === null) throw notFound('installation');
  await note(env, tenantId, 'communications.uninstall', appCode, before, null);
  const { state } = await linkOf(env, tenantId, appCode).status();
  return { before, state: state === 'disconnecting' ? 'disconnecting' : 'none' };
}
