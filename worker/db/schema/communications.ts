import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** Apps of the marketplace; one with the scope `communications` is a provider, whose code is the app's. */
export const providerApps = sqliteTable('provider_apps', {
  appCode: text('app_code').primaryKey(),
  name: text('name').notNull(),
  /** The developer whose credentials may upload configurations. */
  developer: text('developer').notNull(),
  /** Version in which the scope was turned on; null: off. Once on it stays. */
  scopeSince: text('scope_since'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
});

/** How a run of the test stand ended, as publication asks for it; the sandbox has the whole of it. */
export interface TestStandRun {
  id: string;
  /** It says nothing of any other configuration. */
  configurationId: string;
  configurationVersion: string;
  by: string;
  checks: { code: string; state: string; problem: string | null }[];
}

export const appVersions = sqliteTable(
  'app_versions',
  {
    appCode: text('app_code')
      .notNull()
      .references(() => providerApps.appCode),
    version: text('version').notNull(),
    /** Grows with every version of the app: their order, which their names need not show. */
    number: integer('number').notNull(),
    moderation: text('moderation', { enum: ['pending', 'passed', 'rejected'] })
      .notNull()
      .default('pending'),
    testStand: text('test_stand', { enum: ['pending', 'passed', 'failed'] })
      .notNull()
      .default('pending'),
    /** When the word on the test stand was said; null: never, or before this was kept. */
    testStandAt: integer('test_stand_at'),
    /** The run that said it; null where it is the marketplace's own word. */
    testStandRun: text('test_stand_run', { mode: 'json' }).$type<TestStandRun>(),
    publishedAt: integer('published_at'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.appCode, table.version] }),
    uniqueIndex('app_versions_number').on(table.appCode, table.number),
  ],
);

/** What an app version says of its provider; of several uploads the last is active and the others stay to be read. */
export const providerConfigurations = sqliteTable(
  'provider_configurations',
  {
    id: text('id').primaryKey(),
    appCode: text('app_code')
      .notNull()
      .references(() => providerApps.appCode),
    appVersion: text('app_version').notNull(),
    /** SemVer; greater than every one before it of the same app version. */
    configurationVersion: text('configuration_version').notNull(),
    /** Grows with every upload of an app version: two at once can't both be the next one. */
    number: integer('number').notNull(),
    active: integer('active', { mode: 'boolean' }).notNull(),
    /** Endpoints, authentication without its key, capabilities: `ProviderContent` of the room. */
    content: text('content', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
    /** The key our calls carry, sealed (AES-256-GCM, bound to the app's code). */
    key: text('key').notNull(),
    /** Last four characters of it, for the screen. */
    hint: text('hint').notNull(),
    /** The configuration of the version before that this one was copied from; null where it was uploaded. */
    inheritedFrom: text('inherited_from'),
    createdAt: integer('created_at').notNull(),
    removedAt: integer('removed_at'),
  },
  (table) => [
    uniqueIndex('provider_configurations_version').on(
      table.appCode,
      table.appVersion,
      table.configurationVersion,
    ),
    uniqueIndex('provider_configurations_number').on(table.appCode, table.appVersion, table.number),
    uniqueIndex('provider_configurations_active')
      .on(table.appCode, table.appVersion)
      .where(sql`active = 1`),
  ],
);

/** Which configuration a tenant's installed app runs on. */
export const tenantConfigurations = sqliteTable(
  'tenant_configurations',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    appCode: text('app_code')
      .notNull()
      .references(() => providerApps.appCode),
    appVersion: text('app_version').notNull(),
    configurationId: text('configuration_id')
      .notNull()
      .references(() => providerConfigurations.id),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.appCode] })],
);

/** Tokens with which a provider calls the public API for one tenant. The token itself is kept nowhere. */
export const clientTokens = sqliteTable(
  'client_tokens',
  {
    /** `jti` of the token. */
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    provider: text('provider')
      .notNull()
      .references(() => providerApps.appCode),
    /** Last four characters, for the screen. */
    hint: text('hint').notNull(),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by'),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('client_tokens_of').on(table.tenantId, table.provider)],
);

/** What the marketplace and the apps' developers prove themselves with. Only digests are kept. */
export const marketplaceCredentials = sqliteTable(
  'marketplace_credentials',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ['service', 'developer'] }).notNull(),
    name: text('name').notNull(),
    /** Whose apps it is good for; null of a service's. */
    developer: text('developer'),
    tokenHash: text('token_hash').notNull(),
    hint: text('hint').notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [uniqueIndex('marketplace_credentials_token').on(table.tokenHash)],
);
