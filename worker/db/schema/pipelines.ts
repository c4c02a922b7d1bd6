import { integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** Pipelines as people define them. Their runs, logs and next moments are known by the tenant's Pipelines object. */
export const pipelines = sqliteTable(
  'pipelines',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    id: text('id').notNull(),
    name: text('name').notNull(),
    branch: text('branch').notNull(),
    /** Steps and schedule, validated by `PipelineSpec` of the object's contract when it was stored. */
    spec: text('spec', { mode: 'json' }).$type<unknown>().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('pipelines_name').on(table.tenantId, table.name),
  ],
);
