import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RetailCrmSim } from '../../test/sim/retailcrm/sim';
import { addTenant } from '../../test/worker/support/people';
import { CrmRoom, DOMAIN } from '../../test/worker/support/crm-room';

let room: CrmRoom;
let tenant: string;
let sim: RetailCrmSim;
beforeEach(async () => {
  room = await CrmRoom.make();
  ({ tenant, sim } = room);
});
const call: CrmRoom['call'] = (...asked) => room.call(...asked);
const register: CrmRoom['register'] = (...asked) => room.register(...asked);

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
    expect(listed).toMatchObject({ status: 200, json: { items: [{ kind: 'record', attempts: 2 }] } });
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
    // Both were refused together, then each alone.
    expect(((await call('GET', `/retailcrm/api/digest/${tenant}`)).json.errors as unknown[]).length).toBe(4);
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
    expect(await room.lastAudit()).toMatchObject({ action: 'crm.config', actorId: 'crm:retailcrm' });
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
    for (const bad of [cookie, none, `${head}.${body}.AAAA`, 'x', room.tokenOf('admin')])
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
        seen.push({
          headers: new Headers(init?.headers),
          body: typeof init?.body === 'string' ? init.body : '',
        });
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
