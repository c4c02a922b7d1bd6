import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Settings of a tenant that objects keep a copy of; every field has a default in `worker/db/settings.ts`. */
export interface TenantSettings {
  /** How long an empty plain poll is held, milliseconds. */
  dialerEmptyHoldMs?: number;
  /** How long a command may wait for its phone, milliseconds. */
  dialerCommandLifeMs?: number;
  /** Life of a phone's access token, seconds. */
  dialerAccessTtlSec?: number;
  /** Whether phones may sign in by password (`POST /api/token/`) besides the QR code. */
  dialerPasswordSignIn?: boolean;
  /** Into how many objects the tenant's phone users are spread. Changing it moves users between objects. */
  phoneShards?: number;
  /** Fewest characters of a password; 4 suits operators whose PIN is their password. */
  passwordMinLength?: number;
}

export const tenants = sqliteTable('tenants', {
  /** 4-digit number whose leading zeros matter ("enterprise number" on the PBX and CRM side). */
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind', { enum: ['customer', 'platform'] })
    .notNull()
    .default('customer'),
  /** IANA time zone: the tenant's own day. */
  timeZone: text('time_zone').notNull().default('UTC'),
  /** ISO 3166-1 alpha-2: reads numbers typed without a country code. */
  country: text('country').notNull().default('US'),
  settings: text('settings', { mode: 'json' })
    .$type<TenantSettings>()
    .notNull()
    .default(sql`'{}'`),
  createdAt: integer('created_at').notNull(),
  disabledAt: integer('disabled_at'),
});

/** Web hosts on which a tenant's users sign in; a host with no row serves every tenant. */
export const hosts = sqliteTable(
  'hosts',
  {
    host: text('host').notNull(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
  },
  (table) => [primaryKey({ columns: [table.host, table.tenantId] })],
);

/**
 * What the PBX side of a tenant proves itself with: tokens of its Asterisk hosts, and secrets (`clientId`) of whoever asks
 * for calls or reads a journal afterwards. Only digests are kept.
 */
export const pbxTokens = sqliteTable(
  'pbx_tokens',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    tokenHash: text('token_hash').notNull(),
    kind: text('kind', { enum: ['token', 'secret'] })
      .notNull()
      .default('token'),
    /** Last four characters, for the screen. */
    hint: text('hint').notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [
    uniqueIndex('pbx_tokens_hash').on(table.tokenHash),
    index('pbx_tokens_tenant').on(table.tenantId),
  ],
);

export const extensions = sqliteTable(
  'extensions',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    number: text('number').notNull(),
    label: text('label'),
    userId: text('user_id'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('extensions_number').on(table.tenantId, table.number),
    index('extensions_user').on(table.tenantId, table.userId),
  ],
);

/** Secrets of a tenant (push service account, keys of integrations), AES-256-GCM with the tenant in the AAD. */
export const tenantSecrets = sqliteTable(
  'tenant_secrets',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    name: text('name').notNull(),
    keyId: text('key_id').notNull(),
    /** base64 of nonce and ciphertext. */
    sealed: text('sealed').notNull(),
    /** What the screen may show of it. */
    hint: text('hint').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
);
