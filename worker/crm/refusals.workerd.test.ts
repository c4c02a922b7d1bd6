/** What a CRM, a PBX or a part of ours refuses, by every route and under each of its paths that says so. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CrmRoom } from '../../test/worker/support/crm-room';
import { guideRoom } from '../../test/worker/support/guide';
import { enrolled } from '../../test/worker/support/slot-rows';

const PREFIXES = ['/retailcrm/api', '/retailcrm-admin/api'] as const;
const failed = { status: 502, json: { code: 'CALL_FAILED' } };
/** A part that is down: whatever is asked of it throws. */
const broken = new Proxy(
  {},
  {
    get: () => () => {
      throw new Error('down');
    },
  },
);
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(PREFIXES)('a CRM that fails is told by %s', (prefix) => {
  let room: CrmRoom;
  beforeEach(async () => {
    room = await CrmRoom.make();
    await room.register();
    room.sim.faults.push({ kind: 'status', status: 500, times: 100 });
  });

  it.each([
    ['GET', 'drift', undefined],
    ['POST', 'refresh-managers', {}],
    ['POST', 'register', {}],
    ['POST', 'sync-extensions', {}],
    ['POST', 'test-call', { userId: '11', code: '101' }],
    ['POST', 'test-connection', undefined],
  ])('%s %s', async (method, what, body) => {
    const answer = await room.call(method, `${prefix}/${what}/${room.tenant}`, {
      ...(body !== undefined && { body }),
    });
    expect(answer).toMatchObject(failed);
  });

  it('and a registration that is too long is not read', async () => {
    const body = { domain: 'x'.repeat(200_000) };
    expect(await room.call('POST', `${prefix}/register/${room.tenant}`, { body })).toMatchObject({
      status: 413,
      json: { code: 'INVALID_PARAMS' },
    });
  });

  it('and callers are sent on in one’s own company alone', async () => {
    const body = { enterprise_number: '9999', phone: '375290000001' };
    expect((await room.call('POST', `${prefix}/smart-redirect`, { body })).status).toBe(404);
  });
});

describe('a receiver of webhooks that fails', () => {
  it('is told when the connection is tried', async () => {
    const { tenant, call } = await CrmRoom.make();
    const config = { domain: 'https://hooks.example.com/calls', api_key: `whsec_${btoa('x'.repeat(32))}` };
    expect((await call('PUT', `/api/crm/webhook/config/${tenant}`, { body: { config } })).status).toBe(200);
    await runInDurableObject(env.CRM_LINK.getByName(`${tenant}:webhook`), (instance) => {
      Object.assign(instance, { fetcher: () => Promise.resolve(new Response(null, { status: 500 })) });
    });
    expect(await call('POST', `/api/crm/webhook/test-connection/${tenant}`)).toMatchObject(failed);
  });
});

describe('clicks and statuses by POST', () => {
  it('are refused in words', async () => {
    const room = await CrmRoom.make();
    const bridge = await enrolled([], room.tenant);
    bridge.replies.set('pbx.originate', () => ({ refuse: 'PBX_REFUSED', message: 'it is busy' }));
    await room.register();
    const clientId = (await room.row())?.clientId ?? '';
    const post = (path: string, fields: object) =>
      room.call('POST', path, { as: 'nobody', body: { clientId, ...fields } });
    expect((await post('/retailcrm/make-call', { code: '101', phone: 'abc' })).status).toBe(400);
    expect((await post('/retailcrm/make-call', { code: '101', phone: '375290000001' })).status).toBe(502);
    expect((await post('/retailcrm/status', { userId: '11', status: 'asleep' })).status).toBe(400);
    bridge.disconnect();
  });
});

describe('a sign-in from the CRM that is void', () => {
  it.each(['GET', 'POST'])('opens no journal by %s', async (method) => {
    const room = await CrmRoom.make();
    const path = `/retailcrm-admin/journal?enterprise_number=${room.tenant}&token=made.up.token`;
    expect((await room.call(method, path, { as: 'nobody' })).status).toBe(403);
  });
});

describe('events while a part of ours is down', () => {
  const RAW = { Phone: '375290000001', Extensions: ['101'], CallType: 0 };

  it('are no success to whoever sends them', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { room, token } = await guideRoom();
    const bindings = { CALL_HUB: broken };
    const post = (path: string, body: object) =>
      room.call('POST', path, { as: 'nobody', headers: { token }, body, bindings });
    const event = { UniqueId: '1760000700.1', Phone: '375290000001', CallType: 0, Token: token };
    expect((await post('/asterisk/start', event)).status).toBe(500);
    for (const prefix of PREFIXES) {
      const envelope = { enterprise_number: room.tenant, event_type: 'start', payload: event };
      expect((await post(`${prefix}/events`, envelope)).status).toBe(500);
      expect((await post(`${prefix}/events`, { token })).status).toBe(400);
    }
    const dial = { token, uniqueId: '1760000700.2', event_type: 'dial', raw: RAW };
    expect((await post('/dispatch/call-event', dial)).status).toBe(500);
  });

  it('nor is the old service well without its database', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const room = await CrmRoom.make();
    for (const path of ['/health', '/api/status'])
      expect((await room.call('GET', path, { as: 'nobody', bindings: { DB: broken } })).status).toBe(500);
  });
});
