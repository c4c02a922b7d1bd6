import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { hashPassword } from '../auth/passwords';
import { openDb, type Db } from '../db';
import { users as usersTable } from '../db/schema';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { passwordProblem } from './password-policy';
import { findRole, type RoleRow } from './role-store';
import { User, Username } from './schemas';
import { tellOfUser } from './tell';
import { changeUser, findUserRow, isTaken, listUsers, type UserRow } from './user-store';

const id = z.object({ id: z.uuid() });
const Name = z.string().trim().min(1).max(120);
const Email = z.email().max(200);
const RoleRef = z
  .string()
  .min(1)
  .max(64)
  .openapi({ description: 'Id or name of a role.', example: 'operator' });
const Password = z.string().min(1).max(256);

const list = apiRoute({
  method: 'get',
  path: '/api/users',
  summary: 'Users',
  tags: ['People'],
  access: 'user.view',
  request: {
    query: z.object({
      q: z
        .string()
        .trim()
        .max(100)
        .optional()
        .openapi({ description: 'Part of a user name, name or e-mail.' }),
      role: RoleRef.optional(),
      disabled: z.enum(['0', '1']).optional(),
      cursor: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(User), next: z.string().nullable() }), 'By user name.'),
  },
});

const show = apiRoute({
  method: 'get',
  path: '/api/users/{id}',
  summary: 'One user',
  tags: ['People'],
  access: 'user.view',
  errors: ['NOT_FOUND'],
  request: { params: id },
  responses: { 200: json(User, 'The user.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/users',
  summary: 'Add a user',
  tags: ['People'],
  access: 'user.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        username: Username,
        password: Password,
        role: RoleRef,
        name: Name.optional().openapi({ description: 'The user name when absent.' }),
        email: Email.nullable().optional(),
      }),
      { username: 'op14', password: 'a long password', role: 'operator', email: 'op14@company.example' },
    ),
  },
  responses: { 201: json(User, 'Added.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/users/{id}',
  summary: 'Change a user',
  description:
    'What is absent stays. A new role, a new password or `disabled` ends the user’s sessions at once. Taking the right to ' +
    'manage roles from the last who has it is refused.',
  tags: ['People'],
  access: 'user.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: id,
    body: jsonRequest(
      z.strictObject({
        username: Username.optional(),
        password: Password.optional(),
        role: RoleRef.optional(),
        name: Name.optional(),
        email: Email.nullable().optional(),
        disabled: z.boolean().optional(),
      }),
      { role: 'supervisor' },
    ),
  },
  responses: { 200: json(User, 'The user as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/users/{id}',
  summary: 'Delete a user',
  description:
    'Their sessions end at once; what they did stays, with their name. The user name is free again. The last who can manage ' +
    'roles can’t be deleted.',
  tags: ['People'],
  access: 'user.manage',
  errors: ['NOT_FOUND', 'INVALID_PARAMS'],
  request: { params: id },
  responses: { 204: { description: 'Gone.' } },
});

const invalid = (details: Record<string, string[]>, message = 'The body does not validate.'): PlatformError =>
  new PlatformError('INVALID_PARAMS', message, { details });

const LAST = (field: string): PlatformError =>
  invalid(
    { [field]: ['the last user who can manage roles'] },
    'Nobody could manage roles after this change: give somebody else that right first.',
  );

const view = (row: UserRow): z.infer<typeof User> => ({
  id: row.id,
  username: row.username,
  name: row.displayName,
  email: row.email,
  role: { id: row.roleId, name: row.roleName },
  disabled: row.disabledAt !== null,
  created_at: new Date(row.createdAt).toISOString(),
});

/** `/api/users`: the tenant's people. */
export const users = newApiApp();

users.openapi(list, async (c) => {
  const { q, role, disabled, cursor, limit } = c.req.valid('query');
  const { tenant, tenantId } = c.var.identity;
  const db = openDb(c.env.DB);
  const roleId = role === undefined ? undefined : (await findRole(db, tenant, role))?.id;
  if (role !== undefined && roleId === undefined) throw invalid({ role: ['no such role'] });
  const rows = await listUsers(db, tenantId, {
    q: q === '' ? undefined : q,
    roleId,
    disabled: disabled === undefined ? undefined : disabled === '1',
    after: cursor,
    limit,
  });
  const page = rows.slice(0, limit);
  const next = rows.length > limit ? (page.at(-1)?.username ?? null) : null;
  return c.json({ items: page.map(view), next }, 200);
});

users.openapi(show, async (c) => {
  return c.json(view(await known(openDb(c.env.DB), c.var.identity.tenantId, c.req.valid('param').id)), 200);
});

users.openapi(create, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const db = openDb(c.env.DB);
  const role = await wantedRole(c, db, asked.role);
  await refuseBadPassword(db, identity.tenantId, asked.password);
  if (await isTaken(db, identity.tenantId, asked.username, null)) throw taken();
  const row = {
    id: crypto.randomUUID(),
    tenantId: identity.tenantId,
    username: asked.username,
    displayName: asked.name ?? asked.username,
    email: asked.email ?? null,
    passwordHash: await hashPassword(asked.password, c.env),
    roleId: role.id,
    createdAt: Date.now(),
  };
  // Of two who add the same name at once one comes late.
  const { meta } = await db.insert(usersTable).values(row).onConflictDoNothing();
  if (meta.changes === 0) throw taken();
  const after = { username: row.username, name: row.displayName, email: row.email, role: role.name };
  await recordAudit(db, identity, 'user.create', row.id, null, after, clientAddress(c.req.raw, c.env));
  return c.json(view({ ...row, disabledAt: null, roleName: role.name }), 201);
});

users.openapi(change, async (c) => {
  const { identity } = c.var;
  const { tenantId } = identity;
  const asked = c.req.valid('json');
  const db = openDb(c.env.DB);
  const before = await known(db, tenantId, c.req.valid('param').id);
  const role = asked.role === undefined ? undefined : await wantedRole(c, db, asked.role);
  if (asked.password !== undefined) await refuseBadPassword(db, tenantId, asked.password);
  if (asked.username !== undefined && (await isTaken(db, tenantId, asked.username, before.id))) throw taken();
  const isDisabled = before.disabledAt !== null;
  const done = await changeUser(db, tenantId, before.id, {
    username: asked.username ?? before.username,
    displayName: asked.name,
    email: asked.email,
    role,
    ...(asked.password !== undefined && { passwordHash: await hashPassword(asked.password, c.env) }),
    ...(asked.disabled !== undefined &&
      asked.disabled !== isDisabled && { disabledAt: asked.disabled ? Date.now() : null }),
  });
  if (!done) throw LAST(asked.disabled === true ? 'disabled' : 'role');
  const after = await known(db, tenantId, before.id);
  await recordAudit(
    db,
    identity,
    'user.update',
    before.id,
    audited(before),
    { ...audited(after), ...(asked.password !== undefined && { password: 'changed' }) },
    clientAddress(c.req.raw, c.env),
  );
  await tellOfUser(c.env, tenantId, before.id, identity.userId);
  if (asked.password !== undefined) {
    // Whoever changes their own password stays signed in where they did it.
    const own = before.id === identity.userId ? { exceptSid: identity.sid } : {};
    await c.env.SESSION_GATE.getByName(tenantId).revokeUser({
      userId: before.id,
      by: identity.userId,
      ...own,
    });
  }
  return c.json(view(after), 200);
});

users.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { tenantId } = identity;
  const db = openDb(c.env.DB);
  const before = await known(db, tenantId, c.req.valid('param').id);
  const deletedAt = Date.now();
  // The name is given back; what was done under it is found by the id.
  const username = `${before.username}#${before.id.slice(0, 8)}`;
  if (!(await changeUser(db, tenantId, before.id, { deletedAt, username }))) throw LAST('id');
  await recordAudit(
    db,
    identity,
    'user.delete',
    before.id,
    audited(before),
    null,
    clientAddress(c.req.raw, c.env),
  );
  await tellOfUser(c.env, tenantId, before.id, identity.userId);
  return c.body(null, 204);
});

const audited = (row: UserRow) => ({
  username: row.username,
  name: row.displayName,
  email: row.email,
  role: row.roleName,
  disabled: row.disabledAt !== null,
});

const taken = (): PlatformError => invalid({ username: ['is taken'] });

async function known(db: Db, tenantId: string, userId: string): Promise<UserRow> {
  const row = await findUserRow(db, tenantId, userId);
  if (row === null) throw new PlatformError('NOT_FOUND', 'No such user.');
  return row;
}

async function wantedRole(c: Context<AppEnv>, db: Db, named: string): Promise<RoleRow> {
  const role = await findRole(db, c.var.identity.tenant, named);
  if (role === null) throw invalid({ role: ['no such role'] });
  return role;
}

async function refuseBadPassword(db: Db, tenantId: string, password: string): Promise<void> {
  const problem = await passwordProblem(db, tenantId, password);
  if (problem !== null) throw invalid({ password: [problem] });
}
