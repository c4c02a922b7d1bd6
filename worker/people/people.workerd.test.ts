import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ONE,
  passwordOf,
  seedPeople,
  send,
  signInApi,
  text,
  TWO,
  USERS,
  type UserName,
} from '../../test/worker/support/dialer';
import { openDb } from '../db';
import { roleOverrides, tenants, users as usersTable } from '../db/schema';
import { systemRoleId } from '../auth/permissions';

beforeAll(seedPeople);

const as = async (
  user: UserName,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => send(method, path, { token: await signInApi(user), body, headers });

/** Signs in by password, as a person would. */
const login = (username: string, password: string) =>
  send('POST', '/api/auth/login', { body: { username, password } });

let n = 0;
const add = async (more: Record<string, unknown> = {}) => {
  n += 1;
  const body = { username: `New${n}`, password: 'long enough', role: 'operator', ...more };
  const added = await as('admin', 'POST', '/api/users', body);
  return { ...added, id: added.status === 201 ? text(added.json.id) : '' };
};

describe('/api/users', () => {
  it('adds a user who can sign in at once, by a name in lower case', async () => {
    const added = await add({ username: 'Nina', name: 'Nina N', email: 'nina@company.example' });
    expect(added).toMatchObject({
      status: 201,
      json: {
        username: 'nina',
        name: 'Nina N',
        email: 'nina@company.example',
        role: { id: 'role_operator', name: 'operator' },
        disabled: false,
      },
    });
    expect(await login('NINA@0101', 'long enough')).toMatchObject({
      status: 200,
      json: { role: 'operator' },
    });
    expect((await as('admin', 'GET', `/api/users/${added.id}`)).json).toEqual(added.json);
    expect(JSON.stringify(added.json)).not.toContain('scrypt');
  });

  it.each([
    [{ username: 'op12' }, 'username'],
    [{ username: 'bad name' }, 'username'],
    [{ username: 'x@0101' }, 'username'],
    [{ password: 'short' }, 'password'],
    [{ role: 'owner' }, 'role'],
    [{ role: 'emperor' }, 'role'],
    [{ email: 'no mail' }, 'email'],
    [{ extra: 1 }, '_'],
  ])('refuses %j, naming the field', async (body, field) => {
    const refused = await add(body);
    expect(refused).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    expect(Object.keys(refused.json.details as object)).toEqual([field]);
  });

  it('takes a PIN where the tenant’s policy says so', async () => {
    const db = openDb(env.DB);
    await db
      .update(tenants)
      .set({ settings: { phoneShards: 2, passwordMinLength: 4 } })
      .where(eq(tenants.id, ONE));
    expect((await add({ password: '1234' })).status).toBe(201);
    expect((await add({ password: '123' })).status).toBe(400);
    await db
      .update(tenants)
      .set({ settings: { phoneShards: 2 } })
      .where(eq(tenants.id, ONE));
  });

  it('lists by name in pages, finds by part of a name, by role and by state', async () => {
    const first = await as('admin', 'GET', '/api/users?limit=2');
    const page = first.json.items as { username: string }[];
    expect(page.map(({ username }) => username)).toEqual(['admin', 'boss']);
    const next = await as('admin', 'GET', `/api/users?limit=2&cursor=${text(first.json.next)}`);
    expect((next.json.items as { username: string }[])[0]?.username.localeCompare('boss')).toBe(1);
    const found = await as('admin', 'GET', '/api/users?q=OP1');
    expect((found.json.items as { username: string }[]).map(({ username }) => username)).toEqual([
      'op12',
      'op13',
    ]);
    expect((await as('admin', 'GET', '/api/users?q=%25')).json.items).toEqual([]);
    const viewers = await as('admin', 'GET', '/api/users?role=viewer');
    expect((viewers.json.items as { username: string }[]).map(({ username }) => username)).toEqual(['view1']);
    expect((await as('admin', 'GET', '/api/users?disabled=1')).json.items).toEqual([]);
    expect((await as('admin', 'GET', '/api/users?role=nobody')).status).toBe(400);
  });

  it('ends the sessions of a user whose role, password or state changes, and not for a new name', async () => {
    const { id } = await add({ username: 'moves' });
    const session = async () => text((await login('moves@0101', 'long enough')).json.token);
    const alive = async (token: string) => (await send('GET', '/api/point/rolecheck', { token })).status;
    let token = await session();
    await as('admin', 'PATCH', `/api/users/${id}`, { name: 'Moves Around', email: null });
    expect(await alive(token)).toBe(200);
    expect((await as('admin', 'PATCH', `/api/users/${id}`, { role: 'viewer' })).json).toMatchObject({
      role: { name: 'viewer' },
    });
    expect(await alive(token)).toBe(401);
    token = await session();
    await as('admin', 'PATCH', `/api/users/${id}`, { password: 'another long one' });
    expect(await alive(token)).toBe(401);
    expect((await login('moves@0101', 'long enough')).status).toBe(401);
    token = text((await login('moves@0101', 'another long one')).json.token);
    await as('admin', 'PATCH', `/api/users/${id}`, { disabled: true });
    expect([await alive(token), (await login('moves@0101', 'another long one')).status]).toEqual([401, 401]);
    await as('admin', 'PATCH', `/api/users/${id}`, { disabled: false });
    expect((await login('moves@0101', 'another long one')).status).toBe(200);
  });

  it('deletes a user for good, and gives the name back', async () => {
    const { id } = await add({ username: 'leaves' });
    const token = text((await login('leaves@0101', 'long enough')).json.token);
    expect((await as('admin', 'DELETE', `/api/users/${id}`)).status).toBe(204);
    expect((await send('GET', '/api/point/rolecheck', { token })).status).toBe(401);
    expect((await login('leaves@0101', 'long enough')).status).toBe(401);
    expect((await as('admin', 'GET', `/api/users/${id}`)).status).toBe(404);
    expect((await as('admin', 'DELETE', `/api/users/${id}`)).status).toBe(404);
    expect((await add({ username: 'leaves' })).status).toBe(201);
  });

  it('never lets the last who can manage roles go, not even to two at once', async () => {
    const path = `/api/users/${USERS.admin}`;
    for (const body of [{ role: 'operator' }, { disabled: true }]) {
      const refused = await as('admin', 'PATCH', path, body);
      expect(refused).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    }
    expect((await as('admin', 'DELETE', path)).status).toBe(400);
    const second = await add({ role: 'admin' });
    const token = await signInApi('admin');
    const answers = await Promise.all(
      [USERS.admin, second.id].map((id) =>
        send('PATCH', `/api/users/${id}`, { token, body: { role: 'operator' } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // As it was, for the tests that follow.
    const role = { roleId: systemRoleId('admin') };
    await openDb(env.DB).update(usersTable).set(role).where(eq(usersTable.id, USERS.admin));
    await env.SESSION_GATE.getByName(ONE).userChanged({ userId: USERS.admin, by: 'test' });
  });

  it('shows and changes nobody of another tenant, and asks for the right', async () => {
    const path = `/api/users/${USERS.op21}`;
    const made = `/api/users/${crypto.randomUUID()}`;
    for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const) {
      const foreign = await as('admin', method, path, body);
      expect(foreign).toMatchObject({ status: 404 });
      expect(foreign.json).toEqual((await as('admin', method, made, body)).json);
    }
    expect((await as('boss', 'GET', '/api/users')).status).toBe(200);
    expect((await as('boss', 'POST', '/api/users', {})).status).toBe(403);
    expect((await as('op12', 'GET', '/api/users')).status).toBe(403);
  });
});

describe('/api/roles', () => {
  beforeEach(async () => {
    await openDb(env.DB).delete(roleOverrides);
    await env.SESSION_GATE.getByName(ONE).roleChanged(systemRoleId('operator'));
  });

  it('lists the roles with permissions, actions and users, without the platform’s', async () => {
    const listed = (await as('admin', 'GET', '/api/roles')).json as unknown as { name: string }[];
    expect(listed.map(({ name }) => name).sort()).toEqual(
      ['admin', 'engineer', 'operator', 'seller', 'supervisor', 'viewer'].sort(),
    );
    expect(listed.find(({ name }) => name === 'viewer')).toMatchObject({
      id: 'role_viewer',
      system: true,
      changed: false,
      users: expect.any(Number) as number,
      permissions: { OTTB: ['read'] },
    });
  });

  it('changes what everyone with the role may do, from their next request, in this tenant alone', async () => {
    const token = await signInApi('op12');
    const foreign = await signInApi('op21');
    const may = async (who: string) =>
      (await send('GET', '/api/point/rolecheck?action=slot.view', { token: who })).json.allowed;
    expect(await may(token)).toBe(false);
    const permissions = { OTTB: ['read'], WORKSPACE: ['call', 'view', 'view'], DCI: [] };
    const changed = await as('admin', 'POST', '/api/roles/role_operator', { permissions });
    expect(changed).toMatchObject({
      status: 200,
      json: { changed: true, permissions: { OTTB: ['read'], WORKSPACE: ['view', 'call'] } },
    });
    expect([await may(token), await may(foreign)]).toEqual([true, false]);
    const restored = await as('admin', 'POST', '/api/roles/role_operator/restore');
    expect(restored).toMatchObject({ status: 200, json: { changed: false } });
    expect(await may(token)).toBe(false);
  });

  it.each([
    [{ permissions: { OTTB: ['fly'] } }, 'permissions.OTTB'],
    [{ permissions: { MAGIC: ['read'] } }, 'permissions.MAGIC'],
    [{ permissions: {}, name: 'Renamed' }, 'name'],
    [{}, 'permissions'],
  ])('refuses %j', async (body, field) => {
    const refused = await as('admin', 'POST', '/api/roles/role_operator', body);
    expect(refused).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    expect(Object.keys(refused.json.details as object)).toContain(field);
  });

  it('never takes the right to manage roles from the last role that has it', async () => {
    const refused = await as('admin', 'POST', '/api/roles/role_admin', { permissions: { POINT: ['read'] } });
    expect(refused).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('Nobody') as string },
    });
    expect((await as('admin', 'GET', '/api/roles')).status).toBe(200);
  });

  it('makes, renames and deletes roles of its own, none that is used or the system’s', async () => {
    const body = { name: 'Night shift', permissions: { WORKSPACE: ['view'] } };
    const made = await as('admin', 'POST', '/api/roles', body);
    expect(made).toMatchObject({ status: 201, json: { system: false, users: 0 } });
    expect((await as('admin', 'POST', '/api/roles', { ...body, name: 'night SHIFT' })).status).toBe(400);
    const path = `/api/roles/${text(made.json.id)}`;
    const renamed = await as('admin', 'POST', path, { ...body, name: 'Late shift' });
    expect(renamed.json).toMatchObject({ name: 'Late shift' });
    const { id } = await add({ role: 'Late shift' });
    expect((await as('admin', 'DELETE', path)).json).toMatchObject({ code: 'INVALID_PARAMS' });
    await as('admin', 'PATCH', `/api/users/${id}`, { role: 'viewer' });
    expect((await as('admin', 'DELETE', path)).status).toBe(204);
    expect((await as('admin', 'DELETE', path)).status).toBe(404);
    expect((await as('admin', 'DELETE', '/api/roles/role_viewer')).status).toBe(400);
    expect((await as('admin2', 'POST', path, body)).status).toBe(404);
  });
});

describe('/api/audit', () => {
  it('tells who did what, before and after, and never a secret', async () => {
    const { id } = await add({ username: 'watched', password: 'a very secret one' });
    await as('admin', 'PATCH', `/api/users/${id}`, { role: 'viewer', password: 'another secret one' });
    const log = await as('boss', 'GET', `/api/audit?target=${id}`);
    expect(log.json.items).toMatchObject([
      {
        action: 'user.update',
        actor: { id: USERS.admin, username: 'admin' },
        before: { role: 'operator' },
        after: { role: 'viewer', password: '•••' },
      },
      { action: 'user.create', before: null, after: { username: 'watched' } },
    ]);
    expect(log.text).not.toMatch(/secret one|scrypt/);
  });

  it('goes on by its cursor, filters, and comes as a file', async () => {
    for (let i = 0; i < 3; i += 1) await add();
    const first = await as('admin', 'GET', '/api/audit?action=user&limit=2');
    const rest = await as('admin', 'GET', `/api/audit?action=user&limit=2&cursor=${text(first.json.next)}`);
    const ids = [first, rest].flatMap(({ json }) => (json.items as { id: string }[]).map(({ id }) => id));
    expect(new Set(ids).size).toBe(4);
    expect((await as('admin', 'GET', '/api/audit?action=bridge')).json.items).toEqual([]);
    expect((await as('admin', 'GET', '/api/audit?cursor=x')).status).toBe(400);
    const csv = await as('admin', 'GET', '/api/audit?action=user.create', undefined, { accept: 'text/csv' });
    expect(csv.text).toContain('time,user,action,target,before,after,address\r\n');
    expect(csv.text).toContain(',admin,user.create,');
    expect((await as('admin2', 'GET', '/api/audit?action=user')).json.items).toEqual([]);
    expect((await as('op12', 'GET', '/api/audit')).status).toBe(403);
  });
});

it('leaves the passwords of others alone', async () => {
  expect((await login(`op21@${TWO}`, passwordOf('op21'))).status).toBe(200);
});
