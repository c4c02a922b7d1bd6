import { and, asc, eq, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import type { Db } from '../db';
import { roleOverrides, roles, users, type PermissionMap } from '../db/schema';
import { SYSTEM_ROLES, systemRoleId } from '../auth/permissions';
import type { Identity } from '../http/context';

export interface RoleRow {
  id: string;
  name: string;
  system: boolean;
  permissions: PermissionMap;
  /** A system role that this tenant changed. */
  changed: boolean;
  users: number;
}

const OWNER = systemRoleId('owner');

/** The roles a tenant has: its own, and the system's but the platform owner's (which is the only one there). */
const rolesOf = (tenant: Identity['tenant']): SQL | undefined =>
  or(
    eq(roles.tenantId, tenant.id),
    and(isNull(roles.tenantId), tenant.kind === 'platform' ? eq(roles.id, OWNER) : ne(roles.id, OWNER)),
  );

const override = (tenantId: string) =>
  and(eq(roleOverrides.roleId, roles.id), eq(roleOverrides.tenantId, tenantId));

/** Roles of the tenant with how many users have each, the system's first; one of them with `id`. */
export async function listRoles(db: Db, tenant: Identity['tenant'], id?: string): Promise<RoleRow[]> {
  const rows = await db
    .select({
      id: roles.id,
      name: roles.name,
      system: roles.system,
      permissions: roles.permissions,
      changed: roleOverrides.permissions,
      users: sql<number>`(select count(*) from ${users} where ${users.roleId} = ${roles.id} and ${users.tenantId} = ${tenant.id} and ${users.deletedAt} is null)`,
    })
    .from(roles)
    .leftJoin(roleOverrides, override(tenant.id))
    .where(and(rolesOf(tenant), id === undefined ? undefined : eq(roles.id, id)))
    .orderBy(sql`${roles.system} desc`, asc(roles.name));
  return rows.map(({ changed, ...row }) => ({
    ...row,
    permissions: changed ?? row.permissions,
    changed: changed !== null,
  }));
}

/** A role of the tenant by id or name, null where it has none. */
export async function findRole(db: Db, tenant: Identity['tenant'], named: string): Promise<RoleRow | null> {
  const all = await listRoles(db, tenant);
  return all.find(({ id }) => id === named) ?? all.find(({ name }) => name === named) ?? null;
}

/** Whether a permission map lets its holder manage roles. */
export const managesRoles = (permissions: PermissionMap): boolean =>
  permissions.POINT?.includes('write') === true;

/**
 * SQL: an active user of the tenant remains who can manage roles, when `without` is taken out of the count. It stands
 * in the very statement that takes the right away, so that two administrators can't take it from each other at once.
 */
export const someoneManages = (tenantId: string, without: { userId: string } | { roleId: string }): SQL => {
  const left =
    'userId' in without ? sql`keeper.id <> ${without.userId}` : sql`keeper.role_id <> ${without.roleId}`;
  return sql`exists (
    select 1 from users keeper
    join roles held on held.id = keeper.role_id
    left join role_overrides made on made.role_id = held.id and made.tenant_id = keeper.tenant_id
    where keeper.tenant_id = ${tenantId} and keeper.deleted_at is null and keeper.disabled_at is null and ${left}
      and exists (
        select 1 from json_each(coalesce(made.permissions, held.permissions), '$.POINT') granted
        where granted.value = 'write'
      )
  )`;
};

/** Puts a permission map in force for a role. False: nobody could manage roles afterwards, nothing was changed. */
export async function setPermissions(
  db: Db,
  tenant: Identity['tenant'],
  role: RoleRow,
  permissions: PermissionMap,
  now: number,
): Promise<boolean> {
  const allowed = managesRoles(permissions) ? sql`1` : someoneManages(tenant.id, { roleId: role.id });
  const map = JSON.stringify(permissions);
  const { meta } = role.system
    ? await db.run(
        sql`insert into role_overrides (tenant_id, role_id, permissions, updated_at)
            select ${tenant.id}, ${role.id}, ${map}, ${now} where ${allowed}
            on conflict do update set permissions = excluded.permissions, updated_at = excluded.updated_at`,
      )
    : await db.run(
        sql`update roles set permissions = ${map} where id = ${role.id} and tenant_id = ${tenant.id} and ${allowed}`,
      );
  return meta.changes > 0;
}

/** The map a system role is shipped with. */
export const shippedPermissions = (role: RoleRow): PermissionMap | null =>
  role.system && Object.hasOwn(SYSTEM_ROLES, role.name)
    ? Object.fromEntries(
        Object.entries(SYSTEM_ROLES[role.name as keyof typeof SYSTEM_ROLES]).map(([module, verbs]) => [
          module,
          [...(verbs as readonly string[])],
        ]),
      )
    : null;
