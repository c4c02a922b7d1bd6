import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** On-premises bridges. What a bridge is doing now is known by its BridgeLink object, not here. */
export const bridges = sqliteTable(
  'bridges',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    /** Small, stable within the tenant, never used again: ids of commands and script runs carry it. */
    number: integer('number').notNull(),
    name: text('name').notNull(),
    /** SHA-256 of the newest enrolment code. */
    codeHash: text('code_hash'),
    /** Null once the code was used: from then on it only answers the same key again, whose first answer was lost. */
    codeExpiresAt: integer('code_expires_at'),
    /** base64 of the raw Ed25519 public key, null until enrolled. */
    publicKey: text('public_key'),
    enrolledAt: integer('enrolled_at'),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [
    uniqueIndex('bridges_number').on(table.tenantId, table.number),
    uniqueIndex('bridges_code').on(table.codeHash),
  ],
);

/** What the tenant's people set about a slot; its state is known by the bridge's BridgeLink object. */
export interface SlotConfig {
  /** Package restarted with the slot's session; the app in front when absent. */
  app?: string;
  /** Left out when a call or campaign asks for any free slot. */
  excludeFromAuto?: boolean;
}

/** USB phones. A row is made when a bridge first tells of a phone; the id stays with the phone's serial. */
export const slots = sqliteTable(
  'slots',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    id: integer('id').notNull(),
    bridgeId: text('bridge_id')
      .notNull()
      .references(() => bridges.id),
    /** The bridge's key of the slot: the phone's serial number. */
    key: text('key').notNull(),
    label: text('label'),
    userId: text('user_id'),
    trunk: text('trunk'),
    config: text('config', { mode: 'json' }).$type<SlotConfig>().notNull(),
    createdAt: integer('created_at').notNull(),
    /** Taken off the wall; it comes back by itself when the phone is seen again. */
    removedAt: integer('removed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('slots_key').on(table.tenantId, table.key),
    index('slots_bridge').on(table.bridgeId),
  ],
);

/** GUI scripts a tenant wrote; the ones shipped with the product are in the code. */
export const slotScripts = sqliteTable(
  'slot_scripts',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    name: text('name').notNull(),
    /** The whole script, validated by `Script` of the bridge's protocol. */
    script: text('script', { mode: 'json' }).$type<unknown>().notNull(),
    updatedAt: integer('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.name] })],
);
