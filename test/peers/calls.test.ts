// What the API's calls become on a real Asterisk, and what the platform says of them: Worker, tunnel, bridge and PBX.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { signIn, type Client, type Reply } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { EdgeServer } from '../integration/support/edge-server.ts';
import { pbxToml } from './support/asterisk-part.ts';
import {
  asterisk,
  callFromCarrier,
  hangUpEverything,
  killAsterisk,
  registerPhone,
  startAsterisk,
} from './support/telephony.ts';

let server: EdgeServer;
let admin: Client;
let bridges: Bridges;
let one: Enrolled;

const soon = { timeout: 20_000 };
type Call = Record<string, unknown>;

beforeAll(async () => {
  server = await EdgeServer.start();
  admin = await signIn(server.url, 'admin');
  bridges = new Bridges(admin);
  one = await bridges.enrolled(pbxToml(), 'bridge');
  one.bridge.start();
  await bridges.online(one.id);
  await vi.waitFor(async () => {
    const { json } = expectStatus(200, await admin.get('/api/pbx/status'));
    expect(json['pbx']).toMatchObject([{ ami: 'up', ssh: 'up' }]);
  }, soon);
});

afterEach(hangUpEverything);

afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

const shown = async (callId: string): Promise<Call> =>
  expectStatus(200, await admin.get(`/api/call/${callId}`)).json;
const dial = (to: string, more: object = {}, headers: Record<string, string> = {}): Promise<Reply> =>
  admin.post('/api/pbx/dial', { from: '150', to, ...more }, { headers });

async function dialled(to: string, more: object = {}): Promise<string> {
  const { json } = expectStatus(200, await dial(to, more));
  expect(json).toEqual({ call_id: expect.stringMatching(/^c_[0-9a-z]+$/), state: 'RING' });
  return String(json['call_id']);
}

const becomes = (callId: string, expected: Call): Promise<void> =>
  expect.poll(() => shown(callId), soon).toMatchObject(expected);
const hangUp = (callId: string): Promise<Reply> => admin.post('/api/call/end', { call_id: callId });

async function recent(): Promise<Call[]> {
  const { text } = expectStatus(200, await admin.get('/api/calls/feed?recent=200'));
  return JSON.parse(text) as Call[];
}

/** The call that came after these. */
async function newCall(before: Call[]): Promise<Call> {
  const known = new Set(before.map((call) => call['call_id']));
  const fresh = async () => (await recent()).filter((call) => !known.has(call['call_id']));
  await expect.poll(fresh, soon).toHaveLength(1);
  return (await fresh())[0] ?? {};
}

async function channels(): Promise<Record<string, string>[]> {
  return expectStatus(200, await admin.get('/api/pbx/channels')).json['channels'] as Record<string, string>[];
}

describe('a call through the PBX', () => {
  it('is answered, talked and ended here; its CDR says as much', async () => {
    const before = await recent();
    const callId = await dialled('+375290000001', { trunk: 'trunk-main' });
    await becomes(callId, {
      source: 'pbx',
      direction: 'out',
      number: '+375290000001',
      extension: '150',
      trunk: 'trunk-main',
      status: 'connected',
      outcome: null,
    });
    expectStatus(200, await hangUp(callId));
    await becomes(callId, { status: 'ended', outcome: 'answered' });
    const call = await shown(callId);
    expect(call['duration']).toBeGreaterThanOrEqual(0);
    expect((call['states'] as Call[]).map(({ state }) => state)).toEqual([
      'queued',
      'ringing',
      'connected',
      'ended',
    ]);
    expect(expectStatus(200, await hangUp(callId)).json).toEqual({ call_id: callId, state: 'END' });
    expect(await newCall(before)).toMatchObject({ call_id: callId });
    const cdr = async () => expectStatus(200, await admin.get(`/api/pbx/cdr/${callId}`)).json;
    await expect.poll(async () => (await cdr())['rows'], soon).not.toEqual([]);
    expect(await cdr()).toMatchObject({
      call_id: callId,
      disposition: 'ANSWERED',
      billable_sec: call['duration'],
    });
    const page = expectStatus(200, await admin.get('/api/pbx/cdr?number=%2B375290000001')).json;
    expect(page['rows']).toContainEqual(expect.objectContaining({ call_id: callId }));
  });

  it('by the dialplan’s own way, with one call for a key that is sent twice', async () => {
    const key = { 'idempotency-key': `test-${Date.now()}` };
    const both = await Promise.all([dial('+375290000002', {}, key), dial('+375290000002', {}, key)]);
    // The second came while the first went on, or after it.
    const first = both.find(({ status }) => status === 200) ?? both[0];
    for (const one of both) expect([200, 409]).toContain(one.status);
    const again = await dial('+375290000002', {}, key);
    expect(expectStatus(200, again).json).toEqual(expectStatus(200, first).json);
    const callId = String(first.json['call_id']);
    await becomes(callId, { status: 'connected' });
    expect((await channels()).filter(({ endpoint }) => endpoint === '150')).toHaveLength(1);
    expect((await dial('+375290000003', {}, key)).status).toBe(422);
  });

  it.each([
    ['busy', '+375290000486', {}, 'busy'],
    ['refused', '+375290000403', {}, 'rejected'],
    ['without a way out', '+375290000001', { trunk: 'trunk-dead' }, 'failed'],
  ])('is %s', async (_, to, more, outcome) => {
    const callId = await dialled(to, more);
    await becomes(callId, { status: 'ended', outcome, duration: 0, answer_time: null });
  });

  it('is given up while it rings', async () => {
    const callId = await dialled('+375290000408');
    await becomes(callId, { status: 'ringing', answer_time: null });
    expectStatus(200, await hangUp(callId));
    await becomes(callId, { status: 'ended', outcome: 'cancelled', duration: 0 });
  });

  it('is not answered', async () => {
    const phone = await registerPhone('rings');
    try {
      const callId = await dialled('152');
      await becomes(callId, { status: 'ringing', number: '152' });
      // The dialplan rings for 30 s.
      const patient = { timeout: 60_000, interval: 500 };
      await expect.poll(async () => (await shown(callId))['status'], patient).toBe('ended');
      expect(await shown(callId)).toMatchObject({ outcome: 'no_answer', duration: 0, answer_time: null });
    } finally {
      await phone.stop();
    }
  });

  it('whose own extension can’t be rung is refused with the bridge’s words, and shown as failed', async () => {
    const refused = await dial('+375290000001', { from: '152' });
    expect(refused).toMatchObject({ status: 502, json: { code: 'CALL_FAILED' } });
    const details = refused.json['details'] as Record<string, string[]>;
    expect(details['bridge']?.[0]).toMatch(/^PBX_REFUSED: /);
    await becomes(details['call_id']?.[0] ?? '', { status: 'ended', outcome: 'failed' });
  });

  it('goes to another extension and stays one call', async () => {
    const before = await recent();
    const callId = await dialled('+375290000001');
    await becomes(callId, { status: 'connected' });
    const sent = await admin.post('/api/pbx/redirect', { call_id: callId, to: '151' });
    expect(expectStatus(200, sent).json).toEqual({
      call_id: callId,
      channel: expect.stringMatching(/^PJSIP\/trunk-main-/),
    });
    await expect
      .poll(async () => (await channels()).map(({ endpoint }) => endpoint).sort(), soon)
      .toEqual(['151', 'trunk-main']);
    expect(await shown(callId)).toMatchObject({ status: 'connected', extension: '150' });
    expectStatus(200, await hangUp(callId));
    await becomes(callId, { status: 'ended', outcome: 'answered' });
    expect(await newCall(before)).toMatchObject({ call_id: callId, number: '+375290000001' });
  });

  it('inside the house', async () => {
    const callId = await dialled('151');
    await becomes(callId, {
      direction: 'internal',
      number: '151',
      extension: '150',
      status: 'connected',
      trunk: null,
    });
    expectStatus(200, await hangUp(callId));
    await becomes(callId, { status: 'ended', outcome: 'answered' });
  });

  it('is listened to, which is no call', async () => {
    const callId = await dialled('+375290000001');
    await becomes(callId, { status: 'connected' });
    const before = await recent();
    const spy = await admin.post('/api/pbx/spy', { extension: '150', mode: 'listen', by: '151' });
    expect(expectStatus(200, spy).json['spied']).toMatch(/^PJSIP\/150-/);
    await expect
      .poll(async () => (await channels()).filter(({ endpoint }) => endpoint === '151').length, soon)
      .toBe(1);
    expectStatus(200, await hangUp(callId));
    await becomes(callId, { status: 'ended', outcome: 'answered' });
    expect((await recent()).map((call) => call['call_id'])).toEqual(before.map((call) => call['call_id']));
  });
});

describe('a caller', () => {
  it('is answered at an extension, hangs up, and is one call for the dialplan’s posts as well', async () => {
    const before = await recent();
    const caller = callFromCarrier('375170000001', 3_000);
    const call = await newCall(before);
    const callId = String(call['call_id']);
    await becomes(callId, {
      direction: 'in',
      number: '+375290000077',
      status: 'connected',
      extension: '150',
      trunk: 'trunk-main',
    });
    const trunk = (await channels()).find(({ kind }) => kind === 'trunk');
    const post = (event: string, body: object) =>
      admin.as(null).post(`/asterisk/${event}`, {
        Token: '100200300400',
        UniqueId: trunk?.['uniqueid'],
        Phone: '375290000077',
        CallType: 0,
        Trunk: '0002001',
        ...body,
      });
    expectStatus(200, await post('start', {}));
    expectStatus(200, await post('dial', { Extensions: ['150'], ExtPhone: '375290000077' }));
    expect(await caller.ended).toBe(0);
    await becomes(callId, { status: 'ended', outcome: 'answered' });
    const status = { Extensions: ['150'], CallStatus: '2', StartTime: '', EndTime: '', DateReceived: '' };
    expectStatus(200, await post('hangup', status));
    const after = await shown(callId);
    expect(after).toMatchObject({
      status: 'ended',
      outcome: 'answered',
      trunk: 'trunk-main',
      extension: '150',
    });
    expect(after['duration']).toBeGreaterThanOrEqual(2);
    expect(after['duration']).toBeLessThanOrEqual(5);
    expect(await newCall(before)).toMatchObject({ call_id: callId });
  });

  it('is recorded, and the recording is played in parts', async () => {
    const before = await recent();
    const caller = callFromCarrier('375170000150', 2_500);
    const callId = String((await newCall(before))['call_id']);
    await caller.ended;
    await expect.poll(async () => (await shown(callId))['recording_count'], { timeout: 40_000 }).toBe(1);
    const { json } = expectStatus(200, await admin.get(`/api/call/${callId}/recordings`));
    const [recording] = json['recordings'] as { url: string; size: number; type: string }[];
    expect(recording).toMatchObject({ type: 'audio/wav' });
    const whole = expectStatus(200, await admin.get(recording?.url ?? ''));
    expect(whole.headers['content-length']).toBe(String(recording?.size));
    const head = await admin.get(recording?.url ?? '', { headers: { range: 'bytes=0-3' } });
    expect(head).toMatchObject({ status: 206, text: 'RIFF' });
    expect(head.headers['content-range']).toBe(`bytes 0-3/${recording?.size}`);
    const beyond = await admin.get(recording?.url ?? '', { headers: { range: `bytes=${recording?.size}-` } });
    expect(beyond.status).toBe(416);
    const saved = await admin.get(`${recording?.url}?download=1`);
    expect(saved.headers['content-disposition']).toMatch(/^attachment; filename="c_.*\.wav"$/);
    const other = await signIn(server.url, 'op13');
    expect((await other.get(recording?.url ?? '')).status).toBe(404);
  });
});

describe('the PBX’s own state', () => {
  it('is what the real Asterisk says, trunk by trunk', async () => {
    const trunks = async () =>
      expectStatus(200, await admin.get('/api/pbx/status')).json['trunks'] as Record<string, unknown>[];
    await expect
      .poll(async () => Object.fromEntries((await trunks()).map(({ name, state }) => [name, state])), soon)
      .toEqual({
        'trunk-main': 'OK',
        'trunk-dead': 'DOWN',
        'trunk-denied': expect.stringMatching(/WARN|DOWN/),
      });
    const { json } = expectStatus(200, await admin.get('/api/pbx/status'));
    expect(json).toMatchObject({
      pbx: [{ name: 'office', connected: true, ami: 'up', ssh: 'up' }],
      problems: [],
    });
  });

  it('has its queues, whose members come, pause and go', async () => {
    const members = async (): Promise<Record<string, unknown>[]> => {
      const queues = expectStatus(200, await admin.get('/api/pbx/queues')).json['queues'] as Call[];
      return queues.find(({ name }) => name === 'sales')?.['members'] as Record<string, unknown>[];
    };
    const path = '/api/pbx/queues/sales/members';
    await admin.send('DELETE', `${path}/151`);
    expect(expectStatus(200, await admin.post(path, { extension: '151' })).json).toEqual({ already: false });
    expect(expectStatus(200, await admin.post(path, { extension: '151' })).json).toEqual({ already: true });
    expectStatus(200, await admin.send('PATCH', `${path}/151`, { body: { paused: true, reason: 'lunch' } }));
    expect(await members()).toContainEqual(
      expect.objectContaining({ interface: 'PJSIP/151', paused: true, paused_reason: 'lunch' }),
    );
    expect(expectStatus(200, await admin.send('DELETE', `${path}/151`)).json).toEqual({ already: false });
    expect(await members()).not.toContainEqual(expect.objectContaining({ interface: 'PJSIP/151' }));
  });

  it('reloads a module that may be reloaded, and no other', async () => {
    expectStatus(200, await admin.post('/api/pbx/reload', { module: 'app_queue.so' }));
    const refused = await admin.post('/api/pbx/reload', { module: 'chan_pjsip.so' });
    expect(refused).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    expect((await admin.post('/api/pbx/reload', { module: 'app_queue.so; core stop now' })).status).toBe(400);
    expect(await asterisk('core show version')).toContain('Asterisk');
  });
});

describe('an Asterisk that is killed in the middle of a call', () => {
  it('leaves no call behind, and takes calls again', async () => {
    const callId = await dialled('+375290000001');
    await becomes(callId, { status: 'connected' });
    await killAsterisk();
    await expect
      .poll(async () => expectStatus(200, await admin.get('/api/pbx/status')).json['pbx'], soon)
      .toMatchObject([{ ami: 'down' }]);
    expect((await dial('+375290000001')).json).toMatchObject({ code: 'CALL_FAILED' });
    await startAsterisk();
    // Nobody heard its end: that it was answered is known, for how long is not.
    await expect
      .poll(() => shown(callId), { timeout: 60_000 })
      .toMatchObject({
        status: 'ended',
        outcome: 'answered',
        duration: null,
      });
    const answered = async () => (await dial('+375290000001')).status;
    await expect.poll(answered, { timeout: 60_000, interval: 1_000 }).toBe(200);
  });
});
