import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildApp } from '../../worker/app';
import { CURRENT_COST } from '../../worker/auth/passwords';
import { openDb } from '../../worker/db';
import { sessions, tenants, users } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import { addHost, addTenant, addUser } from './support/people';

const app = buildApp();
const ORIGIN = 'http://localhost';
/** What the browser and our own app add to a change. */
const OUR_APP = { 'sec-fetch-site': 'same-origin', 'x-trunkline': '1' };

interface CallOptions {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  origin?: string;
  bindings?: Partial<Env>;
}

const call = async (path: string, options: CallOptions = {}): Promise<Response> =>
  app.request(
    `${options.origin ?? ORIGIN}${path}`,
    {
      method: options.method ?? 'GET',
      headers: {
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    },
    { ...env, ...options.bindings },
  );

const login = (username: string, password = `pw-${username.split('@')[0]}`, options: CallOptions = {}) =>
  call('/api/auth/login', { method: 'POST', body: { username, password }, ...options });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function tokenOf(username: string): Promise<string> {
  const body = await (await login(username)).json<{ token: string }>();
  return body.token;
}

/** Signs in as the app does; answers the `Cookie` header of later requests. */
async function cookieOf(username: string): Promise<string> {
  const response = await login(username, undefined, { headers: OUR_APP });
  expect(response.status).toBe(200);
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const WRONG = {
  error: true,
  code: 'AUTH_FAIL',
  message: 'Wrong user name or password. If your company shares this address, sign in as name@tenant.',
};

beforeAll(async () => {
  await addTenant('0101');
  await addTenant('0202');
  await addUser('0101', 'op12');
  await addUser('0101', 'boss', 'supervisor');
  await addUser('0101', 'twin');
  await addUser('0202', 'twin');
  await addUser('0202', 'op21');
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('POST /api/auth/login', () => {
  it('gives an API client a token, the role and its permissions', async () => {
    const response = await login('op12');
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toBeNull();
    const body = await response.json<{ token: string }>();
    expect(body).toEqual({
      token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      role: 'operator',
      expires: 3_600,
      permissions: { WORKSPACE: ['view', 'call'], COMMUNICATIONS: ['read', 'write'] },
    });
    const me = await call('/api/auth/me', { headers: bearer(body.token) });
    expect(await me.json()).toMatchObject({
      user: { username: 'op12' },
      role: 'operator',
      tenant: { id: '0101', time_zone: 'Europe/Moscow', country: 'RU' },
    });
  });

  it('gives the app a cookie no script can read, and no token', async () => {
    const response = await login('op12', undefined, { headers: OUR_APP });
    expect(await response.json()).toEqual({
      role: 'operator',
      expires: 43_200,
      permissions: expect.anything() as unknown,
    });
    expect(response.headers.get('set-cookie')).toMatch(
      /^tl_session=ey[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('binds the cookie to the host over https', async () => {
    const response = await login('op12', undefined, { headers: OUR_APP, origin: 'https://pbx.example' });
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-tl_session=.*; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('refuses to set a cookie for a foreign page, or over plain http', async () => {
    const foreign = await login('op12', undefined, {
      headers: { ...OUR_APP, 'sec-fetch-site': 'cross-site' },
    });
    const plain = await login('op12', undefined, { headers: OUR_APP, origin: 'http://pbx.example' });
    for (const response of [foreign, plain]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('set-cookie')).toBeNull();
    }
  });

  it('answers a wrong password, an unknown, an ambiguous and a disabled user alike', async () => {
    const gone = await addUser('0101', 'gone');
    await openDb(env.DB).update(users).set({ disabledAt: 1 }).where(eq(users.id, gone));
    const answers = [
      await login('op12', 'nope'),
      await login('nobody'),
      await login('twin'),
      await login('gone'),
      await login('op12@0202'),
      await login('op12@9999'),
    ];
    for (const response of answers) {
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual(WRONG);
    }
  });

  it('takes the name alone where it is unambiguous, and with the tenant where it is not', async () => {
    expect((await login('twin@0101')).status).toBe(200);
    expect((await login('TWIN@0202', 'pw-twin')).status).toBe(200);
    expect((await login('op21')).status).toBe(200);
  });

  it('serves on a host with tenants of its own only those', async () => {
    await addHost('two.example', '0202');
    const origin = 'https://two.example:8443';
    expect((await login('twin', undefined, { origin })).status).toBe(200);
    expect((await login('op12', undefined, { origin })).status).toBe(401);
    expect((await login('op12@0101', undefined, { origin })).status).toBe(401);
  });

  it('lets nobody of a disabled tenant in', async () => {
    await addTenant('0303');
    await addUser('0303', 'late');
    expect((await login('late')).status).toBe(200);
    await openDb(env.DB).update(tenants).set({ disabledAt: 1 }).where(eq(tenants.id, '0303'));
    expect((await login('late')).status).toBe(401);
  });

  it('hashes anew what was hashed at a lower cost, once the password is known', async () => {
    const id = await addUser('0101', 'oldie');
    const stored = async () =>
      (await openDb(env.DB).query.users.findFirst({ where: eq(users.id, id) }))?.passwordHash;
    expect(await stored()).toContain('ln=4,');
    await login('oldie', 'nope');
    expect(await stored()).toContain('ln=4,');
    await login('oldie');
    expect(await stored()).toContain(`ln=${CURRENT_COST.ln},`);
    expect((await login('oldie')).status).toBe(200);
  });

  it.each([
    [{}, { username: expect.anything(), password: expect.anything() }],
    [{ username: 'op12' }, { password: expect.anything() }],
    [{ username: ' ', password: 'x' }, { username: expect.anything() }],
    [
      { username: ['op12'], password: 5 },
      { username: expect.anything(), password: expect.anything() },
    ],
    [[], { _: expect.anything() }],
    [null, { _: expect.anything() }],
  ])('names the fields of %j that do not validate', async (body, details) => {
    const response = await call('/api/auth/login', { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: true,
      code: 'INVALID_PARAMS',
      message: expect.any(String) as string,
      details,
    });
  });

  it('stores nothing of a refused sign-in', async () => {
    const before = await openDb(env.DB).$count(sessions);
    await login('op12', 'nope');
    await call('/api/auth/login', {
      method: 'POST',
      body: { username: 'op12', password: 'x'.repeat(100_000) },
    });
    expect(await openDb(env.DB).$count(sessions)).toBe(before);
  });
});

describe('limits', () => {
  const tryTimes = async (times: number, username: string, options: CallOptions = {}) => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i += 1) statuses.push((await login(username, 'nope', options)).status);
    return statuses;
  };

  it.each(['boss', 'made-up'])(
    'slow down guesses at %s, there or not, and let a right password wait too',
    async (name) => {
      expect(await tryTimes(7, name)).toEqual([401, 401, 401, 401, 401, 401, 429]);
      const refused = await login(name);
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({ error: true, code: 'RATE_LIMITED' });
      vi.setSystemTime(Date.now() + 5_000);
      expect(await tryTimes(2, name)).toEqual([401, 429]);
      vi.setSystemTime(Date.now() + 10_000);
      expect((await login(name)).status).toBe(name === 'boss' ? 200 : 401);
    },
  );

  it('are per address too, where a trusted proxy tells it, whatever the name', async () => {
    const from = (address: string): CallOptions => ({
      bindings: { CLIENT_ADDRESS_HEADER: 'X-Real-IP' },
      headers: { 'x-real-ip': address },
    });
    for (let i = 0; i < 31; i += 1)
      expect((await login(`guess${i}`, 'nope', from('192.0.2.1'))).status).toBe(401);
    expect((await login('op12', undefined, from('192.0.2.1'))).status).toBe(429);
    expect((await login('op12', undefined, from('192.0.2.2'))).status).toBe(200);
    // Nobody vouches for the header here: it limits nobody and frees nobody.
    expect((await login('op12', undefined, { headers: { 'x-real-ip': '192.0.2.1' } })).status).toBe(200);
  });
});

describe('POST /api/auth/refresh', () => {
  it('puts a new token in the place of the old one', async () => {
    const old = await tokenOf('op12');
    const response = await call('/api/auth/refresh', { method: 'POST', headers: bearer(old) });
    const { token, expires } = await response.json<{ token: string; expires: number }>();
    expect(expires).toBe(3_600);
    expect((await call('/api/auth/me', { headers: bearer(old) })).status).toBe(401);
    expect((await call('/api/auth/refresh', { method: 'POST', headers: bearer(old) })).status).toBe(401);
    expect((await call('/api/auth/me', { headers: bearer(token) })).status).toBe(200);
  });

  it('changes a cookie without showing its token', async () => {
    const cookie = await cookieOf('op12');
    const response = await call('/api/auth/refresh', { method: 'POST', headers: { cookie, ...OUR_APP } });
    expect(await response.json()).toEqual({ expires: 43_200 });
    const fresh = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await call('/api/auth/me', { headers: { cookie } })).status).toBe(401);
    expect((await call('/api/auth/me', { headers: { cookie: fresh } })).status).toBe(200);
  });

  it('is too late after an hour', async () => {
    const token = await tokenOf('op12');
    vi.setSystemTime(Date.now() + 3_600_000);
    const response = await call('/api/auth/refresh', { method: 'POST', headers: bearer(token) });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'AUTH_FAIL' });
  });
});

describe('tokens and cookies', () => {
  it('do not stand in for each other', async () => {
    const token = await tokenOf('op12');
    const cookie = await cookieOf('op12');
    const value = cookie.slice(cookie.indexOf('=') + 1);
    expect((await call('/api/auth/me', { headers: bearer(value) })).status).toBe(401);
    expect((await call('/api/auth/me', { headers: { cookie: `tl_session=${token}` } })).status).toBe(401);
    // A header that is no good is not made up for by a cookie that is.
    expect((await call('/api/auth/me', { headers: { cookie, ...bearer('nonsense') } })).status).toBe(401);
    expect(
      (await call('/api/auth/me', { headers: { cookie, authorization: 'Basic b3A6cHc=' } })).status,
    ).toBe(401);
  });

  it('a change by cookie needs the app’s header and a proof of origin', async () => {
    const cookie = await cookieOf('op12');
    const refused: Record<string, string>[] = [
      {},
      { 'x-trunkline': '1' },
      { 'sec-fetch-site': 'same-origin' },
      { 'x-trunkline': '1', 'sec-fetch-site': 'same-site' },
      { 'x-trunkline': '1', origin: 'http://evil.example' },
      { 'x-trunkline': '1', origin: 'null' },
    ];
    for (const headers of refused) {
      const response = await call('/api/auth/logout', {
        method: 'POST',
        headers: { cookie, ...headers },
      });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect((await call('/api/auth/me', { headers: { cookie } })).status).toBe(200);
    const headers = { cookie, 'x-trunkline': '1', origin: ORIGIN };
    expect((await call('/api/auth/logout', { method: 'POST', headers })).status).toBe(204);
  });
});

describe('signing out', () => {
  it('ends the session at once and takes the cookie away', async () => {
    const cookie = await cookieOf('op12');
    const response = await call('/api/auth/logout', { method: 'POST', headers: { cookie, ...OUR_APP } });
    expect(response.status).toBe(204);
    expect(response.headers.get('set-cookie')).toContain('tl_session=; Max-Age=0');
    expect((await call('/api/auth/me', { headers: { cookie } })).status).toBe(401);
  });

  it('of one of several, and of all', async () => {
    const [one, two] = [await tokenOf('twin@0101'), await tokenOf('twin@0101')];
    const stranger = await tokenOf('twin@0202');
    const list = async (token: string) =>
      (
        await (
          await call('/api/sessions', { headers: bearer(token) })
        ).json<{ items: { id: string; current: boolean }[] }>()
      ).items;
    const mine = await list(one);
    const other = mine.find((session) => !session.current);
    expect(mine.filter((session) => session.current)).toHaveLength(1);

    const end = (token: string, id = '') =>
      call(`/api/sessions/${id}`, { method: 'DELETE', headers: bearer(token) });
    expect((await end(stranger, other?.id)).status).toBe(404);
    expect((await end(one, crypto.randomUUID())).status).toBe(404);
    expect((await end(one, 'x')).status).toBe(400);
    for (const session of mine) if (!session.current) expect((await end(one, session.id)).status).toBe(204);
    expect(await list(one)).toHaveLength(1);
    expect((await call('/api/auth/me', { headers: bearer(two) })).status).toBe(401);

    const three = await tokenOf('twin@0101');
    const all = await call('/api/sessions/revoke-all', { method: 'POST', body: {}, headers: bearer(one) });
    expect(await all.json()).toEqual({ revoked: 2 });
    for (const token of [one, three])
      expect((await call('/api/auth/me', { headers: bearer(token) })).status).toBe(401);
    expect((await call('/api/auth/me', { headers: bearer(stranger) })).status).toBe(200);
  });
});

describe('GET /api/point/rolecheck', () => {
  const ask = async (token: string, query: string) => {
    const response = await call(`/api/point/rolecheck${query}`, { headers: bearer(token) });
    return {
      status: response.status,
      body: await response.json<{ allowed: boolean; permissions: string[] }>(),
    };
  };

  it('answers for one action, with the whole list', async () => {
    const token = await tokenOf('op12');
    const may = await ask(token, '?action=call.start');
    expect(may.body.allowed).toBe(true);
    expect(may.body.permissions).toContain('note.write');
    expect((await ask(token, '?action=user.manage')).body.allowed).toBe(false);
    expect((await ask(token, '')).body).toEqual({ allowed: false, permissions: may.body.permissions });
    expect((await ask(token, '?action=fly')).status).toBe(400);
    expect((await ask('nonsense', '?action=call.start')).status).toBe(401);
  });
});
