import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { and, eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { ONE, seedPeople, send, signInPhone, TWO, USERS } from '../../test/worker/support/dialer';
import { phoneQueueName } from '../../objects/lib/names';
import { openDb } from '../db';
import { devices } from '../db/schema';

beforeAll(seedPeople);
const db = openDb(env.DB);
const queue = (tenant: string, userId: string) =>
  env.PHONE_QUEUE.getByName(phoneQueueName(tenant, userId, 2));
const rowsOf = (userId: string) => db.select().from(devices).where(eq(devices.userId, userId));

describe('devices/register', () => {
  it('keeps one row, and what is absent', async () => {
    const { access: token } = await signInPhone('op12', 'aa', {
      device_name: ' Pixel 8 ',
      fcm_token: 'push-1',
    });
    const again = await send('POST', '/api/phone/devices/register/', {
      token,
      body: { device_id: 'aa', stranger: {} },
    });
    expect(again.json).toEqual({ ok: true, device_id: 'aa' });
    const [row, ...rest] = await rowsOf(USERS.op12);
    expect(rest).toEqual([]);
    expect(row).toMatchObject({ deviceId: 'aa', name: 'Pixel 8', simulator: false });
    expect(row?.pushToken).not.toBe(null);
    expect(row?.pushToken).not.toContain('push-1');
    const [state] = await queue(ONE, USERS.op12).devices({ userId: USERS.op12 });
    expect(state).toMatchObject({ deviceRowId: row?.id, name: 'Pixel 8', hasPushToken: true });
  });

  it('stays one phone when it registers and beats many times at once', async () => {
    const { access: token } = await signInPhone('boss', null);
    const body = { device_id: 'many', device_name: 'Many' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        send('POST', `/api/phone/devices/${i % 3 === 0 ? 'heartbeat' : 'register'}/`, { token, body }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    const [row, ...rest] = await rowsOf(USERS.boss);
    expect(rest).toEqual([]);
    const states = await queue(ONE, USERS.boss).devices({ userId: USERS.boss });
    expect(states.map((state) => state.deviceRowId)).toEqual([row?.id]);
  });

  it('keeps the same device id of two users apart', async () => {
    await signInPhone('op13', 'unknown');
    await signInPhone('view1', 'unknown', { device_name: 'Simulator: bench' });
    const rows = await db
      .select()
      .from(devices)
      .where(and(eq(devices.tenantId, ONE), eq(devices.deviceId, 'unknown')))
      .orderBy(devices.userId);
    expect(rows.map((row) => [row.userId, row.simulator])).toEqual([
      [USERS.op13, false],
      [USERS.view1, true],
    ]);
  });

  it.each([
    [{}, { device_id: ['This field is required.'] }],
    [{ device_id: '  ' }, { device_id: ['This field may not be blank.'] }],
    [{ device_id: 'x'.repeat(65) }, { device_id: ['Ensure this field has no more than 64 characters.'] }],
    [{ device_id: 'a\0' }, { device_id: ['Null characters are not allowed.'] }],
    [
      { device_id: 'a', device_name: 'n'.repeat(121) },
      { device_name: ['Ensure this field has no more than 120 characters.'] },
    ],
    [[1], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ])('refuses %j', async (body, problems) => {
    const { access: token } = await signInPhone('op12', null);
    expect(await send('POST', '/api/phone/devices/register/', { token, body })).toMatchObject({
      status: 400,
      json: problems,
    });
  });
});

describe('devices/heartbeat', () => {
  const beat = (token: string, body: unknown) =>
    send('POST', '/api/phone/devices/heartbeat/', { token, body });

  it('makes an unknown device and says what is known', async () => {
    const { access: token } = await signInPhone('op21', null);
    const first = await beat(token, {
      device_id: 'hb',
      device_name: 'Nokia',
      app_version: '2.4.1',
      last_poll_code: '204',
      last_poll_at: '2026-11-15T10:30:00',
    });
    expect(first.json).toMatchObject({ ok: true, device_id: 'hb', app_version: '2.4.1' });
    expect(Date.parse(String(first.json.last_seen_at))).toBeGreaterThan(Date.now() - 60_000);
    const [row] = await rowsOf(USERS.op21);
    expect(row).toMatchObject({ deviceId: 'hb', name: 'Nokia' });
    const [state] = await queue(TWO, USERS.op21).devices({ userId: USERS.op21 });
    expect(state).toMatchObject({
      deviceRowId: row?.id,
      lastPollCode: 204,
      lastPollAt: Date.parse('2026-11-15T10:30:00Z'),
    });
  });

  it('raises and clears the alert of a stuck queue, also without a device id', async () => {
    const { access: token } = await signInPhone('op21', 'hb');
    await beat(token, {
      queue_stuck: true,
      stuck_count: 3,
      oldest_stuck_age_sec: 900,
      stuck_by_type: { call_update: 3, odd: 'x' },
    });
    const stuck = async () => (await queue(TWO, USERS.op21).devices({ userId: USERS.op21 }))[0]?.stuck;
    expect(await stuck()).toMatchObject({ count: 3, oldestAgeSec: 900, byType: { call_update: 3 } });
    await beat(token, { device_id: 'hb' });
    expect(await stuck()).not.toBe(null);
    await beat(token, { device_id: 'hb', queue_stuck: false });
    expect(await stuck()).toBe(null);
  });

  it('brings back the D1 row under the id the queue knows', async () => {
    const { access: token } = await signInPhone('op21', 'hb');
    const [state] = await queue(TWO, USERS.op21).devices({ userId: USERS.op21 });
    await db.delete(devices).where(eq(devices.userId, USERS.op21));
    await send('POST', '/api/phone/devices/register/', { token, body: { device_id: 'hb' } });
    expect((await rowsOf(USERS.op21))[0]?.id).toBe(state?.deviceRowId);
  });

  it.each([
    [{}, { device_id: ['This field is required.'] }],
    [
      { device_id: 'a', app_version: 'v'.repeat(33) },
      { app_version: ['Ensure this field has no more than 32 characters.'] },
    ],
    [{ device_id: 'a', stuck_count: 1.5 }, { stuck_count: ['A valid integer is required.'] }],
    [{ device_id: 'a', stuck_count: true }, { stuck_count: ['A valid integer is required.'] }],
    [{ device_id: 'a', queue_stuck: 'maybe' }, { queue_stuck: ['Must be a valid boolean.'] }],
    [
      { device_id: 'a', last_poll_at: '2026-02-30T00:00:00Z' },
      { last_poll_at: [expect.stringContaining('wrong format')] },
    ],
    [
      { device_id: 'a', stuck_by_type: [] },
      { stuck_by_type: ['Expected a dictionary of items but got type "list".'] },
    ],
  ])('refuses %j', async (body, problems) => {
    const { access: token } = await signInPhone('op21', 'hb');
    expect(await beat(token, body)).toMatchObject({ status: 400, json: problems });
  });
});

describe('queueing a command and reporting its result', () => {
  const call = (token: string, body: unknown) => send('POST', '/api/phone/calls/', { token, body });
  const update = (token: string, body: unknown) => send('POST', '/api/phone/calls/update/', { token, body });

  it('normalises the number, and gives the same command twice within a minute', async () => {
    const { access: token } = await signInPhone('op13', 'dev');
    const first = await call(token, { phone: '8 (029) 000-00-00', contact_id: 42 });
    expect(first.json).toMatchObject({ ok: true, phone: '+375290000000' });
    expect(first.json).not.toHaveProperty('dedup');
    const raw = new URLSearchParams({ phone: '+375 29 0000000', contact_id: '42' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const again = await send('POST', '/phone/call/', { token, raw, headers });
    expect(again.json).toEqual({ ok: true, id: first.json.id, phone: '+375290000000', dedup: true });
    expect((await call(token, { phone: '+375290000001' })).json.id).not.toBe(first.json.id);
  });

  it('refuses what cannot be called, and who may not call', async () => {
    const { access: token } = await signInPhone('op13', 'dev');
    expect(await call(token, { phone: 'abc' })).toMatchObject({
      status: 400,
      json: { phone: ['Enter a valid phone number.'] },
    });
    expect(await call(token, {})).toMatchObject({
      status: 400,
      json: { phone: ['This field is required.'] },
    });
    expect(await call(token, { phone: '+375290000000', device_id: 'nope' })).toMatchObject({
      status: 400,
      json: { device_id: ['Unknown device.'] },
    });
    const viewer = await signInPhone('view1', 'dev');
    const bare = await signInPhone('admin', null);
    for (const path of ['/api/phone/calls/', '/phone/call/']) {
      const body = { phone: '+375290000000' };
      expect((await send('POST', path, { token: viewer.access, body })).status).toBe(403);
      expect((await send('POST', path, { token: bare.access, body })).status).toBe(409);
    }
  });

  it('records results: end by duration, null clears nothing, unknown never replaces, repeats are harmless', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const { json } = await call(token, { phone: '+375290000002' });
    const call_request_id = String(json.id);
    const result = async () => (await queue(ONE, USERS.op12).command(call_request_id))?.result;
    const body = {
      call_request_id: call_request_id.toUpperCase(),
      call_status: 'connected',
      call_started_at: '2026-11-15T10:30:00',
      call_duration_seconds: '42',
      direction: 'sideways',
      resolve_method: 'telepathy',
      action_source: 'mars',
      attempts_count: 2,
    };
    for (let i = 0; i < 2; i += 1)
      expect((await update(token, body)).json).toEqual({ ok: true, call_request_id });
    const started = Date.parse('2026-11-15T10:30:00+03:00');
    const known = {
      status: 'connected',
      startedAt: started,
      endedAt: started + 42_000,
      durationSec: 42,
      direction: null,
      method: null,
      source: null,
      attempts: 2,
    };
    expect(await result()).toMatchObject(known);
    await update(token, {
      call_request_id,
      call_status: 'connected',
      call_duration_seconds: null,
      attempts_count: null,
      direction: 'outgoing',
    });
    expect(await result()).toMatchObject({ ...known, direction: 'outgoing' });
    await update(token, { call_request_id, call_status: 'unknown' });
    expect(await result()).toMatchObject({ status: 'connected' });
  });

  it('hides other people’s commands, and records manual calls', async () => {
    const { access: owner } = await signInPhone('op12', 'dev');
    const id = String((await call(owner, { phone: '+375290000003' })).json.id);
    for (const stranger of [await signInPhone('op13', 'dev'), await signInPhone('op21', 'dev')]) {
      for (const action_source of ['crm_ui', undefined]) {
        const answer = await update(stranger.access, {
          call_request_id: id,
          call_status: 'busy',
          action_source,
        });
        expect(answer).toMatchObject({ status: 404, json: { detail: 'Not found.' } });
      }
    }
    const other = await signInPhone('op13', 'dev');
    expect(
      (await update(other.access, { call_request_id: id, call_status: 'busy', action_source: 'manual' }))
        .status,
    ).toBe(404);
    expect((await queue(ONE, USERS.op12).command(id))?.result ?? null).toBe(null);
    const manual = crypto.randomUUID();
    expect((await update(owner, { call_request_id: manual, call_status: 'busy' })).status).toBe(404);
    expect(
      (await update(owner, { call_request_id: manual, call_status: 'busy', action_source: 'manual' })).status,
    ).toBe(200);
    expect(await queue(ONE, USERS.op12).command(manual)).toMatchObject({
      manual: true,
      result: { status: 'busy' },
    });
  });

  it.each([
    [{}, { call_request_id: ['This field is required.'], call_status: ['This field is required.'] }],
    [{ call_request_id: 'x', call_status: 'busy' }, { call_request_id: ['Must be a valid UUID.'] }],
    [{ call_status: 'exploded' }, { call_status: ['"exploded" is not a valid choice.'] }],
    [{ call_status: ['busy'] }, { call_status: ['"list" is not a valid choice.'] }],
    [
      { call_duration_seconds: -1 },
      { call_duration_seconds: ['Ensure this value is greater than or equal to 0.'] },
    ],
    [
      { call_started_at: '2026-13-01T00:00:00Z' },
      { call_started_at: [expect.stringContaining('wrong format')] },
    ],
  ])('refuses %j', async (body, problems) => {
    const { access: token } = await signInPhone('op12', 'dev');
    expect(await update(token, body)).toMatchObject({ status: 400, json: problems });
  });
});

describe('telemetry', () => {
  const post = (token: string, body: unknown) => send('POST', '/api/phone/telemetry/', { token, body });
  const item = {
    ts: '2026-11-15T10:30:00Z',
    type: 'latency',
    endpoint: 'pull',
    http_code: 200,
    value_ms: 840,
    extra: { a: [1] },
  };

  it('stores up to 100 items of any type', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    expect((await post(token, { device_id: '', items: [] })).json).toEqual({ ok: true, saved: 0 });
    const items = Array.from({ length: 100 }, (_, i) => ({ ...item, type: i % 2 ? 'latency' : 'brand_new' }));
    expect((await post(token, { device_id: 'dev', items })).json).toEqual({ ok: true, saved: 100 });
    expect(await post(token, { items: [...items, item] })).toMatchObject({
      status: 400,
      json: { items: ['Ensure this field has no more than 100 elements.'] },
    });
  });

  it('refuses a batch with a bad item as a whole', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const bad = await post(token, { device_id: 'dev', items: [item, { type: '' }, 5] });
    expect(bad.json).toEqual({
      items: [
        'Item 1: ts: This field is required.',
        'Item 1: type: This field may not be blank.',
        'Item 2: non_field_errors: Invalid data. Expected a dictionary, but got int.',
      ],
    });
    expect((await post(token, [])).json).toEqual({ ok: true, saved: 0 });
    expect((await post(token, {})).json).toEqual({ items: ['This field is required.'] });
    expect((await post(token, { items: 'x' })).json).toEqual({
      items: ['Expected a list of items but got type "str".'],
    });
  });
});

describe('logs', () => {
  const post = (token: string, body: unknown) => send('POST', '/api/phone/logs/', { token, body });
  const logsOf = async () => (await queue(ONE, USERS.op12).logs({ userId: USERS.op12, limit: 10 })).items;

  it('takes one or many, cuts what is long and marks it', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const entry = {
      device_id: 'dev',
      ts: '2026-11-15T10:30:00Z',
      level_summary: 'E:1',
      source: 'app',
      payload: 'short',
    };
    expect((await post(token, entry)).json).toEqual({ ok: true, saved: 1 });
    expect((await logsOf())[0]).toMatchObject({
      payload: 'short',
      truncated: false,
      levelSummary: 'E:1',
      source: 'app',
    });
    expect(
      (
        await post(token, [
          { ...entry, payload: 'x'.repeat(50_001) },
          { ...entry, payload: { a: 1 } },
        ])
      ).json,
    ).toEqual({ ok: true, saved: 2 });
    const [newest, before] = await logsOf();
    expect([newest?.payload, before?.payload.length, before?.truncated]).toEqual(['{"a":1}', 50_000, true]);
    expect((await post(token, [])).json).toEqual({ ok: true, saved: 0 });
  });

  it('refuses what is over 2 MiB, and what is no log', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const big = await post(token, { device_id: 'dev', payload: 'x'.repeat(2 * 1024 * 1024) });
    expect(big.status).toBe(413);
    expect(big.json.detail).toEqual(expect.any(String));
    expect((await post(token, {})).json).toEqual({ payload: ['This field is required.'] });
    expect((await post(token, [{ payload: 'a' }, { ts: 'x', payload: 'a\0' }])).json).toEqual({
      ts: [expect.stringMatching(/^Item 1: Datetime has wrong format/)],
      payload: ['Item 1: Null characters are not allowed.'],
    });
  });

  it('survives any nesting', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const raw = `{"payload":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const headers = { 'content-type': 'application/json' };
    const answer = await send('POST', '/api/phone/logs/', { token, raw, headers });
    expect(answer.status).toBeLessThan(500);
    await runDurableObjectAlarm(queue(ONE, USERS.op12));
  });
});
