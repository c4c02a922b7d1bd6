import { env } from 'cloudflare:workers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { as, ONE, seedPeople, text, TWO, USERS } from '../../test/worker/support/dialer';
import type { Reply, SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';
import type { BridgeVerb } from '../../bridge/protocol/verbs';
import { openDb } from '../db';
import { auditLog, extensions } from '../db/schema';

let bridge: SlotBridge;
let foreign: SlotBridge;

beforeAll(async () => {
  await seedPeople();
  await openDb(env.DB)
    .insert(extensions)
    .values([
      { id: 'x150', tenantId: ONE, number: '150', userId: USERS.op12, createdAt: 1 },
      { id: 'x1501', tenantId: ONE, number: '1501', userId: USERS.op12, createdAt: 1 },
      { id: 'x151', tenantId: ONE, number: '151', userId: USERS.boss, createdAt: 1 },
    ]);
  bridge = await enrolled(['A1', 'A2']);
  foreign = await enrolled(['A1x'], TWO);
});
beforeEach(() => {
  bridge.replies.clear();
  bridge.asked.length = 0;
  answers('pbx.originate', ({ call_id }) => ({
    result: { pbx: 'main', uniqueid: `${String(call_id)}-1.1`, linkedid: `${String(call_id)}-1.1` },
  }));
});
afterEach(() => {
  expect([...bridge.problems, ...foreign.problems]).toEqual([]);
  expect(foreign.asked).toEqual([]);
});
afterAll(() => {
  bridge.disconnect();
  foreign.disconnect();
});

const answers = (verb: BridgeVerb, reply: (args: Record<string, unknown>) => Reply) =>
  bridge.replies.set(verb, reply);
const refuses = (
  verb: BridgeVerb,
  refuse: 'PBX_REFUSED' | 'PBX_OFFLINE' | 'DEADLINE' | 'NOT_FOUND' | 'SLOT_FAILED',
) => answers(verb, () => ({ refuse, message: 'words of the bridge' }));
const call = async (id: unknown) => (await as('boss', 'GET', `/api/call/${text(id)}`)).json;
const idIn = (json: Record<string, unknown>) => (json.details as Record<string, string[]>).call_id?.[0];

describe('a call through the PBX', () => {
  it('rings the caller’s own extension, and is there before the answer', async () => {
    const body = { number: '8 029 000-00-01', via: 'pbx', contact_id: '7' };
    const started = await as('op12', 'POST', '/api/call/start', { body });
    expect(started).toMatchObject({
      status: 200,
      json: { slot: null, state: 'RING', number: '+375290000001', call_id: expect.stringMatching(/^c_/) },
    });
    expect(bridge.of('pbx.originate').map(({ args }) => args)).toMatchObject([
      { pbx: 'main', from: '150', to: '+375290000001', call_id: started.json.call_id },
    ]);
    expect(await call(started.json.call_id)).toMatchObject({
      source: 'pbx',
      direction: 'out',
      status: 'queued',
      extension: '150',
      contact_id: '7',
      user: { id: USERS.op12 },
    });
  });

  it('rings another extension only for who may', async () => {
    const body = { number: '+375290000001', via: 'pbx', from: '151' };
    const refused = await as('op12', 'POST', '/api/call/start', { body });
    expect(refused).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } });
    const dialled = { from: '150', to: '+375290000001', trunk: 'trunk-a' };
    expect(await as('op12', 'POST', '/api/pbx/dial', { body: dialled })).toMatchObject({ status: 403 });
    const started = await as('boss', 'POST', '/api/pbx/dial', { body: dialled });
    expect(started.json).toEqual({ call_id: expect.any(String), state: 'RING' });
    // It is the call of whose extension rings, and of who asked.
    expect(await call(started.json.call_id)).toMatchObject({ user: { id: USERS.op12 }, trunk: 'trunk-a' });
  });

  it.each([
    ['PBX_REFUSED', 502, 'CALL_FAILED', 'ended'],
    ['PBX_OFFLINE', 502, 'CALL_FAILED', 'ended'],
    // Nobody knows whether it rings.
    ['DEADLINE', 502, 'CALL_FAILED', 'queued'],
  ] as const)(
    'refused with %s is %i %s with the bridge’s words, and its call is %s',
    async (code, status, api, is) => {
      refuses('pbx.originate', code);
      const refused = await as('boss', 'POST', '/api/pbx/dial', {
        body: { from: '151', to: '+375290000001' },
      });
      expect(refused).toMatchObject({
        status,
        json: { code: api, details: { bridge: [`${code}: words of the bridge`] } },
      });
      expect(await call(idIn(refused.json))).toMatchObject({
        status: is,
        outcome: is === 'ended' ? 'failed' : null,
      });
    },
  );

  it.each([
    [{ from: '151', to: 'abc' }, 400, 'INVALID_PARAMS'],
    [{ from: '151', to: '151' }, 400, 'INVALID_PARAMS'],
    [{ from: '151&152', to: '+375290000001' }, 400, 'INVALID_PARAMS'],
    [{ from: '151', to: '+375290000001', trunk: 'trunk-b' }, 400, 'INVALID_PARAMS'],
    [{ from: '151', to: '+375290000001', trunk: 'a\nb' }, 400, 'INVALID_PARAMS'],
    [{ from: '151', to: '+375290000001', pbx: 'elsewhere' }, 404, 'NOT_FOUND'],
    [{ from: 'slot_99999', to: '+375290000001' }, 404, 'NOT_FOUND'],
  ])('refuses %j with %i %s, and nothing rings', async (body, status, code) => {
    expect(await as('boss', 'POST', '/api/pbx/dial', { body })).toMatchObject({ status, json: { code } });
    expect(bridge.asked).toEqual([]);
  });

  it('refuses another tenant’s bridge like one that is not there', async () => {
    const body = { from: '151', to: '+375290000001', bridge: foreign.record.id };
    expect(await as('boss', 'POST', '/api/pbx/dial', { body })).toMatchObject({
      status: 404,
      json: { code: 'NOT_FOUND' },
    });
  });

  it('is one call however often the same key is sent, and the key is free after a refusal', async () => {
    const body = { from: '151', to: '+375290000001' };
    const headers = { 'idempotency-key': 'k-1' };
    const sent = await Promise.all(
      [1, 2, 3].map(() => as('boss', 'POST', '/api/pbx/dial', { body, headers })),
    );
    const first = sent.find(({ status }) => status === 200);
    for (const { status, json } of sent) {
      if (status === 200) expect(json).toEqual(first?.json);
      else expect({ status, json }).toMatchObject({ status: 409, json: { code: 'INVALID_PARAMS' } });
    }
    const repeated = await as('boss', 'POST', '/api/pbx/dial', { body, headers });
    expect(repeated).toMatchObject({ status: 200, json: first?.json });
    expect(bridge.of('pbx.originate')).toHaveLength(1);
    const other = await as('boss', 'POST', '/api/pbx/dial', {
      body: { ...body, to: '+375290000002' },
      headers,
    });
    expect(other).toMatchObject({
      status: 422,
      json: { code: 'INVALID_PARAMS', details: { 'Idempotency-Key': [expect.any(String)] } },
    });
    // Another user's key is another key.
    expect((await as('admin', 'POST', '/api/pbx/dial', { body, headers })).json).not.toEqual(first?.json);
    refuses('pbx.originate', 'PBX_REFUSED');
    const again = { 'idempotency-key': 'k-2' };
    expect((await as('boss', 'POST', '/api/pbx/dial', { body, headers: again })).status).toBe(502);
    bridge.replies.delete('pbx.originate');
    answers('pbx.originate', () => ({ result: { pbx: 'main', uniqueid: '1.1', linkedid: '1.1' } }));
    expect((await as('boss', 'POST', '/api/pbx/dial', { body, headers: again })).status).toBe(200);
  });
});

describe('ending and redirecting', () => {
  /** A call of op12's that the PBX has told of. */
  async function live(): Promise<string> {
    const started = await as('op12', 'POST', '/api/call/start', {
      body: { number: '+375290000001', via: 'pbx' },
    });
    const callId = text(started.json.call_id);
    const data = {
      pbx: 'main',
      uniqueid: `${callId}-1.1`,
      linkedid: `${callId}-1.1`,
      channel: 'PJSIP/150-1',
      kind: 'extension',
      endpoint: '150',
      what: 'new',
      caller: '',
      context: '',
      exten: '',
    } as const;
    bridge.emit({ kind: 'pbx.channel', data });
    await bridge.stored();
    return callId;
  }

  it('hangs up every channel of the call, for its user and for who sees all', async () => {
    answers('pbx.hangup', () => ({ result: { channels: 2 } }));
    const callId = await live();
    const end = { body: { call_id: callId } };
    expect((await as('op13', 'POST', '/api/call/end', end)).status).toBe(404);
    expect((await as('view1', 'POST', '/api/call/end', end)).status).toBe(403);
    expect(await as('op12', 'POST', '/api/call/end', end)).toMatchObject({
      status: 200,
      json: { call_id: callId, state: 'END' },
    });
    expect(bridge.of('pbx.hangup').map(({ args }) => args)).toEqual([
      { pbx: 'main', linkedid: `${callId}-1.1` },
    ]);
    refuses('pbx.hangup', 'PBX_OFFLINE');
    expect((await as('boss', 'POST', '/api/call/end', end)).json).toMatchObject({
      code: 'CALL_FAILED',
      details: { bridge: ['PBX_OFFLINE: words of the bridge'] },
    });
  });

  it('redirects, and asks for what it needs', async () => {
    answers('pbx.redirect', () => ({ result: { channel: 'PJSIP/trunk-a-1' } }));
    const callId = await live();
    const redirect = (body: object) =>
      as('op12', 'POST', '/api/pbx/redirect', { body: { call_id: callId, ...body } });
    expect((await redirect({ to: '151' })).json).toEqual({ call_id: callId, channel: 'PJSIP/trunk-a-1' });
    expect(bridge.of('pbx.redirect')[0]?.args).toEqual({
      pbx: 'main',
      linkedid: `${callId}-1.1`,
      leg: 'outside',
      to: '151',
      unanswered: false,
    });
    expect((await redirect({ to: '151', leg: 'peer_of' })).status).toBe(400);
    expect((await redirect({ to: 'office,s,1' })).status).toBe(400);
  });
});

describe('calls on slots', () => {
  const start = (body: object) =>
    as('op12', 'POST', '/api/call/start', { body: { number: '+375290000001', ...body } });

  it('take the free slot, and a refused one makes no call', async () => {
    const first = await start({});
    expect(first).toMatchObject({ status: 200, json: { state: 'RING', slot: expect.any(Number) } });
    const second = await start({ slot: 'AUTO' });
    expect(second.json.slot).not.toBe(first.json.slot);
    const known = (await as('boss', 'GET', '/api/calls/feed?recent=200')).json;
    expect((await start({ slot: 'AUTO' })).json).toMatchObject({ code: 'SLOT_BUSY' });
    expect((await start({ slot: first.json.slot })).json).toMatchObject({ code: 'SLOT_BUSY' });
    expect((await start({ slot: 77_777 })).json).toMatchObject({ code: 'NOT_FOUND' });
    expect((await as('boss', 'GET', '/api/calls/feed?recent=200')).json).toEqual(known);
    const callId = text(first.json.call_id);
    expect(await call(callId)).toMatchObject({
      source: 'slot',
      slot: first.json.slot,
      user: { id: USERS.op12 },
    });
    const serial = text(bridge.of('slot.call')[0]?.args.slot);
    bridge.call(serial, {
      call_id: callId,
      direction: 'out',
      number: '+375290000001',
      state: 'ringing',
      outcome: null,
    });
    await bridge.stored();
    expect(await call(callId)).toMatchObject({ status: 'ringing' });
    expect((await as('op12', 'POST', '/api/call/end', { body: { call_id: callId } })).json).toEqual({
      call_id: callId,
      state: 'END',
    });
    expect(bridge.of('slot.hangup')[0]?.args).toMatchObject({ slot: serial, call_id: callId });
    for (const { args } of bridge.of('slot.call'))
      bridge.call(text(args.slot), {
        call_id: text(args.call_id),
        direction: 'out',
        number: null,
        state: 'ended',
        outcome: 'cancelled',
      });
    await bridge.stored();
    expect(await call(callId)).toMatchObject({ status: 'ended', outcome: 'cancelled', duration: 0 });
    expect((await as('op12', 'POST', '/api/call/end', { body: { call_id: callId } })).status).toBe(200);
  });

  it('that the phone refuses are shown as failed', async () => {
    refuses('slot.call', 'SLOT_FAILED');
    const refused = await start({ slot: 'AUTO' });
    expect(refused).toMatchObject({ status: 502, json: { code: 'CALL_FAILED' } });
    const feed = (await as('boss', 'GET', '/api/calls/feed?recent=1&as=page')).json;
    expect(feed.calls).toContainEqual(
      expect.objectContaining({ source: 'slot', outcome: 'failed', status: 'ended' }),
    );
  });
});

describe('what the PBXs are doing', () => {
  it('hides no PBX that can’t be asked, and no trunk of it', async () => {
    answers('pbx.trunks', () => ({ refuse: 'PBX_OFFLINE', message: 'no AMI' }));
    answers('pbx.status', () => ({
      result: {
        pbx: [
          {
            name: 'main',
            version: null,
            uptime_sec: null,
            ssh: 'up',
            ami: 'down',
            calls: null,
            error: 'no AMI',
          },
        ],
      },
    }));
    const { json } = await as('view1', 'GET', '/api/pbx/status');
    expect(json).toMatchObject({
      trunks: [
        {
          name: 'trunk-a',
          state: 'DOWN',
          failed: null,
          last_check: null,
          reason: 'no AMI',
          bridge_id: bridge.record.id,
        },
      ],
      pbx: [{ name: 'main', connected: true, ami: 'down', error: 'no AMI', trunks: ['trunk-a'] }],
      problems: [{ code: 'PBX_OFFLINE', bridge_id: bridge.record.id }],
    });
    expect((await as('op12', 'GET', '/api/pbx/status')).status).toBe(403);
  });

  it('changes queues, and the log says who did', async () => {
    answers('pbx.queue.add', () => ({ result: { already: false } }));
    answers('pbx.reload', () => ({ result: { output: 'Module reloaded' } }));
    answers('pbx.spy', () => ({ result: { uniqueid: '1.2', spied: 'PJSIP/150-1' } }));
    const added = await as('admin', 'POST', '/api/pbx/queues/support/members', {
      body: { extension: '150' },
    });
    expect(added.json).toEqual({ already: false });
    expect(
      (await as('boss', 'POST', '/api/pbx/queues/support/members', { body: { extension: '150' } })).status,
    ).toBe(403);
    const bad = await as('admin', 'POST', '/api/pbx/queues/support/members', {
      body: { extension: '150', name: 'a","b' },
    });
    expect(bad.status).toBe(400);
    expect((await as('admin', 'POST', '/api/pbx/reload', { body: { module: 'app_queue.so' } })).json).toEqual(
      { output: 'Module reloaded' },
    );
    expect(
      (await as('boss', 'POST', '/api/pbx/spy', { body: { extension: '150', mode: 'listen' } })).json,
    ).toMatchObject({ spied: 'PJSIP/150-1' });
    expect(bridge.of('pbx.spy')[0]?.args).toMatchObject({ by: '151', extension: '150', mode: 'listen' });
    expect(
      (await as('boss', 'POST', '/api/pbx/spy', { body: { extension: '151', mode: 'listen' } })).status,
    ).toBe(400);
    const audited = await openDb(env.DB).select().from(auditLog);
    expect(audited.map(({ action, actorId }) => [action, actorId])).toEqual(
      expect.arrayContaining([
        ['pbx.queue.add', USERS.admin],
        ['pbx.reload', USERS.admin],
        ['pbx.spy', USERS.boss],
      ]),
    );
  });

  it('says that a bridge is away and how its trunk was, and nothing waits for it', async () => {
    const trunk = {
      pbx: 'main',
      name: 'trunk-a',
      state: 'OK',
      reason: null,
      registration: 'Registered',
    } as const;
    const data = { ...trunk, endpoint: 'Not in use', failed: 3, last_check: 1_760_000_000_000 };
    bridge.emit({ kind: 'pbx.trunk', data });
    await bridge.stored();
    bridge.disconnect();
    await expect.poll(async () => (await bridge.link.status()).connected).toBe(false);
    const { json } = await as('view1', 'GET', '/api/pbx/status');
    expect(json).toMatchObject({
      trunks: [
        {
          state: 'DOWN',
          reason: 'The bridge is not connected. It was OK when last looked at.',
          failed: 3,
          last_check: '2025-10-09T08:53:20.000Z',
        },
      ],
      pbx: [{ name: 'main', connected: false, ami: null, error: 'The bridge is not connected.' }],
      problems: [{ code: 'OFFLINE' }],
    });
    expect((await as('view1', 'GET', '/api/pbx/channels')).json).toMatchObject({
      channels: [],
      problems: [{ code: 'OFFLINE' }],
    });
    const dialled = await as('boss', 'POST', '/api/pbx/dial', { body: { from: '151', to: '+375290000001' } });
    expect(dialled).toMatchObject({ status: 409, json: { code: 'SLOT_OFFLINE' } });
  });
});
