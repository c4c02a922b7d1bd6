import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDb } from '../db';
import { bridges, callerGuides } from '../db/schema';
import { guideRoom } from '../../test/worker/support/guide';
import type { CrmRoom } from '../../test/worker/support/crm-room';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';

const NEUTRAL = '{"Name":"","DialPlan":null}';
const OLGA = '375290000001';

let room: CrmRoom;
let token: string;
let bridge: SlotBridge | null = null;
let seq = 0;

beforeAll(async () => {
  ({ room, token } = await guideRoom());
});
afterEach(async () => {
  expect(bridge?.problems ?? []).toEqual([]);
  bridge?.disconnect();
  if (bridge !== null) await openDb(env.DB).delete(bridges).where(eq(bridges.id, bridge.record.id));
  await env.SESSION_GATE.getByName(room.tenant).tenantChanged();
  bridge = null;
  room.sim.seen.length = 0;
  room.sim.faults.length = 0;
  // Nothing is set, nothing was found.
  await openDb(env.DB).delete(callerGuides).where(eq(callerGuides.tenantId, room.tenant));
  await env.CALLER_GUIDE.getByName(room.tenant).settingsChanged();
});

const uniqueid = () => `1760000000.${(seq += 1)}`;
const ask = (body: unknown, headers: Record<string, string> = { token }) =>
  room.call('POST', '/api/callevent/getcustomerdata', { as: 'nobody', body, headers });
const asked = (phone: string, trunk = '0001001', more: object = {}) =>
  ask({ UniqueId: uniqueid(), Phone: phone, TrunkId: trunk, LoadDialPlan: 'true', ...more });
const settings = (body: object) =>
  room.call('PUT', `/retailcrm/api/smart-redirect/${room.tenant}/settings`, { body });
const metrics = async () =>
  (await room.call('GET', `/retailcrm/api/smart-redirect/${room.tenant}/metrics`)).json;
/** What the CRM was asked about callers. */
const lookUps = () => room.sim.seen.filter(({ path }) => path === '/api/v5/telephony/manager').length;
const post = (event: string, u: string, body: object) =>
  room.call('POST', `/asterisk/${event}`, { as: 'nobody', body: { Token: token, UniqueId: u, ...body } });
/** A caller: his call begins. */
const calls = async (phone: string, trunk = '0001001') => {
  const u = uniqueid();
  await post('start', u, { Phone: phone, CallType: 0, Trunk: trunk });
  return u;
};
/** A call that somebody of ours had with him, and that is over. */
const talked = async (phone: string, extension: string) => {
  const u = await calls(phone);
  const about = { Phone: phone, CallType: 0, Trunk: '0001001' };
  await post('dial', u, { ...about, Extensions: [extension] });
  await post('bridge', u, {
    BridgeUniqueid: `b${u}`,
    Channel: 'SIP/0001001-1',
    CallerIDNum: phone,
    ConnectedLineNum: extension,
  });
  await post('bridge', `${u}9`, {
    BridgeUniqueid: `b${u}`,
    Channel: `SIP/${extension}-1`,
    CallerIDNum: extension,
    ConnectedLineNum: phone,
  });
  const times = { DateReceived: '', StartTime: '', EndTime: '' };
  await post('hangup', u, { ...about, ...times, Extensions: [extension], CallStatus: '2' });
};
/** A PBX behind a bridge, whose dialplan has the contexts named. */
const withPbx = async (contexts: string[] = []) => {
  bridge = await enrolled([], room.tenant);
  bridge.replies.set('pbx.dialplan', ({ context, exten }) => ({
    result: { exists: contexts.includes(`${String(context)} ${String(exten)}`) },
  }));
  return bridge;
};

describe('getcustomerdata', () => {
  it('names the caller and the context of the manager who knows him', async () => {
    await withPbx(['mngr12_0001001_1 0001001']);
    await settings({ phone_ids: { '101': '12' } });
    const answer = await asked(OLGA);
    expect([answer.status, answer.text]).toEqual([
      200,
      '{"Name":"Olga Customer","DialPlan":"mngr12_0001001_1"}',
    ]);
    expect(answer.answer.headers.get('content-type')).toContain('application/json');
    // Only the name is wanted.
    expect((await asked(OLGA, '0001001', { LoadDialPlan: 'false' })).text).toBe(
      '{"Name":"Olga Customer","DialPlan":null}',
    );
    // The PBX has none for this line.
    expect((await asked(OLGA, '0001002')).text).toBe('{"Name":"Olga Customer","DialPlan":null}');
  });

  it('takes a context that is said to be there where no bridge can look', async () => {
    await settings({ context: 'to_{extension}', contexts: ['to_101'] });
    expect((await asked(OLGA)).text).toBe('{"Name":"Olga Customer","DialPlan":"to_101"}');
  });

  it('leaves a caller alone whose manager is busy, has no phone of ours, or is nobody', async () => {
    // Vera is at dinner and has no extension: nobody else gets her customer.
    await talked('375290000002', '102');
    await settings({ context: 'to_{extension}', contexts: ['to_101', 'to_102'] });
    expect((await asked('375290000002')).text).toBe('{"Name":"Pavel Customer","DialPlan":null}');
    await settings({ ignore_status: true });
    expect((await asked('375290000002')).text).toBe('{"Name":"Pavel Customer","DialPlan":null}');
    expect((await asked('375290000009')).text).toBe(NEUTRAL);
    expect((await asked('')).text).toBe(NEUTRAL);
  });

  it('goes by who talked with the caller where the CRM knows nobody, or the line says so', async () => {
    const contexts = ['to_101', 'to_102'];
    const lines = {
      'gsm:0002001': { algorithm: 'first_call' },
      'sip:office': { algorithm: 'last_call', line_name: 'Office', send_line_name: true },
    };
    await talked('375290000008', '102');
    await talked('375290000008', '101');
    await settings({ context: 'to_{extension}', contexts, lines });
    expect((await asked('375290000008')).text).toBe('{"Name":"","DialPlan":"to_101"}');
    expect((await asked('375290000008', '0002001')).text).toContain('"to_102"');
    expect((await asked('375290000008', 'office')).text).toBe('{"Name":"Office","DialPlan":"to_101"}');
    expect((await asked(OLGA, 'office')).text).toBe('{"Name":"Office | Olga Customer","DialPlan":null}');
    await settings({ history_fallback: false });
    expect((await asked('375290000008')).text).toBe(NEUTRAL);
  });

  it('says what mode and line allow', async () => {
    await settings({ mode: 'name-only', context: 'to_{extension}', contexts: ['to_101'] });
    expect((await asked(OLGA)).text).toBe('{"Name":"Olga Customer","DialPlan":null}');
    await settings({ mode: 'routing+name', lines: { 'gsm:0001001': { do_routing: false } } });
    expect((await asked(OLGA)).text).toBe('{"Name":"Olga Customer","DialPlan":null}');
    await settings({ lines: { 'gsm:0001001': { enabled: false } } });
    expect((await asked(OLGA)).text).toBe(NEUTRAL);
    await settings({ lines: { 'gsm:0001001': null } });
    expect((await asked(OLGA)).text).toBe('{"Name":"Olga Customer","DialPlan":"to_101"}');
    await settings({ mode: 'off' });
    expect((await asked(OLGA)).text).toBe(NEUTRAL);
  });

  it('asks the CRM once for what it was told a moment ago, and looks up who begins to call', async () => {
    const before = await metrics();
    await asked(OLGA);
    await asked(OLGA);
    expect(lookUps()).toBe(1);
    expect(await metrics()).toMatchObject({
      requests_total: Number(before['requests_total']) + 2,
      cache_hits: Number(before['cache_hits']) + 1,
      errors_total: before['errors_total'],
      samples: Number(before['samples']) + 2,
    });
    await calls('375290000002');
    // Nobody is told of who is busy but by a second question.
    await vi.waitFor(() => expect(lookUps()).toBe(3));
    expect((await asked('375290000002')).text).toContain('Pavel');
    expect(lookUps()).toBe(3);
  });

  it('answers in time when the CRM does not, keeps no failure, and has the late answer for the next', async () => {
    const { errors_total: errors } = await metrics();
    room.sim.faults.push({ kind: 'latency', ms: 1_500 });
    expect((await asked(OLGA)).text).toBe(NEUTRAL);
    expect(await metrics()).toMatchObject({ errors_total: Number(errors) + 1 });
    await vi.waitFor(async () => expect((await asked(OLGA)).text).toContain('Olga'), { timeout: 8_000 });
    expect(lookUps()).toBe(1);
    room.sim.faults.push({ kind: 'status' });
    expect((await asked('375290000002')).text).toBe(NEUTRAL);
    expect((await asked('375290000002')).text).toContain('Pavel');
  });

  it.each([
    ['no JSON', 'x'],
    ['a list', '[1]'],
    ['nothing', ''],
  ])('answers %s with something to cut up', async (_, raw) => {
    const answer = await room.call('POST', '/api/callevent/getcustomerdata', {
      as: 'nobody',
      form: raw,
      headers: { token },
    });
    expect([answer.status, answer.text]).toEqual([200, NEUTRAL]);
  });

  it('never shows an error page, whatever is broken here', async () => {
    const bindings = {
      CALLER_GUIDE: {
        getByName: () => {
          throw new Error('no objects today');
        },
      },
    };
    const body = { UniqueId: '1.1', Phone: OLGA, TrunkId: '0001001', LoadDialPlan: 'true' };
    const answer = await room.call('POST', '/api/callevent/getcustomerdata', {
      as: 'nobody',
      body,
      headers: { token },
      bindings,
    });
    expect([answer.status, answer.text]).toEqual([200, NEUTRAL]);
  });

  it('is nobody’s without the token of a host', async () => {
    for (const wrong of ['', '999'])
      expect(await ask({ Phone: OLGA }, { token: wrong })).toMatchObject({
        status: 401,
        json: { error: 'Unknown token.' },
      });
  });
});

describe('smart redirect', () => {
  const redirect = (body: object, asking: object = {}) =>
    room.call('POST', '/retailcrm/api/smart-redirect', {
      body: { enterprise_number: room.tenant, phone: OLGA, ...body },
      ...asking,
    });
  const pbx = async () => {
    const found = await withPbx();
    found.replies.set('pbx.redirect', () => ({ result: { channel: 'SIP/0001001-0000000a' } }));
    return found;
  };

  it('tells who knows a caller', async () => {
    const first = await redirect({});
    expect(first.json).toMatchObject({
      success: true,
      extension: '101',
      user_id: '11',
      customer_name: 'Olga Customer',
      source: 'crm',
      redirect: 'skipped',
      reason: null,
    });
    expect((await redirect({})).json).toMatchObject({ extension: '101', source: 'cache' });
    expect((await redirect({ phone: '375290000009' })).json).toMatchObject({
      extension: null,
      source: 'none',
    });
  });

  it('sends a caller who waits there, once, and notes it', async () => {
    const found = await pbx();
    const unique_id = await calls(OLGA);
    const [one, two] = await Promise.all([redirect({ unique_id }), redirect({ unique_id })]);
    expect(new Set([one.json['redirect'], two.json['redirect']])).toEqual(new Set(['queued', 'skipped']));
    const sent = await found.nth('pbx.redirect');
    expect(sent.args).toMatchObject({
      linkedid: unique_id,
      leg: 'outside',
      to: '101',
      unanswered: true,
    });
    expect((await redirect({ unique_id })).json).toMatchObject({ redirect: 'skipped', reason: 'repeated' });
    await soon(async () => {
      const log = await room.call('GET', `/retailcrm/api/logs/${room.tenant}?call_id=${unique_id}`);
      expect(log.json['items']).toMatchObject([{ event_type: 'smart_redirect', status: 'success' }]);
    });
    expect(found.of('pbx.redirect')).toHaveLength(1);
  });

  it('finds the call of a channel', async () => {
    const found = await pbx();
    const unique_id = await calls(OLGA);
    const channel = 'SIP/0001001-0000000a';
    found.replies.set('pbx.channels', () => ({
      result: {
        channels: [
          {
            uniqueid: unique_id,
            linkedid: unique_id,
            channel,
            kind: 'trunk',
            endpoint: '0001001',
            state: 'Ring',
            caller: OLGA,
            connected: '',
            context: 'from-trunk',
            exten: 's',
            application: '',
            seconds: 1,
            bridge: '',
          },
        ],
      },
    }));
    expect((await redirect({ channel: 'SIP/0001001-00000001' })).json).toMatchObject({ reason: 'unknown' });
    expect((await redirect({ channel })).json).toMatchObject({ redirect: 'queued' });
    await found.nth('pbx.redirect');
  });

  it('never moves a call that was answered, is over, or went out', async () => {
    const found = await pbx();
    const answered = await calls(OLGA);
    await post('bridge', answered, {
      BridgeUniqueid: 'b1',
      Channel: 'SIP/0001001-1',
      CallerIDNum: OLGA,
      ConnectedLineNum: '102',
    });
    await post('bridge', uniqueid(), {
      BridgeUniqueid: 'b1',
      Channel: 'SIP/102-1',
      CallerIDNum: '102',
      ConnectedLineNum: OLGA,
    });
    expect((await redirect({ unique_id: answered })).json).toMatchObject({ reason: 'answered' });
    const ended = await calls(OLGA);
    await post('hangup', ended, {
      Phone: OLGA,
      CallType: 0,
      CallStatus: '0',
      Extensions: [''],
      DateReceived: '',
      StartTime: '',
      EndTime: '',
      Trunk: '0001001',
    });
    expect((await redirect({ unique_id: ended })).json).toMatchObject({ reason: 'ended' });
    const out = uniqueid();
    await post('dial', out, { Phone: OLGA, CallType: 1, Extensions: ['101'], Trunk: '0001001' });
    expect((await redirect({ unique_id: out })).json).toMatchObject({ reason: 'outgoing' });
    const unwanted = await calls(OLGA);
    expect((await redirect({ unique_id: unwanted, execute: false })).json).toMatchObject({
      redirect: 'skipped',
      reason: null,
    });
    expect(found.of('pbx.redirect')).toEqual([]);
  });

  it('notes what the PBX refused, and does not try again', async () => {
    const found = await pbx();
    found.replies.set('pbx.redirect', () => ({ refuse: 'PBX_REFUSED', message: 'answered already' }));
    const unique_id = await calls(OLGA);
    expect((await redirect({ unique_id })).json).toMatchObject({ redirect: 'queued' });
    await soon(async () => {
      const log = await room.call('GET', `/retailcrm/api/logs/${room.tenant}?call_id=${unique_id}`);
      expect(log.json['items']).toMatchObject([
        { status: 'error', error_message: 'PBX_REFUSED: answered already' },
      ]);
    });
    expect((await redirect({ unique_id })).json).toMatchObject({ reason: 'repeated' });
  });

  it('is the tenant’s own affair: by the host’s token, or whoever may manage integrations', async () => {
    const headers = { token };
    expect((await redirect({}, { as: 'nobody', headers })).json).toMatchObject({ extension: '101' });
    const refused = async (body: object, asking: object) => {
      const { status, json } = await redirect(body, asking);
      return [status, json['code']];
    };
    expect(await refused({}, { as: 'nobody' })).toEqual([401, 'AUTH_FAIL']);
    expect(await refused({}, { as: 'nobody', headers: { token: '999' } })).toEqual([401, 'AUTH_FAIL']);
    expect(await refused({}, { as: 'engineer' })).toEqual([403, 'PERMISSION_DENIED']);
    expect(await refused({ enterprise_number: '9999' }, {})).toEqual([404, 'NOT_FOUND']);
    expect(await refused({ enterprise_number: '9999' }, { as: 'nobody', headers })).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect(await refused({ phone: 'x' }, { as: 'nobody', headers })).toEqual([400, 'INVALID_PARAMS']);
    const large = { phone: OLGA, trunk: 'x'.repeat(70_000) };
    expect((await redirect(large, { as: 'nobody', headers })).status).toBe(413);
  });
});

describe('settings', () => {
  it('are merged, shown with their defaults, audited, and count at once', async () => {
    const path = `/retailcrm/api/smart-redirect/${room.tenant}/settings`;
    expect((await room.call('GET', path)).json).toMatchObject({ mode: 'routing+name', lines: {} });
    await settings({
      lines: { 'gsm:0001001': { line_name: 'Shop' } },
      phone_ids: { '101': '7', '102': '8' },
    });
    await settings({ lines: { 'gsm:0001001': { send_line_name: true } }, phone_ids: { '102': null } });
    const { json } = await room.call('GET', path);
    expect(json).toMatchObject({
      phone_ids: { '101': '7' },
      lines: { 'gsm:0001001': { line_name: 'Shop', send_line_name: true, algorithm: 'retailcrm' } },
    });
    expect((await asked(OLGA)).text).toBe('{"Name":"Shop | Olga Customer","DialPlan":null}');
    expect(await room.lastAudit()).toMatchObject({ action: 'crm.smart_redirect' });
    for (const wrong of [{ mode: 'on' }, { lines: { '0001001': {} } }, { context: 'a-b' }, { more: 1 }])
      expect((await settings(wrong)).status).toBe(400);
    expect((await room.call('PUT', path, { as: 'engineer', body: {} })).status).toBe(403);
  });

  it('an extension that is given up gets no caller any more', async () => {
    await settings({ context: 'to_{extension}', contexts: ['to_101'] });
    expect((await asked(OLGA)).text).toContain('to_101');
    const { json } = await room.call('GET', '/api/extensions?limit=50');
    const own = (json['items'] as { id: string; number: string }[]).find(({ number }) => number === '101');
    expect((await room.call('DELETE', `/api/extensions/${own?.id}`)).status).toBeLessThan(300);
    expect((await asked(OLGA)).text).toBe('{"Name":"Olga Customer","DialPlan":null}');
  });
});
