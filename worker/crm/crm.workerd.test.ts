import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { and, desc, eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { RetailCrmSim } from '../../test/sim/retailcrm/sim';
import { addTenant, addUser } from '../../test/worker/support/people';
import { buildApp } from '../app';
import { openDb } from '../db';
import { auditLog, crmLinks, extensions } from '../db/schema';

const app = buildApp();
const db = openDb(env.DB);
const DOMAIN = 'https://demo.retailcrm.example.com';
const tokens = new Map<string, string>();
let turn = 0;
let tenant: string;
let sim: RetailCrmSim;

type Json = Record<string, unknown>;
interface Request {
  as?: string | undefined;
  body?: unknown;
  form?: string;
  headers?: Record<string, string>;
  bindings?: object;
}

async function call(
  method: string,
  path: string,
  { as = 'admin', body, form, headers, bindings }: Request = {},
) {
  const token = tokens.get(`${as}@${tenant}`);
  const answer = await app.request(
    `https://pbx.example${path}`,
    {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form !== undefined && { body: form }),
    },
    { ...env, ...bindings },
  );
  const text = await answer.text();
  return {
    status: answer.status,
    text,
    answer,
    json: (text.startsWith('{') ? JSON.parse(text) : {}) as Json,
  };
}

/** Puts the stand-in behind the tenant's link. */
const behind = (family = 'retailcrm') =>
  runInDurableObject(env.CRM_LINK.getByName(`${tenant}:${family}`), (instance) => {
    (instance as unknown as { fetcher: RetailCrmSim['fetch'] }).fetcher = sim.fetch;
  });

const register = (body: unknown = { domain: DOMAIN, api_key: sim.apiKey }) =>
  call('POST', `/retailcrm/api/register/${tenant}`, { body });
const lastAudit = async () =>
  (
    await db.select().from(auditLog).where(eq(auditLog.tenantId, tenant)).orderBy(desc(auditLog.at)).limit(1)
  )[0];
const row = async () =>
  (
    await db
      .select()
      .from(crmLinks)
      .where(and(eq(crmLinks.tenantId, tenant), eq(crmLinks.family, 'retailcrm')))
  )[0];

beforeEach(async () => {
  turn += 1;
  tenant = String(6_000 + turn);
  sim = new RetailCrmSim({ generalRate: 1_000 });
  await addTenant(tenant);
  const anna = await addUser(tenant, 'anna');
  await addUser(tenant, 'admin', 'admin');
  await addUser(tenant, 'engineer', 'engineer');
  await db.insert(extensions).values(
    ['101', '102', '103'].map((number) => ({
      id: `${tenant}-${number}`,
      tenantId: tenant,
      number,
      userId: number === '101' ? anna : null,
      createdAt: 1,
    })),
  );
  for (const who of ['admin', 'engineer', 'anna']) {
    const { json } = await call('POST', '/api/auth/login', {
      as: 'nobody',
      body: { username: `${who}@${tenant}`, password: `pw-${who}` },
    });
    tokens.set(`${who}@${tenant}`, String(json.token));
  }
  await behind();
});

describe('registration', () => {
  it('makes us known to the CRM, keeps the key sealed and shows it masked', async () => {
    expect(await register()).toMatchObject({
      status: 200,
      json: { success: true, result: { created: true } },
    });
    const module = sim.module;
    expect(module?.body).toMatchObject({
      code: 'trunkline',
      baseUrl: 'https://pbx.example',
      integrations: { telephony: { allowEdit: false, inputEventSupported: true } },
    });
    const kept = await row();
    expect(kept?.secret).not.toContain(sim.apiKey);
    expect(kept?.clientId).toBe(module?.clientId);
    expect(kept?.clientId).toMatch(/^[0-9a-f]{64}$/);
    const shown = await call('GET', `/retailcrm/api/config/${tenant}`, { as: 'engineer' });
    expect(shown).toMatchObject({
      status: 200,
      json: {
        enterprise_number: tenant,
        config: { enabled: true, domain: DOMAIN, api_key: '****-key', version: '1.0' },
      },
    });
    expect(shown.text).not.toContain(kept?.clientId);
    const audit = await lastAudit();
    expect(audit).toMatchObject({
      action: 'crm.register',
      before: null,
      after: { domain: DOMAIN, enabled: true },
    });
  });

  it('takes a form, and what is missing from the stored configuration; a repeat keeps the extensions', async () => {
    await call('POST', `/retailcrm-admin/api/register/${tenant}`, {
      form: new URLSearchParams({ domain: 'demo.retailcrm.example.com', api_key: sim.apiKey }).toString(),
    });
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, {
      body: { extensions: { '11': '101', '12': '102' } },
    });
    const first = await row();
    for (const again of [{}, { form: '' }, { body: { domain: '', api_key: '' } }, { form: '{"domain":' }])
      expect(await call('POST', `/retailcrm/api/register/${tenant}`, again)).toMatchObject({ status: 200 });
    expect(sim.module?.telephony.additionalCodes).toEqual([
      { userId: 11, code: '101' },
      { userId: 12, code: '102' },
    ]);
    const second = await row();
    expect(second?.clientId).not.toBe(first?.clientId);
    expect(second?.tokenVersion).toBeGreaterThan(first?.tokenVersion ?? Infinity);
  });

  it('stores nothing when the CRM refuses, and says what it said', async () => {
    expect(await register({ domain: DOMAIN, api_key: 'wrong' })).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PARAMS', message: 'Wrong "apiKey" value.' },
    });
    expect(await row()).toBeUndefined();
    sim.faults.push({ kind: 'status', status: 502 });
    expect(await register()).toMatchObject({ status: 502, json: { code: 'CALL_FAILED' } });
    expect(await register({})).toMatchObject({
      status: 400,
      json: { details: { domain: ['required'], api_key: ['required'] } },
    });
  });

  it.each([
    'http://127.0.0.1:9',
    'https://127.0.0.1',
    'https://intranet',
    'https://demo.example.com:8443',
    'ftp://x.example.com',
    'https://u:p@x.example.com',
  ])('asks no such address: %s', async (domain) => {
    expect(await register({ domain, api_key: 'k' })).toMatchObject({
      status: 400,
      json: { details: { domain: [expect.any(String)] } },
    });
    expect(sim.seen).toEqual([]);
  });

  it('takes plain http of this machine in demo mode alone', async () => {
    const body = { config: { domain: 'http://127.0.0.1:8790', api_key: 'k-1234' } };
    const path = `/retailcrm/api/config/${tenant}`;
    expect(await call('PUT', path, { body })).toMatchObject({ status: 400 });
    expect(await call('PUT', path, { body, bindings: { DEMO: '1' } })).toMatchObject({
      status: 200,
      json: { config: { domain: 'http://127.0.0.1:8790' } },
    });
    const elsewhere = { config: { domain: 'http://10.0.0.1', api_key: 'k-1234' } };
    expect(await call('PUT', path, { body: elsewhere, bindings: { DEMO: '1' } })).toMatchObject({
      status: 400,
    });
  });
});

describe('configuration', () => {
  it('changes what is given, from the next event on, and leaves the rest', async () => {
    await register();
    const path = `/retailcrm-admin/api/config/${tenant}`;
    const change = {
      site: 'shop',
      zone: 'Asia/Almaty',
      lines: { '0001001': '+375000000009' },
      rules: { attribution: 'last' },
    };
    const changed = await call('PUT', path, { body: { config: change } });
    expect(changed).toMatchObject({
      status: 200,
      json: { config: { ...change, rules: { attribution: 'last', groupPopups: 'all' } } },
    });
    expect(await call('PUT', path, { body: { config: { api_key: '****-key', site: null } } })).toMatchObject({
      json: { config: { site: null, zone: 'Asia/Almaty', rules: { attribution: 'last' } } },
    });
    expect(await call('POST', `/retailcrm/api/test-connection/${tenant}`)).toMatchObject({ status: 200 });
    const audit = await lastAudit();
    expect(audit).toMatchObject({ action: 'crm.config', before: { site: 'shop' }, after: { site: null } });
    expect(JSON.stringify(audit)).not.toContain(sim.apiKey);
    await call('PUT', path, { body: { config: { enabled: false } } });
    expect(await call('GET', `/retailcrm/api/active-enterprises`)).toMatchObject({
      json: { active_enterprises: [], count: 0 },
    });
  });

  it.each([
    [{ zone: 'Mars/Base' }, 'config.zone'],
    [{ popup_life_sec: 1 }, 'config.popup_life_sec'],
    [{ made_up: 1 }, 'config'],
    [{ rules: { attribution: 'best' } }, 'config.rules.attribution'],
    [{ user_extensions: { '11': '999' } }, 'extensions.11'],
  ])('refuses %j', async (config, field) => {
    await register();
    const answer = await call('PUT', `/retailcrm/api/config/${tenant}`, { body: { config } });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json.details as object)).toEqual([field]);
  });

  it('disconnects: the CRM knows, the key and the extensions are gone', async () => {
    await register();
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    const path = `/retailcrm-admin/api/config/${tenant}`;
    expect(await call('DELETE', path)).toMatchObject({ status: 200, json: { success: true } });
    expect(sim.modules.get('trunkline')).toMatchObject({ active: false, telephony: { additionalCodes: [] } });
    expect(await row()).toBeUndefined();
    for (const method of ['GET', 'DELETE']) expect(await call(method, path)).toMatchObject({ status: 404 });
    expect(await call('GET', `/retailcrm/api/user-extensions/${tenant}`)).toMatchObject({
      json: { total: 0 },
    });
  });

  it('disconnects from a CRM that is away as well, and says so', async () => {
    await register();
    sim.faults.push({ kind: 'status', status: 500 });
    const answer = await call('DELETE', `/retailcrm/api/config/${tenant}`);
    expect(answer).toMatchObject({
      status: 200,
      json: { message: expect.stringContaining('still lists us') as string },
    });
    expect(await row()).toBeUndefined();
  });
});

describe('extensions', () => {
  it('belong to one person each, exist here, and are pushed', async () => {
    await register();
    const save = (given: unknown) =>
      call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: given } });
    expect(await save({ '11': '101', '12': '102' })).toMatchObject({
      status: 200,
      json: { success: true, saved_extensions: { '11': '101', '12': '102' }, sync: 'ok', error: null },
    });
    const moved = await save({ '12': '101' });
    expect(moved.json.saved_extensions).toEqual({ '12': '101' });
    expect(moved.json.assignments).toEqual([{ userId: '12', code: '101' }]);
    expect(sim.module?.telephony.additionalCodes).toEqual([{ userId: 12, code: '101' }]);
    const swapped = await save({ '11': '101', '12': '102' });
    expect(swapped.json.saved_extensions).toEqual({ '11': '101', '12': '102' });
    expect((await save({ '12': null })).json.saved_extensions).toEqual({ '11': '101' });
    expect((await save({ '11': '101', '12': '101' })).status).toBe(400);
    expect((await save({ '11': '199' })).status).toBe(400);
  });

  it('are kept where the CRM is away, and marked', async () => {
    await register();
    sim.faults.push({ kind: 'status', status: 502 });
    expect(
      await call('POST', `/retailcrm/api/save-extensions/${tenant}`, {
        body: { extensions: { '11': '101' } },
      }),
    ).toMatchObject({ status: 200, json: { saved_extensions: { '11': '101' }, sync: 'pending' } });
    expect(await call('GET', `/retailcrm/api/link/${tenant}`)).toMatchObject({
      json: { sync: { state: 'pending' } },
    });
    expect(await call('GET', `/retailcrm/api/drift/${tenant}`)).toMatchObject({
      json: { missing: [{ userId: '11', code: '101' }], extra: [], active: true },
    });
    expect(await call('POST', `/retailcrm/api/sync-extensions/${tenant}`)).toMatchObject({
      status: 200,
      json: { synced_extensions: 1, local_extensions: { '11': '101' } },
    });
    expect(await call('GET', `/retailcrm/api/drift/${tenant}`)).toMatchObject({ json: { missing: [] } });
  });

  it('are taken over from the CRM where we have none, as far as they are ours', async () => {
    await register();
    const parts = sim.module?.telephony;
    if (parts === undefined) throw new Error('not registered');
    const theirs = [
      { userId: 11, code: '103' },
      { userId: 12, code: '999' },
    ];
    const { body } = sim.module as unknown as { body: { integrations: { telephony: object } } };
    body.integrations.telephony = { ...body.integrations.telephony, additionalCodes: theirs };
    const refresh = () => call('POST', `/retailcrm/api/refresh-managers/${tenant}`);
    const first = await refresh();
    expect(first).toMatchObject({ status: 200, json: { success: true, total: 3, imported: 1 } });
    expect(first.json.users).toMatchObject([
      { id: '11', firstName: 'Anna', extension: '103', crm_code: '103' },
      { id: '12', extension: null, crm_code: '999' },
      { id: '13', extension: null, crm_code: null },
    ]);
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    expect((await refresh()).json).toMatchObject({ imported: 0 });
    expect(await call('GET', `/retailcrm/api/internal-phones/${tenant}`)).toMatchObject({
      json: {
        total: 3,
        phones: [
          { phone_number: '101', owner: `anna of ${tenant}` },
          { phone_number: '102', owner: null, user_id: null },
          { phone_number: '103' },
        ],
      },
    });
  });

  it('can be tried with a popup', async () => {
    await register();
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    const tryIt = (code: string) =>
      call('POST', `/retailcrm/api/test-call/${tenant}`, { body: { userId: '11', code } });
    expect(await tryIt('101')).toMatchObject({ status: 200, json: { success: true } });
    expect(sim.popups.map(({ type, codes }) => [type, codes])).toEqual([
      ['in', ['101']],
      ['hangup', ['101']],
    ]);
    expect(await tryIt('102')).toMatchObject({ status: 400 });
  });
});

describe('what cannot be told', () => {
  it('is listed, told anew and forgotten by a person', async () => {
    await register();
    for (const module of sim.modules.values()) module.active = false;
    const at = Date.now();
    const call1 = {
      callId: 'c_1',
      externalId: '1.1',
      direction: 'in',
      phone: '+375290000001',
      trunk: null,
    } as const;
    const record = {
      kind: 'record',
      n: 1,
      at,
      startedAt: at,
      endedAt: at,
      durationSec: 0,
      waitingSec: 5,
      result: 'no_answer',
      extension: null,
      talkers: [],
      recordingId: null,
      recovered: false,
    } as const;
    const link = env.CRM_LINK.getByName(`${tenant}:retailcrm`);
    await link.takeIntents(
      ['c_1', 'c_2'].map((callId) => ({
        ...record,
        id: `${callId}/1`,
        call: { ...call1, callId, externalId: callId },
        talkers: [],
      })),
    );
    await runDurableObjectAlarm(link);
    const listed = await call('GET', `/retailcrm/api/dead-letters/${tenant}?limit=1`, { as: 'engineer' });
    expect(listed).toMatchObject({ status: 200, json: { items: [{ kind: 'record', attempts: 1 }] } });
    expect(
      await call('GET', `/retailcrm/api/dead-letters/${tenant}?cursor=${String(listed.json.next)}`),
    ).toMatchObject({ json: { next: null } });
    expect(
      await call(
        'GET',
        `/retailcrm/api/logs/${tenant}?status=error&event_type=calls_upload&phone=375290000001&limit=1`,
      ),
    ).toMatchObject({
      json: { items: [{ integration_type: 'retailcrm', enterprise_number: tenant, http_status: 400 }] },
    });
    expect(((await call('GET', `/retailcrm/api/digest/${tenant}`)).json.errors as unknown[]).length).toBe(2);
    for (const module of sim.modules.values()) module.active = true;
    expect(
      await call('POST', `/retailcrm/api/dead-letters/${tenant}/replay`, { body: { ids: ['c_1/1'] } }),
    ).toMatchObject({ json: { replayed: 1 } });
    expect(await call('POST', `/retailcrm/api/dead-letters/${tenant}/discard`, { body: {} })).toMatchObject({
      json: { discarded: 1 },
    });
    await runDurableObjectAlarm(link);
    expect(sim.history.map((one) => one.externalId)).toEqual(['c_1']);
    expect(await call('POST', `/retailcrm/api/resume/${tenant}`)).toMatchObject({
      status: 200,
      json: { held: null },
    });
  });
});

describe('who may', () => {
  const paths = (ent: string): [string, string, unknown?][] => [
    ['GET', `/retailcrm/api/config/${ent}`],
    ['PUT', `/retailcrm/api/config/${ent}`, { config: {} }],
    ['DELETE', `/retailcrm-admin/api/config/${ent}`],
    ['POST', `/retailcrm/api/register/${ent}`],
    ['GET', `/retailcrm-admin/api/logs/${ent}`],
    ['POST', `/retailcrm/api/save-extensions/${ent}`, { extensions: {} }],
    ['GET', `/api/crm/webhook/config/${ent}`],
    ['POST', `/retailcrm/api/config-cache/refresh/${ent}`],
    ['GET', `/retailcrm/api/internal-phones/${ent}`],
  ];
  it('finds nothing of another tenant, whether there is one or not', async () => {
    await register();
    await addTenant('6999');
    for (const ent of ['6999', '9998'])
      for (const [method, path, body] of paths(ent))
        expect([path, (await call(method, path, { ...(body !== undefined && { body }) })).status]).toEqual([
          path,
          404,
        ]);
  });

  it('lets an engineer look and an operator not even that', async () => {
    await register();
    for (const [method, path, body] of paths(tenant)) {
      const asked = { ...(body !== undefined && { body }) };
      expect((await call(method, path, { as: 'anna', ...asked })).status).toBe(403);
      expect((await call(method, path, { as: 'nobody', ...asked })).status).toBe(401);
      if (method !== 'GET') expect((await call(method, path, { as: 'engineer', ...asked })).status).toBe(403);
    }
  });
});

describe('sign-in from the CRM', () => {
  const swap = async (method: 'GET' | 'POST' = 'POST') => {
    const url = new URL(sim.module?.accountUrl ?? '');
    const form = method === 'POST' ? { form: 'clientId=x' } : {};
    return call(method, `${url.pathname}${url.search}`, { as: 'nobody', ...form });
  };
  const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const session = (cookie: string, path = '/retailcrm-admin/api/session') =>
    call('GET', path, { as: 'nobody', headers: { cookie } });

  it.each(['GET', 'POST'] as const)(
    'swaps the token for a cookie of these screens, by %s',
    async (method) => {
      await register();
      const { answer, status } = await swap(method);
      expect(status).toBe(303);
      expect(answer.headers.get('location')).toBe(`/retailcrm-admin/?enterprise_number=${tenant}`);
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      const set = answer.headers.get('set-cookie') ?? '';
      for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/retailcrm-admin'])
        expect(set).toContain(part);
      const cookie = cookieOf(answer);
      expect(await session(cookie)).toMatchObject({
        status: 200,
        json: { enterprise_number: tenant, from_crm: true, can_manage: true },
      });
      expect(await session(cookie, `/retailcrm-admin/api/config/${tenant}`)).toMatchObject({ status: 200 });
      expect(await session(cookie, `/retailcrm-admin/api/config/6998`)).toMatchObject({ status: 404 });
      for (const elsewhere of [`/retailcrm/api/config/${tenant}`, '/api/users', '/api/auth/me'])
        expect((await session(cookie, elsewhere)).status).toBe(401);
    },
  );

  it('changes nothing without proof that our own page asked', async () => {
    await register();
    const cookie = cookieOf((await swap()).answer);
    const change = { as: 'nobody', body: { config: { site: 'x' } } };
    const path = `/retailcrm-admin/api/config/${tenant}`;
    expect(await call('PUT', path, { ...change, headers: { cookie } })).toMatchObject({ status: 403 });
    const ours = { cookie, 'x-trunkline': '1', 'sec-fetch-site': 'same-origin' };
    expect(await call('PUT', path, { ...change, headers: ours })).toMatchObject({ status: 200 });
    expect(await lastAudit()).toMatchObject({ action: 'crm.config', actorId: 'crm:retailcrm' });
  });

  it('is over when the CRM is registered again or disconnected', async () => {
    await register();
    const old = await swap();
    const stale = new URL(sim.module?.accountUrl ?? '');
    await register({});
    expect((await session(cookieOf(old.answer))).status).toBe(401);
    const again = await call('POST', `${stale.pathname}${stale.search}`, { as: 'nobody' });
    expect([again.status, again.answer.headers.get('set-cookie')]).toEqual([403, null]);
    const fresh = await swap();
    expect((await session(cookieOf(fresh.answer))).status).toBe(200);
    const last = new URL(sim.module?.accountUrl ?? '');
    await call('DELETE', `/retailcrm/api/config/${tenant}`);
    expect((await session(cookieOf(fresh.answer))).status).toBe(401);
    expect((await call('GET', `${last.pathname}${last.search}`, { as: 'nobody' })).status).toBe(403);
    await register();
    expect((await call('GET', `${last.pathname}${last.search}`, { as: 'nobody' })).status).toBe(403);
  });

  it('takes no token of another kind, tenant or hand', async () => {
    await register();
    const url = new URL(sim.module?.accountUrl ?? '');
    const token = url.searchParams.get('token') ?? '';
    const cookie = cookieOf((await swap()).answer).split('=')[1] ?? '';
    const [head = '', body = ''] = token.split('.');
    const none = `${btoa('{"alg":"none","typ":"JWT"}').replaceAll('=', '')}.${body}.`;
    for (const bad of [cookie, none, `${head}.${body}.AAAA`, 'x', tokens.get(`admin@${tenant}`) ?? ''])
      expect(
        (await call('GET', `/retailcrm-admin/?token=${encodeURIComponent(bad)}`, { as: 'nobody' })).status,
      ).toBe(403);
    expect(
      (await call('GET', `/retailcrm-admin/?enterprise_number=6997&token=${token}`, { as: 'nobody' })).status,
    ).toBe(403);
    expect((await session(`__Secure-tl_crm=${token}`)).status).toBe(401);
  });
});

describe('health, counters and the copy', () => {
  it('answers in its documented shapes', async () => {
    expect(await call('GET', '/retailcrm/health', { as: 'nobody' })).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    });
    expect(await call('POST', '/retailcrm/api/config-cache/refresh-all')).toMatchObject({
      json: { result: { refreshed: [], skipped: [tenant] } },
    });
    await register();
    expect(await call('POST', '/retailcrm/api/config-cache/refresh-all')).toMatchObject({
      json: { result: { refreshed: [tenant], skipped: [] } },
    });
    expect(await call('POST', `/retailcrm/api/config-cache/refresh/${tenant}`)).toMatchObject({
      status: 200,
      json: { enterprise_number: tenant, refreshed: true, config: { domain: DOMAIN } },
    });
    expect(await call('GET', '/retailcrm/api/config-cache/active-enterprises')).toMatchObject({
      json: { active_enterprises: [tenant], count: 1 },
    });
    expect(await call('GET', `/retailcrm/api/integrations/${tenant}`)).toMatchObject({
      json: { integrations: { retailcrm: true } },
    });
    expect(await call('GET', '/retailcrm/stats')).toMatchObject({
      status: 200,
      json: { service: 'retailcrm', db: { initialized: true }, cache: { size: 1, ttl: 120 } },
    });
  });
});

describe('a signed webhook', () => {
  it('is another family by the same routes', async () => {
    const seen: { headers: Headers; body: string }[] = [];
    const secret = `whsec_${btoa('a key of twenty-four byte')}`;
    const path = `/api/crm/webhook/config/${tenant}`;
    expect(
      await call('PUT', path, {
        body: { config: { domain: 'https://hooks.example.com/calls?x=1', api_key: secret } },
      }),
    ).toMatchObject({ status: 200, json: { config: { domain: 'https://hooks.example.com/calls?x=1' } } });
    const link = env.CRM_LINK.getByName(`${tenant}:webhook`);
    await runInDurableObject(link, (instance) => {
      (instance as unknown as { fetcher: RetailCrmSim['fetch'] }).fetcher = async (_, init) => {
        seen.push({ headers: new Headers(init?.headers), body: String(init?.body) });
        return new Response(null, { status: 204 });
      };
    });
    expect(await call('POST', `/api/crm/webhook/test-connection/${tenant}`)).toMatchObject({ status: 200 });
    const { headers, body } = seen[0] ?? { headers: new Headers(), body: '' };
    const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`;
    const key = await crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode('a key of twenty-four byte'),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    const [version, signature = ''] = (headers.get('webhook-signature') ?? '').split(',');
    expect(version).toBe('v1');
    const bytes = Uint8Array.from(atob(signature), (letter) => letter.charCodeAt(0));
    expect(await crypto.subtle.verify('HMAC', key, bytes, new TextEncoder().encode(signed))).toBe(true);
  });
});
