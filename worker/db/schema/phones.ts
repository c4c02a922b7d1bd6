import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';
import { users } from './people';

/** Android phones signed in by the dialer app. `device_id` is unique per user only: "unknown" is a legal one. */
export const devices = sqliteTable(
  'devices',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    deviceId: text('device_id').notNull(),
    name: text('name').notNull(),
    /** Set for our own protocol simulator, so that no screen shows it as a phone. */
    simulator: integer('simulator', { mode: 'boolean' }).notNull().default(false),
    /** Sealed push token (AES-256-GCM), null when the phone gave none. */
    pushToken: text('push_token'),
    /** Session it registered under last: ends when the phone is removed, even if it never polled. */
    sessionId: text('session_id'),
    createdAt: integer('created_at').notNull(),
    removedAt: integer('removed_at'),
  },
  (table) => [
    uniqueIndex('devices_device').on(table.tenantId, table.userId, table.deviceId),
    index('devices_tenant').on(table.tenantId, table.createdAt),
  ],
);

/** One-use sign-in codes shown as QR; only the hash is kept. */
export const qrTokens = sqliteTable('qr_tokens', {
  tokenHash: text('token_hash').primaryKey(),
  tenantId: text('tenant_id')
    .notNull()
    .references(() => tenants.id),
  userId: text('user_id')
    .notNull()
    .references(() => users.id),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
  sessionId: text('session_id'),
});

/** Builds of the Android app, kept in R2. */
export const appBuilds = sqliteTable(
  'app_builds',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    versionName: text('version_name').notNull(),
    versionCode: integer('version_code').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    blobKey: text('blob_key').notNull(),
    uploadedAt: integer('uploaded_at').notNull(),
    uploadedBy: text('uploaded_by').notNull(),
  },
  (table) => [uniqueIndex('app_builds_version').on(table.tenantId, table.versionCode)],
);
