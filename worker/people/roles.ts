import { and, eq, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { ACTIONS, actionsOf, MODULES, permissionMapProblems } from '../auth/permissions';
import { openDb } from '../db';
import { roleOverrides, roles as rolesTable, users, type PermissionMap } from '../db/schema';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { listRoles, setPermissions, shippedPermissions, type RoleRow } from './role-store';
import { Permissions, Role, RoleName } from './schemas';
import { tellOfRole } from './tell';

const id = z.object({ id: z.string().min(1).max(64).openapi({ example: 'role_seller' }) });

const list = apiRoute({
  method: 'get',
  path: '/api/roles',
  summary: 'Roles with their permissions',
  tags: ['Access'],
  access: 'role.view',
  responses: { 200: json(z.array(Role), 'The system’s roles first.') },
});

const table = apiRoute({
  method: 'get',
  path: '/api/permissions',
  summary: 'Modules, their verbs, and the actions each verb grants',
  tags: ['Access'],
  access: 'role.view',
  responses: {
    200: json(
      z.object({
        modules: z.record(z.string(), z.array(z.string())),
        actions: z.record(z.string(), z.string()),
      }),
      'The one table of permissions.',
      { modules: { WORKSPACE: ['view', 'call'] }, actions: { 'call.start': 'WORKSPACE.call' } },
    ),
  },
});

const create = apiRoute({
  method: 'post',
  path: '/api/roles',
  summary: 'Make a role',
  tags: ['Access'],
  access: 'role.manage',
  request: {
    body: jsonRequest(z.strictObject({ name: RoleName, permissions: Permissions }), {
      name: 'Night shift',
      permissions: { WORKSPACE: ['view', 'call'] },
    }),
  },
  responses: { 201: json(Role, 'Made.') },
});

const change = apiRoute({
  method: 'post',
  path: '/api/roles/{id}',
  summary: 'Replace a role’s permissions',
  description:
    'In force with the next request of everyone who has the role. A change after which nobody could manage roles is refused. ' +
    'Of a role of one’s own the name may be changed as well.',
  tags: ['Access'],
  access: 'role.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    body: jsonRequest(z.strictObject({ permissions: Permissions, name: RoleName.optional() }), {
      permissions: { OTTB: ['read', 'write'], WORKSPACE: ['view', 'call'] },
    }),
  },
  responses: { 200: json(Role, 'The role as it is now.') },
});

const restore = apiRoute({
  method: 'post',
  path: '/api/roles/{id}/restore',
  summary: 'Give a system role its shipped permissions back',
  tags: ['Access'],
  access: 'role.manage',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(Role, 'The role as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/roles/{id}',
  summary: 'Delete a role',
  description: 'Neither a system role nor one that somebody has.',
  tags: ['Access'],
  access: 'role.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: { params: id },
  responses: { 204: { description: 'Gone.' } },
});

const invalid = (details: Record<string, string[]>, message = 'The body does not validate.'): PlatformError =>
  new PlatformError('INVALID_PARAMS', message, { details });

const LAST = (): PlatformError =>
  invalid(
    { permissions: ['nobody could manage roles any more'] },
    'Nobody could manage roles after this change.',
  );

const view = (role: RoleRow, tenant: Identity['tenant']): z.infer<typeof Role> => ({
  ...role,
  actions: [...actionsOf(role.permissions, tenant.kind)],
});

/** Each verb once, in the table's own order, and no module without one. @throws PlatformError */
function tidy(permissions: PermissionMap): PermissionMap {
  const problems = permissionMapProblems(permissions);
  if (Object.keys(problems).length > 0) throw invalid(problems);
  const entries = Object.entries(MODULES).map(
    ([module, verbs]) => [module, verbs.filter((verb) => permissions[module]?.includes(verb))] as const,
  );
  return Object.fromEntries(entries.filter(([, verbs]) => verbs.length > 0).map(([m, v]) => [m, [...v]]));
}

/** `/api/roles`: what people may do. */
export const roles = newApiApp();

roles.openapi(list, async (c) => {
  const { tenant } = c.var.identity;
  const all = await listRoles(openDb(c.env.DB), tenant);
  return c.json(
    all.map((role) => view(role, tenant)),
    200,
  );
});

roles.openapi(table, (c) => {
  const actions = Object.fromEntries(Object.entries(ACTIONS).map(([name, { grant }]) => [name, grant]));
  const modules = Object.fromEntries(Object.entries(MODULES).map(([name, verbs]) => [name, [...verbs]]));
  return c.json({ modules, actions }, 200);
});

roles.openapi(create, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const permissions = tidy(asked.permissions);
  const db = openDb(c.env.DB);
  await refuseTakenName(c.env.DB, identity.tenant, asked.name, null);
  const row = { id: `role_${crypto.randomUUID()}`, name: asked.name, system: false, permissions };
  await db.insert(rolesTable).values({ ...row, tenantId: identity.tenantId, createdAt: Date.now() });
  const after = { name: row.name, permissions };
  await recordAudit(db, identity, 'role.create', row.id, null, after, clientAddress(c.req.raw, c.env));
  return c.json(view({ ...row, changed: false, users: 0 }, identity.tenant), 201);
});

roles.openapi(change, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const permissions = tidy(asked.permissions);
  const db = openDb(c.env.DB);
  const role = await known(db, identity, c.req.valid('param').id);
  const renamed = asked.name !== undefined && asked.name !== role.name;
  if (renamed && role.system) throw invalid({ name: ['a system role keeps its name'] });
  if (renamed) await refuseTakenName(c.env.DB, identity.tenant, asked.name ?? '', role.id);
  if (!(await setPermissions(db, identity.tenant, role, permissions, Date.now()))) throw LAST();
  if (renamed) {
    const own = and(eq(rolesTable.id, role.id), eq(rolesTable.tenantId, identity.tenantId));
    await db.update(rolesTable).set({ name: asked.name }).where(own);
  }
  const after = { name: asked.name ?? role.name, permissions };
  const before = { name: role.name, permissions: role.permissions };
  await recordAudit(db, identity, 'role.update', role.id, before, after, clientAddress(c.req.raw, c.env));
  await tellOfRole(c.env, identity.tenantId, role.id);
  return c.json(view(await known(db, identity, role.id), identity.tenant), 200);
});

roles.openapi(restore, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const role = await known(db, identity, c.req.valid('param').id);
  const shipped = shippedPermissions(role);
  if (shipped === null) throw invalid({ id: ['not a system role'] }, 'Only a system role can be restored.');
  if (role.changed) {
    // In force first, checked like any other change; only then is the row of no use.
    if (!(await setPermissions(db, identity.tenant, role, shipped, Date.now()))) throw LAST();
    await db
      .delete(roleOverrides)
      .where(and(eq(roleOverrides.roleId, role.id), eq(roleOverrides.tenantId, identity.tenantId)));
    const before = { permissions: role.permissions };
    const after = { permissions: shipped };
    await recordAudit(db, identity, 'role.restore', role.id, before, after, clientAddress(c.req.raw, c.env));
    await tellOfRole(c.env, identity.tenantId, role.id);
  }
  return c.json(view(await known(db, identity, role.id), identity.tenant), 200);
});

roles.openapi(remove, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const role = await known(db, identity, c.req.valid('param').id);
  if (role.system) throw invalid({ id: ['a system role'] }, 'A system role can’t be deleted.');
  // Deleted users keep theirs: their rows would lose what they point at.
  const held = sql`not exists (select 1 from ${users} where ${users.roleId} = ${role.id})`;
  const { meta } = await db
    .delete(rolesTable)
    .where(and(eq(rolesTable.id, role.id), eq(rolesTable.tenantId, identity.tenantId), held));
  if (meta.changes === 0) {
    const words = role.users > 0 ? `${role.users} users have it` : 'users who were deleted had it';
    throw invalid({ id: [words] }, 'The role is in use: give its users another one first.');
  }
  const before = { name: role.name, permissions: role.permissions };
  await recordAudit(db, identity, 'role.delete', role.id, before, null, clientAddress(c.req.raw, c.env));
  return c.body(null, 204);
});

async function known(db: ReturnType<typeof openDb>, { tenant }: Identity, roleId: string): Promise<RoleRow> {
  const [role] = await listRoles(db, tenant, roleId);
  if (role === undefined) throw new PlatformError('NOT_FOUND', 'No such role.');
  return role;
}

async function refuseTakenName(
  binding: D1Database,
  tenant: Identity['tenant'],
  name: string,
  except: string | null,
): Promise<void> {
  const taken = await listRoles(openDb(binding), tenant);
  if (taken.some((role) => role.id !== except && role.name.toLowerCase() === name.toLowerCase()))
    throw invalid({ name: ['there is a role of this name'] });
}
