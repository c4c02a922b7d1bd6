import { sql } from 'drizzle-orm';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** How callers of a tenant are named and sent to whoever knows them (`GuideSettings`; absent fields: the defaults). */
export const callerGuides = sqliteTable('caller_guides', {
  tenantId: text('tenant_id')
    .primaryKey()
    .references(() => tenants.id),
  settings: text('settings', { mode: 'json' })
    .$type<Record<string, unknown>>()
    .notNull()
    .default(sql`'{}'`),
  updatedAt: integer('updated_at').notNull(),
});
