import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** Call-centre operators. What each is doing on the line is known by the tenant's OperatorDesk object, not here. */
export const operators = sqliteTable(
  'operators',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    /** Id the operators' clients know them by. */
    yandexUuid: text('yandex_uuid').notNull(),
    login: text('login').notNull(),
    fullName: text('full_name').notNull(),
    /** The user who is this operator; null: nobody signs in as this one. */
    userId: text('user_id'),
    /** Call centre and agent in the external telephony. */
    ccId: text('cc_id'),
    agentId: text('agent_id'),
    /** Extension on the tenant's own PBX. */
    extension: text('extension'),
    queues: text('queues', { mode: 'json' }).$type<string[]>().notNull(),
    inTelephony: integer('in_telephony', { mode: 'boolean' }).notNull().default(false),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.yandexUuid] }),
    uniqueIndex('operators_extension').on(table.tenantId, table.extension),
    index('operators_user').on(table.tenantId, table.userId),
  ],
);

/** What the operators' telephony is, and how it is used; absent fields: the defaults. */
export interface OperatorSettingsData {
  driver?: 'asterisk' | 'cipt';
  /** Driver `asterisk`: which bridge and PBX; absent: the first that is connected. */
  bridge?: string;
  pbx?: string;
  /** Driver `cipt`. */
  cipt?: {
    /** Origin and base path of the telephony's API. */
    url: string;
    /** Sealed (AES-256-GCM, the tenant in the AAD). */
    key: string;
    /** Last four characters of the key, for the screen. */
    hint: string;
    /** When the key ends, ms. */
    keyExpiresAt: number;
    /** Header in which the key travels. */
    header: string;
    /** Paths that the vendor does not document, with `{user}`, `{cc_id}` and `{agent_id}`; without them those calls are refused. */
    addPath?: string;
    removePath?: string;
  };
  /** Where operators' softphones register: a host, with a port where it is not the usual one. */
  softphoneServer?: string;
  pauseReasons?: string[];
  /** After so many calls in a row that nobody took, the operator is paused; absent or 0: never. */
  pauseAfterMissed?: number;
}

export const operatorSettings = sqliteTable('operator_settings', {
  tenantId: text('tenant_id')
    .primaryKey()
    .references(() => tenants.id),
  settings: text('settings', { mode: 'json' }).$type<OperatorSettingsData>().notNull(),
  updatedAt: integer('updated_at').notNull(),
});
