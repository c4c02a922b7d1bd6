import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { hubOf } from '../../test/worker/support/call-hub';
import { CrmRoom, DOMAIN } from '../../test/worker/support/crm-room';
import { openDb } from '../db';
import { crmLinks } from '../db/schema';

let room: CrmRoom;
const at = (path: string) => `/retailcrm/cache${path}`;
const call: CrmRoom['call'] = (method, path, asking) => room.call(method, at(path), asking);
const iso = expect.stringMatching(/^\d{4}-.*Z$/) as string;

beforeAll(async () => {
  room = await CrmRoom.make();
});

describe('the cache of configurations', () => {
  it('knows nothing of a tenant that has no CRM', async () => {
    for (const path of [`/integrations/${room.tenant}`, `/config/${room.tenant}`])
      expect(await call('GET', path)).toMatchObject({
        status: 404,
        json: { message: 'No CRM is connected.' },
      });
    expect(await call('GET', `/config/${room.tenant}/webhook`)).toMatchObject({ status: 404 });
    const body = { integration_type: 'webhook' };
    expect(await call('POST', `/invalidate/${room.tenant}`, { body })).toMatchObject({ status: 404 });
    expect(await call('POST', '/refresh')).toMatchObject({ json: { success: true, refreshed: [] } });
    expect(await call('GET', '/entries')).toMatchObject({ json: { entries: [], count: 0 } });
  });

  it('shows the copies with their age, and the configuration that was put, masked', async () => {
    const before = Date.now();
    const body = { config: { domain: DOMAIN, api_key: 'an-invented-key' } };
    expect(await call('PUT', `/config/${room.tenant}/retailcrm`, { body })).toMatchObject({
      status: 200,
      json: {
        enterprise_number: room.tenant,
        config: { domain: DOMAIN, api_key: '****-key', enabled: true },
        source: 'database',
        cached_at: iso,
      },
    });
    expect(await room.lastAudit()).toMatchObject({ action: 'crm.config', target: 'retailcrm' });
    const shown = await call('GET', `/config/${room.tenant}/retailcrm`, { as: 'engineer' });
    expect(shown.json).toMatchObject({ config: { domain: DOMAIN } });
    expect(Date.parse(String(shown.json.cached_at))).toBeGreaterThanOrEqual(before);
    expect(shown.text).not.toContain('an-invented-key');
    expect((await call('GET', `/config/${room.tenant}`)).json).toMatchObject({
      integrations: { retailcrm: { domain: DOMAIN } },
    });
    expect((await call('GET', `/integrations/${room.tenant}`)).json).toEqual({
      integrations: { retailcrm: true },
      created_at: iso,
      expires_at: iso,
      age_seconds: expect.any(Number) as number,
    });
    expect((await call('GET', '/entries')).json).toMatchObject({
      entries: [{ enterprise_number: room.tenant, integration_type: 'retailcrm', enabled: true }],
      count: 1,
    });
    expect((await call('GET', '/health')).json).toMatchObject({
      status: 'healthy',
      cache_size: 1,
      database_connected: true,
    });
  });

  it('brings what calls are told by in line with what is stored, though nobody was told of the change', async () => {
    const off = { enabled: false };
    await openDb(env.DB).update(crmLinks).set(off).where(eq(crmLinks.tenantId, room.tenant));
    const told = async () => [
      (await hubOf(room.tenant).crmCopy()).links,
      (await call('GET', `/integrations/${room.tenant}`)).json.integrations,
    ];
    expect(await told()).toEqual([[{ family: 'retailcrm', enabled: true }], { retailcrm: true }]);
    expect((await call('POST', `/invalidate/${room.tenant}`)).json).toEqual({
      success: true,
      invalidated: ['retailcrm'],
    });
    expect(await told()).toEqual([[{ family: 'retailcrm', enabled: false }], { retailcrm: false }]);
    const on = { enabled: true };
    await openDb(env.DB).update(crmLinks).set(on).where(eq(crmLinks.tenantId, room.tenant));
    expect((await call('POST', '/refresh')).json).toMatchObject({ refreshed: ['retailcrm'] });
    expect(await told()).toEqual([[{ family: 'retailcrm', enabled: true }], { retailcrm: true }]);
  });

  it('counts how often a call was read by the copies', async () => {
    const rules = { incomingTransform: { 'gsm:0001001': '+375{9}' } };
    const path = `/retailcrm/api/config/${room.tenant}`;
    expect((await room.call('PUT', path, { body: { config: { rules } } })).status).toBe(200);
    const before = (await call('GET', '/stats')).json;
    const body = { UniqueId: '1760000000.1', Phone: '375290000000', CallType: 0, Trunk: '0001001' };
    await hubOf(room.tenant).ingestPbx({ event: 'start', body, receivedAt: Date.now() });
    const after = (await call('GET', '/stats')).json;
    expect(after).toMatchObject({
      hits: Number(before.hits) + 1,
      misses: 0,
      cache_size: 1,
      config_cache_size: 1,
      last_full_refresh: iso,
      hit_rate_percent: 100,
      cache_entries: [room.tenant],
      config_cache_entries: [`${room.tenant}:retailcrm`],
      incoming_transform_cached: 1,
    });
    expect(after.total_requests).toBe(after.hits);
    expect(Number(after.config_hits)).toBeGreaterThan(Number(before.config_hits));
  });
});
