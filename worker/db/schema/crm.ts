import { sql } from 'drizzle-orm';
import { integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** What a link does beyond the defaults; which of it counts is the family's affair. */
export interface CrmLinkOptions {
  /** Code of the site (shop) in the CRM. */
  site?: string;
  /** IANA zone of the CRM account: the dates of calls are written in it. Absent: the tenant's. */
  zone?: string;
  /** Number of our line by the trunk it comes over. */
  lines?: Record<string, string>;
  /** Calls carry the tenant's number before their id: several PBXs feed one CRM account. */
  prefixIds?: boolean;
  /** A popup that could not be told within this many seconds is not told any more; absent: it is told within a day. */
  popupLifeSec?: number;
  /** Host and origin under which the CRM reaches us; absent: the one it was registered from. */
  publicUrl?: string;
  /** Records are told without the address of their recording. */
  noRecordings?: boolean;
  /** How long such an address is good, days; absent: until it is called back. */
  recordingDays?: number;
  /** When the addresses given out before were called back, ms. */
  recordingsSince?: number;
}

/** A CRM a tenant's calls are told to: one row per tenant and family of CRMs. */
export const crmLinks = sqliteTable(
  'crm_links',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    /** `retailcrm`, `webhook`: a folder of `objects/crm-link/families`. */
    family: text('family').notNull(),
    enabled: integer('enabled', { mode: 'boolean' }).notNull(),
    /** Where the CRM is: its origin, or the address of a webhook. */
    url: text('url').notNull(),
    /** API key or signing secret, sealed (AES-256-GCM, the tenant in the AAD). */
    secret: text('secret').notNull(),
    /** Last four characters of it, for the screen. */
    hint: text('hint').notNull(),
    /** What the CRM proves itself with when it calls us; random per registration, null before the first one. */
    clientId: text('client_id'),
    /** Sign-ins from the CRM with another version are void. */
    tokenVersion: integer('token_version').notNull().default(0),
    registeredAt: integer('registered_at'),
    options: text('options', { mode: 'json' })
      .$type<CrmLinkOptions>()
      .notNull()
      .default(sql`'{}'`),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.family] }),
    uniqueIndex('crm_links_client').on(table.clientId),
  ],
);

/** Which extension a manager of the CRM has: one each, and nobody shares. */
export const crmManagers = sqliteTable(
  'crm_managers',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    family: text('family').notNull(),
    /** The manager's id in the CRM. */
    userId: text('user_id').notNull(),
    extension: text('extension').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.family, table.userId] }),
    uniqueIndex('crm_managers_extension').on(table.tenantId, table.family, table.extension),
  ],
);

/** How a tenant wants its calls told to its CRMs (`CrmCallRules` of the hub's contract; absent fields: the defaults). */
export const crmRules = sqliteTable('crm_rules', {
  tenantId: text('tenant_id')
    .primaryKey()
    .references(() => tenants.id),
  rules: text('rules', { mode: 'json' })
    .$type<Record<string, unknown>>()
    .notNull()
    .default(sql`'{}'`),
  /** Grows with every change of rules or links: the hub keeps the greatest. */
  version: integer('version').notNull(),
});
