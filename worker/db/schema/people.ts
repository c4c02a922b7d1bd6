import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** `{module: [verb…]}`, validated against the table in `worker/auth/permissions.ts`. */
export type PermissionMap = Record<string, string[]>;

/** System roles have no tenant and are the same for all. */
export const roles = sqliteTable(
  'roles',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id').references(() => tenants.id),
    name: text('name').notNull(),
    system: integer('system', { mode: 'boolean' }).notNull().default(false),
    permissions: text('permissions', { mode: 'json' }).$type<PermissionMap>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [uniqueIndex('roles_name').on(table.tenantId, table.name)],
);

/** What a tenant made of a system role; without a row the role is as it was shipped. */
export const roleOverrides = sqliteTable(
  'role_overrides',
  {
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    roleId: text('role_id')
      .notNull()
      .references(() => roles.id),
    permissions: text('permissions', { mode: 'json' }).$type<PermissionMap>().notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.roleId] })],
);

export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    /** Lower case; unique within the tenant. */
    username: text('username').notNull(),
    displayName: text('display_name').notNull(),
    email: text('email'),
    /** `$scrypt$ln=…,r=…,p=…$salt$hash`. */
    passwordHash: text('password_hash').notNull(),
    roleId: text('role_id')
      .notNull()
      .references(() => roles.id),
    createdAt: integer('created_at').notNull(),
    disabledAt: integer('disabled_at'),
    deletedAt: integer('deleted_at'),
  },
  (table) => [
    uniqueIndex('users_username').on(table.tenantId, table.username),
    index('users_name').on(table.username),
  ],
);

/** One row per sign-in: the record behind the working copy in SessionGate. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    kind: text('kind', { enum: ['browser', 'api', 'phone'] }).notNull(),
    /** `jti` of the token given at sign-in; SessionGate knows the one a refresh put in its place. */
    jti: text('jti').notNull().default(''),
    createdAt: integer('created_at').notNull(),
    /** Absolute end in ms; null for a phone, whose session ends by idleness only. */
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
    revokedBy: text('revoked_by'),
    userAgent: text('user_agent'),
    address: text('address'),
  },
  (table) => [index('sessions_user').on(table.tenantId, table.userId)],
);

/** Who changed what, from where; secrets never in it. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    at: integer('at').notNull(),
    actorId: text('actor_id'),
    action: text('action').notNull(),
    target: text('target'),
    before: text('before', { mode: 'json' }),
    after: text('after', { mode: 'json' }),
    address: text('address'),
  },
  (table) => [index('audit_log_tenant').on(table.tenantId, table.at)],
);
