import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { hubOf } from '../../test/worker/support/call-hub';
import {
  as,
  items,
  ONE,
  seedPeople,
  send,
  signInApi,
  text,
  TWO,
  USERS,
} from '../../test/worker/support/dialer';
import { addTenant, addUser } from '../../test/worker/support/people';
import { openDb } from '../db';
import { tenants } from '../db/schema';
import { tenantOfSecret } from '../pbx/tenant-of-token';

beforeAll(seedPeople);

const audit = async (action: string): Promise<Record<string, unknown>[]> =>
  items(await as('admin', 'GET', `/api/audit?action=${action}`));

const invalid = (field: string): unknown => ({
  status: 400,
  json: { code: 'INVALID_PARAMS', details: { [field]: [expect.any(String)] } },
});

describe('/api/tenant/settings', () => {
  it('are changed one by one, hold at once and leave a trace', async () => {
    const before = await as('admin', 'GET', '/api/tenant/settings');
    expect(before.json).toMatchObject({ id: ONE, password_min_length: 8 });
    const changed = await as('admin', 'PATCH', '/api/tenant/settings', {
      body: { name: 'Renamed', time_zone: 'Asia/Kolkata', password_min_length: 4 },
    });
    expect(changed.json).toEqual({
      ...before.json,
      name: 'Renamed',
      time_zone: 'Asia/Kolkata',
      password_min_length: 4,
    });
    const me = await as('op12', 'GET', '/api/auth/me');
    expect(me.json).toMatchObject({ tenant: { name: 'Renamed', time_zone: 'Asia/Kolkata' } });
    expect(await hubOf(ONE).dayCounters({ now: Date.now() })).toMatchObject({ timeZone: 'Asia/Kolkata' });
    const short = { username: 'pin1', password: '1234', role: 'operator' };
    expect((await as('admin', 'POST', '/api/users', { body: short })).status).toBe(201);
    const [entry] = await audit('tenant.settings');
    expect(entry).toMatchObject({
      before: { sign_in_min_characters: 8 },
      after: { name: 'Renamed', time_zone: 'Asia/Kolkata', sign_in_min_characters: 4 },
    });
    expect((await as('admin2', 'GET', '/api/tenant/settings')).json).toMatchObject({ id: TWO });
  });

  it.each([
    [{ time_zone: 'Moon/Base' }, 'time_zone'],
    [{ time_zone: '+03:00' }, 'time_zone'],
    [{ country: 'XX' }, 'country'],
    [{ password_min_length: 3 }, 'password_min_length'],
    [{ name: ' ' }, 'name'],
    [{ unknown: 1 }, '_'],
  ])('refuse %j', async (body, field) => {
    expect(await as('admin', 'PATCH', '/api/tenant/settings', { body })).toMatchObject(
      invalid(field) as object,
    );
  });
});

describe('/api/tenant/pbx-tokens', () => {
  it('are shown once, are good at once, and no more when revoked', async () => {
    const made = await as('admin', 'POST', '/api/tenant/pbx-tokens');
    expect(made).toMatchObject({
      status: 201,
      json: { token: expect.stringMatching(/^\d{12}$/) as unknown },
    });
    const id = text(made.json.id);
    const event = { Token: made.json.token, UniqueId: '1.1', Phone: '375290000000', CallType: 0 };
    expect((await send('POST', '/asterisk/start', { body: event })).status).toBe(200);
    const listed = await as('admin', 'GET', '/api/tenant/pbx-tokens');
    expect(listed.text).not.toContain(text(made.json.token));
    expect(listed.json.tokens).toContainEqual({
      id,
      kind: 'token',
      hint: text(made.json.token).slice(-4),
      created_at: made.json.created_at,
    });
    const path = `/api/tenant/pbx-tokens/${id}`;
    const foreign = await as('admin2', 'DELETE', path);
    expect(foreign).toMatchObject({ status: 404 });
    expect(foreign.json).toEqual((await as('admin2', 'DELETE', '/api/tenant/pbx-tokens/made-up')).json);
    expect((await as('admin', 'DELETE', path)).status).toBe(204);
    expect((await as('admin', 'DELETE', path)).status).toBe(404);
    const entries = await audit('tenant.pbx_token');
    expect(entries.map(({ action }) => action)).toEqual([
      'tenant.pbx_token.revoke',
      'tenant.pbx_token.create',
    ]);
    expect(JSON.stringify(entries)).not.toContain(text(made.json.token));
  });

  it('are at most twenty, however many are asked for at once', async () => {
    const path = '/api/tenant/pbx-tokens';
    await Promise.all(Array.from({ length: 25 }, () => as('admin2', 'POST', path)));
    expect((await as('admin2', 'GET', path)).json.tokens).toHaveLength(20);
    expect(await as('admin2', 'POST', path)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PARAMS' },
    });
  });

  it('may be a secret, which serves hosts as well, while their tokens are nobody’s clientId', async () => {
    const secret = await as('admin', 'POST', '/api/tenant/pbx-tokens', { body: { kind: 'secret' } });
    expect(secret).toMatchObject({
      status: 201,
      json: { kind: 'secret', token: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
    });
    const event = { UniqueId: '1.2', Phone: '375290000000', CallType: 0 };
    const headers = { token: text(secret.json.token) };
    expect((await send('POST', '/asterisk/start', { body: event, headers })).status).toBe(200);
    expect(await tenantOfSecret(env, text(secret.json.token))).toBe(ONE);
    // As a client sends it that has nothing to say: an empty body of no type.
    const token = await as('admin', 'POST', '/api/tenant/pbx-tokens', { raw: new Uint8Array(0) });
    expect(token.status).toBe(201);
    expect(await tenantOfSecret(env, text(token.json.token))).toBeNull();
    const other = await as('admin', 'POST', '/api/tenant/pbx-tokens', { body: { kind: 'key' } });
    expect(other).toMatchObject({ status: 400, json: { details: { kind: [expect.any(String)] } } });
  });
});

describe('/api/extensions', () => {
  const add = (body: object) => as('admin', 'POST', '/api/extensions', { body });

  it('are given to people, whose calls on them are told apart from then on', async () => {
    const made = await add({ number: '901', label: 'Front desk', user: 'op12' });
    expect(made).toMatchObject({ status: 201, json: { number: '901', user: { username: 'op12' } } });
    expect(await hubOf(ONE).extensionOf(USERS.op12)).not.toBeNull();
    const path = `/api/extensions/${text(made.json.id)}`;
    const moved = await as('admin', 'PATCH', path, { body: { number: '9010', user: USERS.op13, label: '' } });
    expect(moved.json).toMatchObject({ number: '9010', label: null, user: { id: USERS.op13 } });
    expect(await hubOf(ONE).extensionOf(USERS.op13)).toBe('9010');
    expect((await as('admin2', 'PATCH', path, { body: { label: 'x' } })).status).toBe(404);
    expect((await as('admin2', 'DELETE', path)).status).toBe(404);
    expect((await as('admin', 'DELETE', path)).status).toBe(204);
    expect(await hubOf(ONE).extensionOf(USERS.op13)).not.toBe('9010');
    expect((await audit('extension')).map(({ action }) => action)).toEqual([
      'extension.delete',
      'extension.change',
      'extension.create',
    ]);
  });

  it('are listed as people count, found by what they say, page by page', async () => {
    for (const number of ['800', '80', '8000']) await add({ number, label: `Desk ${number}` });
    const numbers = async (query: string) => {
      const answer = await as('view1', 'GET', `/api/extensions?${query}`);
      return items(answer).map(({ number }) => number);
    };
    expect(await numbers('q=Desk%2080')).toEqual(['80', '800', '8000']);
    expect(await numbers('q=Desk%2080&cursor=80&limit=1')).toEqual(['800']);
    expect(await numbers('q=%25')).toEqual([]);
    expect(await add({ number: '800' })).toMatchObject(invalid('number') as object);
    expect(await add({ number: '8x' })).toMatchObject(invalid('number') as object);
    // Somebody of another tenant is nobody here.
    expect(await add({ number: '801', user: USERS.op21 })).toMatchObject(invalid('user') as object);
  });
});

describe('/api/tenants', () => {
  beforeAll(async () => {
    await openDb(env.DB)
      .insert(tenants)
      .values({ id: '0000', name: 'Platform', kind: 'platform', timeZone: 'UTC', createdAt: 1 })
      .onConflictDoNothing();
    await addUser('0000', 'root', 'owner');
  });
  const owner = async (method: string, path: string, body?: object) => {
    const signedIn = await send('POST', '/api/auth/login', {
      body: { username: 'root@0000', password: 'pw-root' },
    });
    return send(method, path, { token: text(signedIn.json.token), ...(body && { body }) });
  };
  const fresh = {
    name: 'Fresh',
    time_zone: 'Europe/Minsk',
    country: 'BY',
    admin: { username: 'chief', password: 'a long password' },
  };

  it('are made with an administrator who can sign in, and end when disabled', async () => {
    const made = await owner('POST', '/api/tenants', fresh);
    expect(made).toMatchObject({ status: 201, json: { id: '0001', users: 1, disabled: false } });
    const signIn = () =>
      send('POST', '/api/auth/login', { body: { username: 'chief@0001', password: 'a long password' } });
    const chief = await signIn();
    expect(chief).toMatchObject({ status: 200, json: { role: 'admin' } });
    const token = text(chief.json.token);
    expect((await send('GET', '/api/users', { token })).json).toMatchObject({
      items: [{ username: 'chief' }],
    });
    const off = await owner('PATCH', '/api/tenants/0001', { disabled: true });
    expect(off.json).toMatchObject({ disabled: true });
    expect((await send('GET', '/api/users', { token })).status).toBe(401);
    expect((await signIn()).status).toBe(401);
    await owner('PATCH', '/api/tenants/0001', { disabled: false, name: 'Fresher' });
    expect((await signIn()).status).toBe(200);
    const list = await owner('GET', '/api/tenants?limit=2');
    expect(items(list).map(({ id }) => id)).toEqual(['0000', '0001']);
    expect(list.json.next).toBe('0001');
  });

  it('refuses what can’t be', async () => {
    expect(await owner('POST', '/api/tenants', { ...fresh, id: ONE })).toMatchObject(invalid('id') as object);
    expect(await owner('PATCH', '/api/tenants/0000', { disabled: true })).toMatchObject(
      invalid('disabled') as object,
    );
    expect((await owner('PATCH', '/api/tenants/9999', { name: 'x' })).status).toBe(404);
  });

  it('are nobody else’s business', async () => {
    await addTenant('0404');
    const token = await signInApi('admin');
    for (const [method, path] of [
      ['GET', '/api/tenants'],
      ['POST', '/api/tenants'],
      ['PATCH', '/api/tenants/0404'],
    ] as const)
      expect((await send(method, path, { token, body: method === 'GET' ? undefined : {} })).status).toBe(403);
  });
});
