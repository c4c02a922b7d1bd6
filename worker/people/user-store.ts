import { and, asc, eq, gt, isNull, like, or, sql, type SQL } from 'drizzle-orm';
import type { Db } from '../db';
import { roles, users } from '../db/schema';
import { managesRoles, someoneManages, type RoleRow } from './role-store';

export interface UserRow {
  id: string;
  username: string;
  displayName: string;
  email: string | null;
  createdAt: number;
  disabledAt: number | null;
  roleId: string;
  roleName: string;
}

export interface UserQuery {
  /** Part of the user name, the name or the e-mail. */
  q?: string | undefined;
  roleId?: string | undefined;
  disabled?: boolean | undefined;
  /** User name of the last one of the page before. */
  after?: string | undefined;
  limit: number;
}

const COLUMNS = {
  id: users.id,
  username: users.username,
  displayName: users.displayName,
  email: users.email,
  createdAt: users.createdAt,
  disabledAt: users.disabledAt,
  roleId: users.roleId,
  roleName: roles.name,
};

/** Users of the tenant that are not deleted, by user name; one more than `limit` says that there are more. */
export function listUsers(db: Db, tenantId: string, query: UserQuery): Promise<UserRow[]> {
  const pattern = `%${(query.q ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
  const matches = (column: typeof users.username | typeof users.displayName | typeof users.email): SQL =>
    sql`${like(column, pattern)} escape '\\'`;
  return db
    .select(COLUMNS)
    .from(users)
    .innerJoin(roles, eq(roles.id, users.roleId))
    .where(
      and(
        eq(users.tenantId, tenantId),
        isNull(users.deletedAt),
        query.q === undefined
          ? undefined
          : or(matches(users.username), matches(users.displayName), matches(users.email)),
        query.roleId === undefined ? undefined : eq(users.roleId, query.roleId),
        query.disabled === undefined
          ? undefined
          : sql`(${users.disabledAt} is not null) = ${query.disabled ? 1 : 0}`,
        query.after === undefined ? undefined : gt(users.username, query.after),
      ),
    )
    .orderBy(asc(users.username))
    .limit(query.limit + 1);
}

/** A user of the tenant that is not deleted, null where there is none. */
export async function findUserRow(db: Db, tenantId: string, id: string): Promise<UserRow | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(users)
    .innerJoin(roles, eq(roles.id, users.roleId))
    .where(and(eq(users.tenantId, tenantId), eq(users.id, id), isNull(users.deletedAt)));
  return row ?? null;
}

/** Whether a user name is taken in the tenant by somebody else. Deleted users have given theirs back. */
export async function isTaken(
  db: Db,
  tenantId: string,
  username: string,
  except: string | null,
): Promise<boolean> {
  const [row] = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.username, username)));
  return row !== undefined && row.id !== except;
}

export interface UserChange {
  username?: string | undefined;
  displayName?: string | undefined;
  email?: string | null | undefined;
  passwordHash?: string | undefined;
  disabledAt?: number | null | undefined;
  deletedAt?: number | undefined;
  role?: RoleRow | undefined;
}

/**
 * Changes a user's row. False: nobody could manage roles afterwards, or the user was deleted meanwhile; nothing was
 * changed.
 */
export async function changeUser(
  db: Db,
  tenantId: string,
  id: string,
  { role, ...change }: UserChange,
): Promise<boolean> {
  const leaves = change.disabledAt != null || change.deletedAt !== undefined;
  const demotes = role !== undefined && !managesRoles(role.permissions);
  const { meta } = await db
    .update(users)
    .set({ ...change, ...(role && { roleId: role.id }) })
    .where(
      and(
        eq(users.tenantId, tenantId),
        eq(users.id, id),
        isNull(users.deletedAt),
        leaves || demotes ? someoneManages(tenantId, { userId: id }) : undefined,
      ),
    );
  return meta.changes > 0;
}
