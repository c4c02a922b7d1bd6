import { env } from 'cloudflare:workers';
import { and, eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { AGENT, newKey, TestBridge, type TestKey } from '../../test/worker/support/bridge';
import { addTenant, addUser } from '../../test/worker/support/people';
import type { BridgeRecord } from '../../objects/bridge-link/contract';
import { buildApp } from '../app';
import { openDb } from '../db';
import { auditLog, bridges, tenants } from '../db/schema';
import { codeHash, newCode } from './codes';
import { askBridge, linkOf } from './links';

const app = buildApp();
const tokens = new Map<string, string>();
let turn = 0;
let tenant: string;

async function call(
  method: string,
  path: string,
  {
    as,
    body,
    headers,
    bindings,
  }: { as?: string; body?: unknown; headers?: Record<string, string>; bindings?: object } = {},
) {
  const token = as === undefined ? undefined : tokens.get(as);
  const answer = await app.request(
    `http://localhost${path}`,
    {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
    { ...env, ...bindings },
  );
  const text = answer.webSocket === null ? await answer.text() : '';
  return {
    status: answer.status,
    json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    answer,
  };
}

async function signIn(as: string, tenantId: string): Promise<void> {
  const { json } = await call('POST', '/api/auth/login', {
    body: { username: `${as}@${tenantId}`, password: `pw-${as}` },
  });
  tokens.set(`${as}@${tenantId}`, String(json['token']));
}

const admin = () => `admin@${tenant}`;

async function create(name = 'Minsk office'): Promise<{ id: string; code: string; number: number }> {
  const { status, json } = await call('POST', '/api/bridges', { as: admin(), body: { name } });
  expect(status).toBe(201);
  const bridge = json['bridge'] as { id: string; number: number };
  return { id: bridge.id, number: bridge.number, code: String(json['code']) };
}

const enrol = (code: string, key: TestKey, extra: object = {}) =>
  call('POST', '/bridge/enrol', { body: { code, public_key: key.publicKey, agent: AGENT }, ...extra });
const show = async (id: string) => (await call('GET', `/api/bridges/${id}`, { as: admin() })).json;
const dial = (id: string) =>
  call('GET', `/bridge/connect?bridge=${id}`, { headers: { upgrade: 'websocket' } });
const recordOf = (id: string, key: TestKey): BridgeRecord => ({
  id,
  tenantId: tenant,
  number: 1,
  name: 'Minsk office',
  publicKey: key.publicKey,
  address: null,
});
const gateKnows = async () => {
  const sid = tokens.get(admin())?.split('.')[1] ?? '';
  const claims = JSON.parse(atob(sid.replaceAll('-', '+').replaceAll('_', '/'))) as {
    sid: string;
    jti: string;
  };
  const checked = await env.SESSION_GATE.getByName(tenant).check(claims.sid, claims.jti);
  return checked.ok ? checked.identity.tenant.bridges : null;
};

beforeEach(async () => {
  turn += 1;
  tenant = String(8_000 + turn);
  await addTenant(tenant);
  await addUser(tenant, 'admin', 'admin');
  await signIn('admin', tenant);
});

describe('a bridge', () => {
  it('is made with a code, enrolled with it once, connects, and is asked', async () => {
    const { id, code, number } = await create();
    expect(number).toBe(1);
    expect(await show(id)).toMatchObject({
      state: 'new',
      live: null,
      code_expires_at: expect.any(String) as string,
    });
    expect(await gateKnows()).toEqual([]);
    const key = await newKey();
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
    expect(await enrol(typed, key)).toMatchObject({
      status: 200,
      json: { bridge_id: id, tenant, name: 'Minsk office' },
    });
    expect(await gateKnows()).toEqual([{ id, number: 1, name: 'Minsk office' }]);
    expect(await show(id)).toMatchObject({ state: 'offline', code_expires_at: null });
    // Enrolled and never seen: it has no slots, and nothing is asked of it.
    const link = linkOf(env, tenant, id);
    expect(await link.slots()).toEqual([]);
    expect(await link.slot(1)).toBeNull();
    expect(
      await link.startSlotCall({ slot: 'AUTO', callId: 'c_1', number: '+375290000000', userId: 'u' }),
    ).toMatchObject({ ok: false });
    expect((await dial(id)).status).toBe(101);
    const bridge = await TestBridge.connect(recordOf(id, key), key);
    expect(await show(id)).toMatchObject({ state: 'online', live: { connected: true, agent: AGENT } });
    const asked = askBridge(env, tenant, id, 'pbx.trunks', {}, { by: 'user:1' });
    await bridge.answer(0, { trunks: [] });
    expect(await asked).toEqual({ ok: true, result: { trunks: [] } });
    const { json } = await call('GET', `/api/bridges/${id}/log?limit=1`, { as: admin() });
    expect(json).toMatchObject({ items: [{ part: 'tunnel' }], next: expect.any(Number) as number });
  });

  it('answers the same key again when its first answer was lost, and no other key', async () => {
    const { code } = await create();
    const key = await newKey();
    const first = await enrol(code, key);
    expect((await enrol(code, key)).json).toEqual(first.json);
    expect((await enrol(code, await newKey())).status).toBe(401);
  });

  it('takes one of two keys that use a code at once', async () => {
    const { code } = await create();
    const both = await Promise.all([enrol(code, await newKey()), enrol(code, await newKey())]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  });

  it.each([
    ['a code nobody has', () => Promise.resolve(newCode())],
    [
      'a code past its time',
      async () => {
        const { id, code } = await create();
        await openDb(env.DB)
          .update(bridges)
          .set({ codeExpiresAt: Date.now() - 1 })
          .where(eq(bridges.id, id));
        return code;
      },
    ],
    [
      'the code of a revoked bridge',
      async () => {
        const { id, code } = await create();
        await call('DELETE', `/api/bridges/${id}`, { as: admin() });
        return code;
      },
    ],
    [
      'the code before the newest',
      async () => {
        const { id, code } = await create();
        await call('POST', `/api/bridges/${id}/code`, { as: admin() });
        return code;
      },
    ],
    [
      'the code of a disabled tenant',
      async () => {
        const { code } = await create();
        await openDb(env.DB).update(tenants).set({ disabledAt: 1 }).where(eq(tenants.id, tenant));
        return code;
      },
    ],
  ])('is not enrolled with %s', async (_, codeOf) => {
    expect(await enrol(await codeOf(), await newKey())).toMatchObject({
      status: 401,
      json: { error: true, code: 'AUTH_FAIL' },
    });
  });

  it('keeps its old key until a new code is used; then the old connection has to go', async () => {
    const { id, code } = await create();
    const old = await newKey();
    await enrol(code, old);
    const running = await TestBridge.connect(recordOf(id, old), old);
    const { json } = await call('POST', `/api/bridges/${id}/code`, { as: admin() });
    expect(await show(id)).toMatchObject({ state: 'online' });
    const next = await newKey();
    expect((await enrol(String(json['code']), next)).status).toBe(200);
    expect(await running.isClosed()).toMatchObject({ code: 4401 });
    await TestBridge.connect(recordOf(id, next), next);
    expect(await show(id)).toMatchObject({ state: 'online' });
  });

  it('that is revoked is thrown off, let in no more, and its number is not used again', async () => {
    const { id, code } = await create();
    const key = await newKey();
    await enrol(code, key);
    const bridge = await TestBridge.connect(recordOf(id, key), key);
    for (let n = 0; n < 2; n += 1) {
      expect(await call('DELETE', `/api/bridges/${id}`, { as: admin() })).toMatchObject({
        status: 200,
        json: { state: 'revoked' },
      });
    }
    expect(await bridge.isClosed()).toMatchObject({ code: 4403 });
    expect((await dial(id)).status).toBe(403);
    expect(await gateKnows()).toEqual([]);
    expect((await create('Next')).number).toBe(2);
    const shown = async (query: string) =>
      (
        (await call('GET', `/api/bridges${query}`, { as: admin() })).json['items'] as { number: number }[]
      ).map((item) => item.number);
    expect(await shown('')).toEqual([2]);
    expect(await shown('?revoked=1')).toEqual([1, 2]);
    expect((await call('POST', `/api/bridges/${id}/code`, { as: admin() })).status).toBe(400);
  });

  it('of a tenant that is disabled is thrown off, and let in again with it', async () => {
    const { id, code } = await create();
    const key = await newKey();
    await enrol(code, key);
    const bridge = await TestBridge.connect(recordOf(id, key), key);
    const disable = async (at: number | null) => {
      await openDb(env.DB).update(tenants).set({ disabledAt: at }).where(eq(tenants.id, tenant));
      await env.SESSION_GATE.getByName(tenant).tenantChanged();
    };
    await disable(1);
    expect(await bridge.isClosed()).toMatchObject({ code: 4401 });
    expect((await dial(id)).status).toBe(401);
    await disable(null);
    expect((await dial(id)).status).toBe(101);
  });

  it('is renamed, and whatever is done to it is in the audit log', async () => {
    const { id, code } = await create();
    await enrol(code, await newKey());
    expect(
      (await call('PATCH', `/api/bridges/${id}`, { as: admin(), body: { name: ' Brest ' } })).json,
    ).toMatchObject({ name: 'Brest' });
    expect(await gateKnows()).toMatchObject([{ name: 'Brest' }]);
    await call('POST', `/api/bridges/${id}/code`, { as: admin() });
    await call('DELETE', `/api/bridges/${id}`, { as: admin() });
    const rows = await openDb(env.DB)
      .select()
      .from(auditLog)
      .where(and(eq(auditLog.tenantId, tenant), eq(auditLog.target, id)));
    expect(rows.map(({ action }) => action)).toEqual([
      'bridge.create',
      'bridge.enrol',
      'bridge.rename',
      'bridge.code',
      'bridge.revoke',
    ]);
    expect(JSON.stringify(rows)).not.toContain(code);
  });

  it('of another tenant looks like none', async () => {
    const { id } = await create();
    const other = String(9_000 + turn);
    await addTenant(other);
    await addUser(other, 'admin', 'admin');
    await signIn('admin', other);
    const as = `admin@${other}`;
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'mine' }],
      ['POST', '/code', undefined],
      ['DELETE', '', undefined],
      ['GET', '/log', undefined],
    ] as const) {
      const foreign = await call(method, `/api/bridges/${id}${path}`, { as, body });
      const none = await call(method, `/api/bridges/${crypto.randomUUID()}${path}`, { as, body });
      expect([foreign.status, foreign.json]).toEqual([none.status, none.json]);
      expect(foreign.status).toBe(404);
    }
    expect((await call('GET', '/api/bridges', { as })).json).toEqual({ items: [] });
  });
});

describe('the door of the tunnel', () => {
  it.each([
    ['no bridge at all', '', 400],
    ['an id nobody has', `?bridge=${crypto.randomUUID()}`, 401],
    ['no id', '?bridge=x', 400],
  ])('refuses %s', async (_, query, status) => {
    const answer = await call('GET', `/bridge/connect${query}`, { headers: { upgrade: 'websocket' } });
    expect(answer).toMatchObject({ status, json: { error: true } });
  });

  it('refuses a bridge that never enrolled, and a request that is no socket', async () => {
    const { id } = await create();
    expect((await dial(id)).status).toBe(401);
    expect((await call('GET', `/bridge/connect?bridge=${id}`)).status).toBe(400);
  });
});

describe('enrolment', () => {
  it('is slowed down for an address that guesses, and for no other', async () => {
    const from = (address: string) => ({
      headers: { 'x-test-address': address },
      bindings: { CLIENT_ADDRESS_HEADER: 'x-test-address' },
    });
    const key = await newKey();
    let last = await enrol(newCode(), key, from('192.0.2.66'));
    for (let n = 0; n < 15 && last.status !== 429; n += 1)
      last = await enrol(newCode(), key, from('192.0.2.66'));
    expect(last.status).toBe(429);
    expect(Number(last.answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const { code } = await create();
    expect((await enrol(code, key, from('192.0.2.66'))).status).toBe(429);
    expect((await enrol(code, key, from('192.0.2.67'))).status).toBe(200);
  });
});

describe('a code', () => {
  it('is read whatever its case, dashes and mistaken letters', () => {
    const code = newCode(new Uint8Array(20).map((_, i) => i));
    expect(code).toBe('01234-56789-ABCDE-FGHJK');
    expect(codeHash('O l 2 3 4 5 6 7 8 9 abcde fghjk')).toBe(codeHash(code));
  });
});
