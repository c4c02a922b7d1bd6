/** What the owner's pages show of apps, read from D1. */
import { and, asc, desc, eq, gt, inArray, like, lt, or, sql, type SQL } from 'drizzle-orm';
import type { z } from '@hono/zod-openapi';
import type { Db } from '../../db';
import {
  appVersions,
  clientTokens,
  providerApps,
  providerConfigurations,
  tenantConfigurations,
  tenants,
} from '../../db/schema';
import type { Env } from '../../env';
import { PlatformError } from '../../http/errors';
import { conditionsOf, testStandOf } from '../marketplace/publication';
import { CONDITIONS } from '../marketplace/schemas';
import type { AppRow, VersionRow } from '../marketplace/store';
import type { Installation, MarketplaceApp, MarketplaceVersion } from './schemas';

const iso = (at: number): string => new Date(at).toISOString();

/** A page and what it takes to ask for the one behind it. */
interface Found<T> {
  items: T[];
  next: string | null;
}

function cut<Row, T>(
  rows: Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  view: (row: Row) => T,
): Found<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(view),
    next: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  };
}

const newest = (where: SQL): SQL<string | null> =>
  sql<string | null>`(SELECT version FROM app_versions
    WHERE app_versions.app_code = provider_apps.app_code AND ${where} ORDER BY number DESC LIMIT 1)`;

const APP = {
  app: providerApps,
  newest: newest(sql`1`),
  published: newest(sql`published_at IS NOT NULL`),
  installations: sql<number>`(SELECT count(*) FROM tenant_configurations
    WHERE tenant_configurations.app_code = provider_apps.app_code)`,
};

interface AppFound {
  app: AppRow;
  newest: string | null;
  published: string | null;
  installations: number;
}

const appView = ({ app, ...of }: AppFound): z.infer<typeof MarketplaceApp> => ({
  code: app.appCode,
  name: app.name,
  developer: app.developer,
  communications_since: app.scopeSince,
  // Each app is made together with its first version.
  newest_version: of.newest ?? '',
  published_version: of.published,
  installations: of.installations,
  created_at: iso(app.createdAt),
});

/** By code, behind `after`; `q`: part of code, name or developer. */
export async function pageOfApps(
  db: Db,
  { q, after, limit }: { q: string | undefined; after: string | undefined; limit: number },
): Promise<Found<z.infer<typeof MarketplaceApp>>> {
  const pattern = `%${(q ?? '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const holds = (
    column: typeof providerApps.name | typeof providerApps.appCode | typeof providerApps.developer,
  ) => sql`${like(column, pattern)} escape '\\'`;
  const rows = await db
    .select(APP)
    .from(providerApps)
    .where(
      and(
        after === undefined ? undefined : gt(providerApps.appCode, after),
        q === undefined
          ? undefined
          : or(holds(providerApps.appCode), holds(providerApps.name), holds(providerApps.developer)),
      ),
    )
    .orderBy(asc(providerApps.appCode))
    .limit(limit + 1);
  return cut(rows, limit, ({ app }) => app.appCode, appView);
}

/** @throws PlatformError NOT_FOUND */
export async function showApp(
  db: Db,
  code: string,
): Promise<{ row: AppRow; view: z.infer<typeof MarketplaceApp> }> {
  const [found] = await db.select(APP).from(providerApps).where(eq(providerApps.appCode, code));
  if (found === undefined) throw new PlatformError('NOT_FOUND', 'No such app.');
  return { row: found.app, view: appView(found) };
}

/** Newest first, older than the version of this number; `version`: that one alone. */
export async function pageOfVersions(
  env: Env,
  db: Db,
  app: AppRow,
  { before, version, limit }: { before?: number | undefined; version?: string; limit: number },
): Promise<Found<z.infer<typeof MarketplaceVersion>>> {
  const rows = await db
    .select({
      version: appVersions,
      configuration: providerConfigurations,
      installations: sql<number>`(SELECT count(*) FROM tenant_configurations
        WHERE tenant_configurations.app_code = app_versions.app_code
          AND tenant_configurations.app_version = app_versions.version)`,
    })
    .from(appVersions)
    .leftJoin(
      providerConfigurations,
      and(
        eq(providerConfigurations.appCode, appVersions.appCode),
        eq(providerConfigurations.appVersion, appVersions.version),
        eq(providerConfigurations.active, true),
      ),
    )
    .where(
      and(
        eq(appVersions.appCode, app.appCode),
        before === undefined ? undefined : lt(appVersions.number, before),
        version === undefined ? undefined : eq(appVersions.version, version),
      ),
    )
    .orderBy(desc(appVersions.number))
    .limit(limit + 1);
  return cut(
    rows,
    limit,
    (row) => String(row.version.number),
    ({ version: row, configuration, installations }) => {
      const conditions = conditionsOf(env, app, row, configuration);
      return versionView(row, conditions, configuration?.configurationVersion ?? null, installations);
    },
  );
}

const versionView = (
  row: VersionRow,
  { testStand, ...conditions }: ReturnType<typeof conditionsOf>,
  configurationVersion: string | null,
  installations: number,
): z.infer<typeof MarketplaceVersion> => ({
  version: row.version,
  created_at: iso(row.createdAt),
  published_at: row.publishedAt === null ? null : iso(row.publishedAt),
  publishable: CONDITIONS.every((one) => (one === 'testStand' ? testStand : conditions[one])),
  conditions: { ...conditions, test_stand: testStand },
  moderation: row.moderation,
  test_stand: row.testStand,
  test_stand_by: testStandOf(row).by,
  test_stand_configuration: row.testStandRun?.configurationVersion ?? null,
  configuration_version: configurationVersion,
  installations,
});

/** @throws PlatformError NOT_FOUND */
export async function showVersion(
  env: Env,
  db: Db,
  app: AppRow,
  version: string,
): Promise<z.infer<typeof MarketplaceVersion>> {
  const [view] = (await pageOfVersions(env, db, app, { version, limit: 1 })).items;
  if (view === undefined) throw new PlatformError('NOT_FOUND', 'No such app version.');
  return view;
}

/** How many tenants run on each of these configurations. */
export async function tenantsOn(db: Db, configurationIds: string[]): Promise<Map<string, number>> {
  if (configurationIds.length === 0) return new Map();
  const { configurationId } = tenantConfigurations;
  const rows = await db
    .select({ id: configurationId, n: sql<number>`count(*)` })
    .from(tenantConfigurations)
    // One parameter, however many there are.
    .where(inArray(configurationId, sql`(SELECT value FROM json_each(${JSON.stringify(configurationIds)}))`))
    .groupBy(configurationId);
  return new Map(rows.map(({ id, n }) => [id, n]));
}

/** By the tenant's number, behind `after`; `tenant`: that one alone. */
export async function pageOfInstallations(
  db: Db,
  appCode: string,
  { after, tenant, limit }: { after?: string | undefined; tenant?: string; limit: number },
): Promise<Found<z.infer<typeof Installation>>> {
  const tie = tenantConfigurations;
  const rows = await db
    .select({
      tie,
      tenant: { id: tenants.id, name: tenants.name, disabledAt: tenants.disabledAt },
      configurationVersion: providerConfigurations.configurationVersion,
      activeTokens: sql<number>`(SELECT count(*) FROM ${clientTokens}
        WHERE client_tokens.tenant_id = tenant_configurations.tenant_id
          AND client_tokens.provider = tenant_configurations.app_code AND client_tokens.revoked_at IS NULL)`,
    })
    .from(tie)
    .innerJoin(tenants, eq(tenants.id, tie.tenantId))
    .innerJoin(providerConfigurations, eq(providerConfigurations.id, tie.configurationId))
    .where(
      and(
        eq(tie.appCode, appCode),
        after === undefined ? undefined : gt(tie.tenantId, after),
        tenant === undefined ? undefined : eq(tie.tenantId, tenant),
      ),
    )
    .orderBy(asc(tie.tenantId))
    .limit(limit + 1);
  return cut(
    rows,
    limit,
    (row) => row.tenant.id,
    (row) => ({
      tenant: { id: row.tenant.id, name: row.tenant.name, disabled: row.tenant.disabledAt !== null },
      version: row.tie.appVersion,
      configuration_version: row.configurationVersion,
      installed_at: iso(row.tie.createdAt),
      updated_at: iso(row.tie.updatedAt),
      active_tokens: row.activeTokens,
    }),
  );
}
