import { desc, eq } from 'drizzle-orm';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guideRoom } from '../../test/worker/support/guide';
import type { CrmRoom } from '../../test/worker/support/crm-room';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { auditLog } from '../db/schema';

let room: CrmRoom;
let secret: string;
let token: string;
let bridge: SlotBridge;

// One tenant asks only so often: a test has its own.
beforeEach(async () => {
  ({ room, secret, token } = await guideRoom());
  bridge = await enrolled([], room.tenant);
});
afterEach(() => {
  expect(bridge.problems).toEqual([]);
  bridge.replies.clear();
  bridge.asked.length = 0;
});

const get = (path: string, query: Record<string, string>, bindings: object = {}) =>
  room.call('GET', `${path}?${String(new URLSearchParams({ clientId: secret, ...query }))}`, {
    as: 'nobody',
    bindings,
  });
const channel = (extension: string, more: object = {}) => ({
  uniqueid: `${extension}.1`,
  linkedid: `l${extension}`,
  channel: `PJSIP/${extension}-00000012`,
  kind: 'extension',
  endpoint: extension,
  state: 'Up',
  caller: extension,
  connected: '',
  context: 'inoffice',
  exten: '',
  application: 'Dial',
  seconds: 3,
  bridge: 'b1',
  ...more,
});
const common = () => ({
  success: true,
  enterprise_number: room.tenant,
  host_ip: null,
  response_time_ms: expect.any(Number) as number,
});

describe('GET /api/makecallexternal', () => {
  const call = (phone: string, more: object = {}) =>
    get('/api/makecallexternal', { code: '101', phone, ...more });
  const rings = () =>
    bridge.replies.set('pbx.originate', ({ call_id }) => ({
      result: { pbx: 'main', uniqueid: `${String(call_id)}-1.1`, linkedid: `${String(call_id)}-1.1` },
    }));

  it('rings the extension, which shows the customer', async () => {
    rings();
    // Known by now: whoever clicks waits for no name.
    await env.CALLER_GUIDE.getByName(room.tenant).nameOf('+375290000001', 5_000);
    expect(await call('375290000001')).toMatchObject({
      status: 200,
      json: {
        ...common(),
        from_ext: '101',
        to_phone: '+375290000001',
        display_name: 'Olga Customer',
        customer: { name: 'Olga Customer' },
      },
    });
    expect(bridge.of('pbx.originate').map(({ args }) => args)).toMatchObject([
      { from: '101', to: '+375290000001', caller_name: 'Olga Customer' },
    ]);
    const log = await room.call('GET', `/retailcrm/api/logs/${room.tenant}?event_type=make_call`);
    expect(log.json['items']).toMatchObject([{ status: 'success', phone: '375290000001' }]);
    expect(log.text).not.toContain(secret);
  });

  it('is one call however often it is clicked within moments, also from the CRM, and fails as one', async () => {
    rings();
    const answers = await Promise.all([call('375290000011'), call('+375290000011'), call('375290000011')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(bridge.of('pbx.originate')).toHaveLength(1);
    bridge.replies.set('pbx.originate', () => ({ refuse: 'PBX_REFUSED', message: 'it is busy' }));
    const clientId = (await room.row())?.clientId ?? '';
    const click = () =>
      room.call(
        'GET',
        `/retailcrm/make-call?${String(new URLSearchParams({ clientId, code: '101', phone: '375290000012' }))}`,
        {
          as: 'nobody',
        },
      );
    const failed = await Promise.all([click(), call('375290000012'), click()]);
    expect(failed.map(({ status }) => status).sort((a, b) => a - b)).toEqual([500, 502, 502]);
    expect((await click()).text).toBe('it is busy');
    expect(bridge.of('pbx.originate')).toHaveLength(2);
  });

  it.each([
    [{ code: '1;rm' }, 400, 'The extension is not valid.'],
    [{ code: '999' }, 400, 'No extension 999 in this company.'],
    [{ phone: 'abc' }, 400, 'The phone number is not valid.'],
    [{ clientId: '' }, 401, 'Invalid clientId'],
    [{ clientId: 'a'.repeat(64) }, 401, 'Invalid clientId'],
  ])('%j is refused', async (more, status, detail) => {
    expect(await call('375290000013', more)).toMatchObject({ status, json: { detail } });
    expect(bridge.of('pbx.originate')).toEqual([]);
  });

  it('takes no host’s token for a secret, and says what is missing', async () => {
    expect((await call('375290000013', { clientId: token })).status).toBe(401);
    const answer = await room.call('GET', '/api/makecallexternal?code=101', { as: 'nobody' });
    expect(answer).toMatchObject({
      status: 422,
      json: {
        detail: [
          { loc: ['query', 'phone'], msg: 'Field required' },
          { loc: ['query', 'clientId'], msg: 'Field required' },
        ],
      },
    });
    expect(await room.call('POST', '/api/makecallexternal', { as: 'nobody' })).toMatchObject({
      status: 405,
      json: { detail: 'Method "POST" not allowed.' },
    });
  });

  it('tells that there is no PBX, or why it failed', async () => {
    bridge.replies.set('pbx.originate', () => ({ refuse: 'PBX_REFUSED', message: 'it is busy' }));
    expect(await call('375290000014')).toMatchObject({
      status: 500,
      json: { detail: 'Call initiation failed: it is busy' },
    });
  });
});

describe('GET /api/monitor', () => {
  const monitor = (more: object = {}) =>
    get('/api/monitor', { action: '01', target: '101', monitor_from: '102', ...more });

  it.each([
    ['09', 'spy', 'listen'],
    ['01', 'whisper', 'whisper'],
    ['02', 'barge', 'barge'],
  ])('%s is %s', async (action, action_name, mode) => {
    bridge.replies.set('pbx.spy', () => ({ result: { uniqueid: '1.1', spied: 'PJSIP/101-00000012' } }));
    expect(await monitor({ action })).toMatchObject({
      status: 200,
      json: {
        ...common(),
        action,
        action_name,
        target: '101',
        monitor_from: '102',
        target_channel: 'PJSIP/101-00000012',
      },
    });
    expect(bridge.of('pbx.spy').map(({ args }) => args)).toMatchObject([
      { by: '102', extension: '101', mode },
    ]);
    const rows = openDb(env.DB).select().from(auditLog).where(eq(auditLog.tenantId, room.tenant));
    expect((await rows.orderBy(desc(auditLog.at)).limit(1))[0]).toMatchObject({
      action: 'pbx.spy',
      actorId: null,
      target: '101',
    });
  });

  it('refuses what is none, and finds nobody in a call', async () => {
    bridge.replies.set('pbx.spy', () => ({ refuse: 'NOT_FOUND', message: 'in no call' }));
    expect(await monitor()).toMatchObject({
      status: 404,
      json: { detail: 'Active channel for extension 101 not found' },
    });
    for (const wrong of [{ action: '03' }, { target: '999' }, { monitor_from: 'x' }, { target: '102' }])
      expect((await monitor(wrong)).status).toBe(400);
    bridge.replies.set('pbx.spy', () => ({ refuse: 'PBX_OFFLINE', message: 'not connected' }));
    expect(await monitor()).toMatchObject({
      status: 500,
      json: { detail: 'Monitoring failed: not connected' },
    });
    bridge.replies.set('pbx.spy', () => ({ refuse: 'FORBIDDEN', message: 'no extension' }));
    expect((await monitor()).status).toBe(400);
    expect((await monitor({ clientId: 'x' })).status).toBe(401);
    expect((await room.call('GET', '/api/monitor', { as: 'nobody' })).status).toBe(422);
  });
});

describe('GET /api/transfer', () => {
  const transfer = (more: object = {}) =>
    get('/api/transfer', { transfer_type: 'blind', from_ext: '101', to_ext: '102', ...more });
  const inCall = (more: object = {}) =>
    bridge.replies.set('pbx.channels', () => ({
      result: { channels: [channel('103'), channel('101', more)] },
    }));

  it.each(['blind', 'attended'])('%s sends the other side away', async (transfer_type) => {
    inCall();
    bridge.replies.set('pbx.redirect', () => ({ result: { channel: 'PJSIP/trunk-1' } }));
    expect(await transfer({ transfer_type })).toMatchObject({
      status: 200,
      json: {
        ...common(),
        transfer_type,
        transfer_name: `${transfer_type} transfer`,
        from_ext: '101',
        to_ext: '102',
        from_channel: 'PJSIP/101-00000012',
      },
    });
    expect(bridge.of('pbx.redirect').map(({ args }) => args)).toMatchObject([
      { linkedid: 'l101', leg: 'peer_of', extension: '101', to: '102' },
    ]);
  });

  it('refuses what is none, and finds nobody in a call', async () => {
    inCall({ bridge: '' });
    expect(await transfer()).toMatchObject({
      status: 404,
      json: { detail: 'Active channel for extension 101 not found' },
    });
    inCall();
    bridge.replies.set('pbx.redirect', () => ({ refuse: 'NOT_FOUND', message: 'gone' }));
    expect((await transfer()).status).toBe(404);
    bridge.replies.set('pbx.redirect', () => ({ refuse: 'PBX_REFUSED', message: 'no' }));
    expect(await transfer()).toMatchObject({ status: 500, json: { detail: 'Transfer failed: no' } });
    for (const wrong of [{ transfer_type: 'warm' }, { from_ext: '999' }, { to_ext: '101' }])
      expect((await transfer(wrong)).status).toBe(400);
    expect((await transfer({ clientId: 'x' })).status).toBe(401);
    expect((await room.call('GET', '/api/transfer', { as: 'nobody' })).status).toBe(422);
  });
});

describe('the service itself', () => {
  it('says that it is there', async () => {
    expect((await room.call('GET', '/health', { as: 'nobody' })).json).toEqual({
      status: 'ok',
      service: 'trunkline',
      port: 443,
    });
    expect((await room.call('GET', '/api/status', { as: 'nobody' })).json).toEqual({
      service: 'trunkline',
      version: '1.0',
      database: 'connected',
      asterisk_config: { method: 'bridge', ssh_port: null, ssh_user: null },
    });
  });

  it('answers one tenant only so often', async () => {
    const empty = {
      RATE_LIMITER: {
        getByName: () => ({ take: () => Promise.resolve({ ok: false, retryAfterMs: 1_200 }) }),
      },
    };
    for (const [path, query] of [
      ['/api/makecallexternal', { code: '101', phone: '375290000015' }],
      ['/api/monitor', { action: '01', target: '101', monitor_from: '102' }],
      ['/api/transfer', { transfer_type: 'blind', from_ext: '101', to_ext: '102' }],
    ] as const) {
      const answer = await get(path, query, empty);
      expect([answer.status, answer.answer.headers.get('retry-after')]).toEqual([429, '2']);
    }
  });

  it('has no PBX where no bridge has one, and none that is away', async () => {
    const query = { action: '01', target: '101', monitor_from: '102' };
    bridge.disconnect();
    expect(await get('/api/monitor', query)).toMatchObject({
      status: 500,
      json: { detail: 'Monitoring failed: the bridge is not connected' },
    });
    const other = await guideRoom();
    for (const asked of [
      `/api/monitor?${String(new URLSearchParams(query))}`,
      '/api/makecallexternal?code=101&phone=375290000016',
    ])
      expect(await room.call('GET', `${asked}&clientId=${other.secret}`, { as: 'nobody' })).toMatchObject({
        status: 500,
        json: { detail: 'Host IP not configured for this enterprise' },
      });
  });
});
