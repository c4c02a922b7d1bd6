import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ONE,
  passwordOf,
  seedPeople,
  send,
  signInApi,
  signInPhone,
  USERS,
} from '../../test/worker/support/dialer';
import { openDb } from '../db';
import { qrTokens, tenants } from '../db/schema';

beforeAll(seedPeople);
const db = openDb(env.DB);

const TOKEN_NOT_VALID = { code: 'token_not_valid', detail: expect.any(String) };
const userInfo = (token: string) => send('GET', '/api/phone/user/info/', { token });

describe('POST /api/token/', () => {
  const obtain = (body: unknown) => send('POST', '/api/token/', { body });

  it('gives tokens for a name and password', async () => {
    const op = await obtain({ username: ' op12 ', password: passwordOf('op12'), stranger: 1 });
    expect(op.status).toBe(200);
    expect(Object.keys(op.json).sort()).toEqual(['access', 'is_admin', 'refresh']);
    expect(op.json.is_admin).toBe(false);
    expect((await userInfo(String(op.json.access))).json).toEqual({ username: 'op12', is_admin: false });
    expect((await obtain({ username: 'admin@0101', password: passwordOf('admin') })).json.is_admin).toBe(
      true,
    );
  });

  it.each([
    { username: 'op12', password: 'wrong' },
    { username: 'nobody', password: 'x' },
    { username: 'op12@0202', password: passwordOf('op12') },
    { username: 'op12' },
    { username: '', password: '' },
    { username: null, password: {} },
    {},
    [],
  ])('refuses %j with 401', async (body) => {
    const answer = await obtain(body);
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ detail: 'No active account found with the given credentials' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });

  it('locks the name after five failures, whatever comes then', async () => {
    for (let i = 0; i < 5; i += 1) {
      expect((await obtain({ username: 'op13', password: `guess ${i}` })).status).toBe(401);
    }
    const locked = await obtain({ username: 'op13', password: passwordOf('op13') });
    expect(locked.status).toBe(423);
    expect(locked.json.detail).toEqual(expect.any(String));
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(800);
  });

  it('can be closed', async () => {
    const settings = { phoneShards: 2, dialerPasswordSignIn: false };
    await db.update(tenants).set({ settings }).where(eq(tenants.id, ONE));
    const closed = await obtain({ username: 'view1', password: passwordOf('view1') });
    await db
      .update(tenants)
      .set({ settings: { phoneShards: 2 } })
      .where(eq(tenants.id, ONE));
    expect(closed.status).toBe(403);
    expect(closed.json.detail).toEqual(expect.any(String));
  });
});

describe('POST /api/token/refresh/', () => {
  const refresh = (body: unknown) => send('POST', '/api/token/refresh/', { body });

  it('gives an access token again and again for the same refresh token', async () => {
    const phone = await signInPhone('op12');
    for (let i = 0; i < 40; i += 1) {
      const answer = await refresh({ refresh: phone.refresh });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.json)).toEqual(['access']);
      if (i === 0) expect((await userInfo(String(answer.json.access))).status).toBe(200);
    }
  });

  it('refuses an access token, a forged one and none', async () => {
    const phone = await signInPhone('op12');
    for (const token of [phone.access, `${phone.refresh}x`, 'nonsense', await signInApi('op12')]) {
      const answer = await refresh({ refresh: token });
      expect(answer.status).toBe(401);
      expect(answer.json).toMatchObject(TOKEN_NOT_VALID);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    }
    expect((await refresh({ refresh: ' ' })).json).toEqual({ refresh: ['This field may not be blank.'] });
    expect((await refresh({})).json).toEqual({ refresh: ['This field is required.'] });
    expect((await refresh({ refresh: null })).json).toEqual({ refresh: ['This field may not be null.'] });
    expect((await refresh({ refresh: true })).json).toEqual({ refresh: ['Not a valid string.'] });
  });

  it('ends with the session: its own logout, the one everywhere, and nothing before', async () => {
    const [one, two, three] = [
      await signInPhone('view1'),
      await signInPhone('view1'),
      await signInPhone('view1'),
    ];
    expect((await send('POST', '/api/phone/logout/', { token: one.access })).json).toEqual({
      ok: true,
      message: expect.any(String),
    });
    expect((await refresh({ refresh: one.refresh })).status).toBe(401);
    expect((await userInfo(one.access)).json).toMatchObject(TOKEN_NOT_VALID);
    expect((await refresh({ refresh: two.refresh })).status).toBe(200);
    expect((await send('POST', '/api/phone/logout/all/', { token: two.access })).status).toBe(200);
    for (const phone of [two, three]) expect((await refresh({ refresh: phone.refresh })).status).toBe(401);
    await runDurableObjectAlarm(env.SESSION_GATE.getByName(ONE));
  });
});

describe('401 of signed-in endpoints', () => {
  it('has the shapes of simplejwt', async () => {
    const bare = await send('GET', '/api/phone/user/info/');
    expect(bare.status).toBe(401);
    expect(bare.json).toEqual({ detail: 'Authentication credentials were not provided.' });
    expect(bare.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    const phone = await signInPhone('op12');
    for (const token of ['nonsense', phone.refresh]) {
      const bad = await userInfo(token);
      expect(bad.status).toBe(401);
      expect(bad.json).toEqual({
        detail: 'Given token not valid for any token type',
        code: 'token_not_valid',
        messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid' }],
      });
    }
    const three = await send('GET', '/api/phone/user/info/', { headers: { authorization: 'Bearer a b' } });
    expect(three.json).toMatchObject({ code: 'bad_authorization_header' });
    const basic = await send('GET', '/api/phone/user/info/', { headers: { authorization: 'Basic eDp5' } });
    expect(basic.status).toBe(401);
  });
});

describe('sign-in by QR code', () => {
  const create = (token: string) => send('POST', '/api/phone/qr/create/', { token });
  const exchange = (token: unknown, more = {}) =>
    send('POST', '/api/phone/qr/exchange/', { body: { token }, ...more });
  const status = (token: string, by: string) =>
    send('GET', `/api/phone/qr/status/?token=${token}`, { token: by });

  it('is made by a platform session or a phone, exchanged once, and its state is seen by its owner only', async () => {
    const owner = await signInApi('op12');
    const made = await create(owner);
    expect(made.status).toBe(200);
    const code = String(made.json.token);
    expect(Buffer.from(code, 'base64url').length).toBeGreaterThanOrEqual(64);
    expect(Date.parse(String(made.json.expires_at)) - Date.now()).toBeGreaterThan(4 * 60_000);
    expect(
      await env.DB.prepare('SELECT count(*) AS n FROM qr_tokens WHERE token_hash = ?').bind(code).first('n'),
    ).toBe(0);
    expect((await status(code, owner)).json).toMatchObject({ status: 'pending' });
    for (const stranger of [await signInApi('op13'), await signInApi('op21')]) {
      expect((await status(code, stranger)).status).toBe(404);
    }
    const stale = { headers: { authorization: 'Bearer stale', 'content-type': 'application/json' } };
    const signedIn = await exchange(code, stale);
    expect(signedIn.status).toBe(200);
    expect(signedIn.json).toMatchObject({ username: 'op12', is_admin: false });
    expect((await userInfo(String(signedIn.json.access))).status).toBe(200);
    expect((await status(code, owner)).json).toMatchObject({ status: 'used' });
    expect((await exchange(code)).json).toEqual((await exchange('unknown')).json);
    expect((await create(String(signedIn.json.access))).status).toBe(200);
  });

  it('is made only so often', async () => {
    const owner = await signInApi('op13');
    let answer = await create(owner);
    for (let n = 0; n < 60 && answer.status === 200; n += 1) answer = await create(owner);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('signs in exactly one of many at once', async () => {
    const code = String((await create(await signInApi('op12'))).json.token);
    const answers = await Promise.all(Array.from({ length: 12 }, () => exchange(code)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 400)).toHaveLength(11);
  });

  it('ends after five minutes', async () => {
    const owner = await signInApi('op12');
    const code = String((await create(owner)).json.token);
    await db
      .update(qrTokens)
      .set({ expiresAt: Date.now() - 1 })
      .where(eq(qrTokens.userId, USERS.op12));
    expect((await status(code, owner)).json).toMatchObject({ status: expect.stringMatching(/expired|used/) });
    expect(await exchange(code)).toMatchObject({
      status: 400,
      json: { detail: 'QR token is invalid or expired.' },
    });
  });

  it('checks who asks and what', async () => {
    expect((await create(await signInApi('view1'))).status).toBe(403);
    expect((await send('POST', '/api/phone/qr/create/')).status).toBe(401);
    expect((await exchange('')).json).toEqual({ token: ['This field may not be blank.'] });
    expect((await send('GET', '/api/phone/qr/status/', { token: await signInApi('op12') })).json).toEqual({
      token: ['This field is required.'],
    });
  });
});
