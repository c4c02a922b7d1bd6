import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { as, ONE, seedPeople, TWO, USERS } from '../../test/worker/support/dialer';
import { newPlayedPbx, playPbx } from '../../test/worker/support/played-pbx';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { auditLog, operators } from '../db/schema';

const ROOT = '/callcenter_operators/v1';
const OLGA = 'olga-1';
const OLEG = 'oleg-1';
let bridge: SlotBridge;
const pbx = newPlayedPbx();
const post = (user: Parameters<typeof as>[0], path: string, body: unknown) =>
  as(user, 'POST', `${ROOT}${path}`, { body });
const get = (user: Parameters<typeof as>[0], path: string) => as(user, 'GET', `${ROOT}${path}`);

beforeAll(async () => {
  await seedPeople();
  bridge = await enrolled([]);
  playPbx(bridge, pbx);
  const added = await post('boss', '/operators/add_bulk/', {
    operators: [
      {
        yandex_uuid: OLGA,
        login: 'op12',
        full_name: 'Olga P.',
        user_id: USERS.op12,
        extension: '7001',
        queues: ['support', 'sales'],
      },
      { yandex_uuid: OLEG, login: 'op13', full_name: 'Oleg', user_id: USERS.op13, queues: ['support'] },
    ],
  });
  expect(added).toMatchObject({ status: 200, json: { results: [{ result: 'added' }, { result: 'added' }] } });
});
beforeEach(() => {
  pbx.broken.clear();
});
afterAll(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

describe('records', () => {
  it('are added one by one: a known one exists, a bad one says why and sinks nobody', async () => {
    const { json } = await post('boss', '/operators/add_bulk/', {
      operators: [
        { yandex_uuid: OLGA, login: 'x', full_name: 'X' },
        { yandex_uuid: 'bad', login: '', full_name: 'X' },
        { yandex_uuid: 'taken', login: 'y', full_name: 'Y', extension: '7001' },
        { yandex_uuid: 'foreign', login: 'y', full_name: 'Y', user_id: USERS.op21 },
        { yandex_uuid: 'new-1', login: 'n', full_name: 'New One' },
      ],
    });
    expect(json.results).toMatchObject([
      { result: 'existing' },
      { result: 'invalid', message: expect.stringContaining('login') },
      { result: 'invalid', message: expect.stringContaining('another operator') },
      { result: 'invalid', message: expect.stringContaining('no such user') },
      { result: 'added' },
    ]);
    expect((await get('boss', '/admin/operators/?q=New')).json).toMatchObject({
      operators: [{ yandex_uuid: 'new-1', in_telephony: false }],
      next: null,
    });
    expect(
      (await post('boss', '/admin/operators/delete_bulk/', { yandex_uuids: ['new-1', 'none'] })).json,
    ).toEqual({
      deleted: ['new-1'],
    });
  });

  it('belong to their tenant', async () => {
    expect((await get('admin2', '/admin/operators/')).json).toMatchObject({ operators: [] });
    expect(await post('admin2', '/admin/operator/add_to_telephony', { yandex_uuid: OLGA })).toMatchObject({
      status: 404,
      json: { code: 'NOT_FOUND', message: 'No such operator.' },
    });
  });

  it('are changed by who may, and refused in the room’s own shape', async () => {
    const refused = await post('op12', '/operator/set_queues', { yandex_uuid: OLGA, queues: [] });
    expect(refused).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } });
    expect(refused.json).not.toHaveProperty('error');
    expect(
      await post('boss', '/operator/set_queues', { yandex_uuid: OLGA, queues: ['bad queue'] }),
    ).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PARAMS' },
    });
  });
});

describe('an account', () => {
  it('is made, made again without harm, and keeps its operator from being deleted', async () => {
    for (let n = 0; n < 2; n += 1)
      expect(await post('boss', '/admin/operator/add_to_telephony', { yandex_uuid: OLGA })).toMatchObject({
        status: 200,
        json: { in_telephony: true },
      });
    const refused = await post('boss', '/admin/operators/delete_bulk/', { yandex_uuids: [OLGA, OLEG] });
    expect(refused).toMatchObject({
      status: 409,
      json: { code: 'IN_TELEPHONY', details: { yandex_uuids: [OLGA] } },
    });
    expect((await get('boss', '/admin/operators/')).json.operators).toHaveLength(2);
  });

  it('needs an extension', async () => {
    expect(await post('boss', '/admin/operator/add_to_telephony', { yandex_uuid: OLEG })).toMatchObject({
      status: 409,
      json: { code: 'NO_EXTENSION' },
    });
  });

  it('shows its password to its operator alone, and that is in the audit log without it', async () => {
    const shown = await post('op12', '/operator/show_password', { yandex_uuid: OLGA });
    expect(shown).toMatchObject({ status: 200, json: { login: '7001', password: 'secret of 7001' } });
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(await post('boss', '/operator/show_password', { yandex_uuid: OLGA })).toMatchObject({
      status: 403,
    });
    expect(await post('op13', '/operator/show_password', { yandex_uuid: OLGA })).toMatchObject({
      status: 404,
    });
    const rows = await openDb(env.DB).select().from(auditLog);
    expect(rows.filter(({ action }) => action === 'operator.password.show')).toMatchObject([
      { actorId: USERS.op12, target: OLGA, tenantId: ONE },
    ]);
    expect(JSON.stringify(rows)).not.toContain('secret of');
    expect(JSON.stringify(await openDb(env.DB).select().from(operators))).not.toContain('secret of');
  });
});

describe('the line', () => {
  it('is gone on in all own queues, off in the ones named', async () => {
    const on = await post('op12', '/operator/connection', { yandex_uuid: OLGA, connected: true });
    expect(on).toMatchObject({ status: 200, json: { connected: true, partial: false } });
    expect(on.json.queues).toHaveLength(2);
    expect((await get('op12', `/operator/connection?yandex_uuid=${OLGA}`)).json).toEqual({ connected: true });
    const off = await post('boss', '/operator/connection', {
      yandex_uuid: OLGA,
      connected: false,
      queues: ['sales'],
    });
    expect(off.json).toMatchObject({ connected: true, queues: [{ queue: 'support' }] });
    expect(
      await post('op12', '/operator/connection', { yandex_uuid: OLGA, connected: true, queues: ['vip'] }),
    ).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS', details: { queues: ['vip'] } } });
    expect(await post('op13', '/operator/connection', { yandex_uuid: OLGA, connected: true })).toMatchObject({
      status: 404,
    });
  });

  it('is told truly where some queues take the change and some do not', async () => {
    pbx.broken.add('sales');
    const on = await post('op12', '/operator/connection', { yandex_uuid: OLGA, connected: true });
    expect(on.json).toMatchObject({
      partial: true,
      connected: true,
      results: [
        { queue: 'support', ok: true },
        { queue: 'sales', ok: false, status: 409, code: 'PBX_REFUSED' },
      ],
    });
    // Drift is what is left, and one click repairs it when the queue is back.
    expect((await get('boss', '/admin/board')).json.operators).toContainEqual(
      expect.objectContaining({ yandex_uuid: OLGA, drift: true, state: 'line' }),
    );
    pbx.members.delete('support/7001');
    pbx.broken.clear();
    await post('op12', '/operator/status', { yandex_uuid: OLGA });
    expect((await get('boss', '/admin/board')).json.operators).toContainEqual(
      expect.objectContaining({ yandex_uuid: OLGA, drift: true, state: 'off' }),
    );
    expect((await post('boss', '/admin/operator/repair', { yandex_uuid: OLGA })).json).toMatchObject({
      drift: false,
      partial: false,
    });
    expect(pbx.members.has('support/7001')).toBe(true);
  });

  it('where no queue takes the change it is refused by telephony’s own code', async () => {
    pbx.broken.add('sales').add('support');
    pbx.members.clear();
    expect(await post('op12', '/operator/connection', { yandex_uuid: OLGA, connected: true })).toMatchObject({
      status: 409,
      json: { code: 'PBX_REFUSED', message: 'Asterisk: no such queue' },
    });
    pbx.broken.clear();
    await post('op12', '/operator/connection', { yandex_uuid: OLGA, connected: true });
  });

  it('is paused with a reason and a priority, and goes on', async () => {
    const paused = await post('op12', '/operator/pause', {
      yandex_uuid: OLGA,
      paused: true,
      priority: 3,
      reason: 'lunch',
    });
    expect(paused.json).toMatchObject({ paused: true, partial: false });
    expect(pbx.members.get('support/7001')).toMatchObject({ paused: true, penalty: 3, reason: 'lunch' });
    expect((await get('op12', `/operator/pause?yandex_uuid=${OLGA}`)).json).toEqual({ paused: true });
    expect((await get('boss', '/admin/board')).json.operators).toContainEqual(
      expect.objectContaining({ state: 'paused', reason: 'lunch', cause: 'asked', actor: USERS.op12 }),
    );
    expect((await post('op12', '/operator/pause', { yandex_uuid: OLGA, paused: false })).json).toMatchObject({
      paused: false,
    });
    expect(pbx.members.get('support/7001')).toMatchObject({ paused: false, penalty: 3 });
  });

  it('pauses only for the tenant’s reasons, where it has some', async () => {
    const saved = await as('boss', 'PUT', `${ROOT}/admin/settings`, { body: { pause_reasons: ['lunch'] } });
    expect(saved).toMatchObject({ status: 200, json: { driver: 'asterisk', pause_reasons: ['lunch'] } });
    expect(
      await post('op12', '/operator/pause', { yandex_uuid: OLGA, paused: true, reason: 'nap' }),
    ).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS', details: { reason: ['lunch'] } } });
  });

  it('is unavailable with its bridge', async () => {
    bridge.disconnect();
    await expect
      .poll(() => post('op12', '/operator/status', { yandex_uuid: OLGA }))
      .toMatchObject({ status: 502, json: { code: 'TELEPHONY_UNAVAILABLE' } });
    await bridge.connect();
  });

  it('leaves a time-line', async () => {
    const day = 24 * 3_600_000;
    const [from, to] = [Date.now() - day, Date.now() + day].map((at) => new Date(at).toISOString());
    const { json } = await get('boss', `/admin/timeline?from=${from}&to=${to}&yandex_uuid=${OLGA}`);
    const [mine] = json.operators as {
      seconds: object;
      segments: { state: string; reason: string | null }[];
    }[];
    expect(mine?.segments).toContainEqual(expect.objectContaining({ state: 'paused', reason: 'lunch' }));
    expect(await get('boss', `/admin/timeline?from=${to}&to=${from}`)).toMatchObject({ status: 400 });
  });

  it('counts what telephony answered', async () => {
    const { json } = await get('boss', '/admin/telephony');
    expect(json.answers).toContainEqual(
      expect.objectContaining({ endpoint: 'pbx.queue.add', status: 409, count: expect.any(Number) }),
    );
  });

  it('ends with the account', async () => {
    expect(await post('boss', '/admin/operator/remove_from_telephony', { yandex_uuid: OLGA })).toMatchObject({
      status: 200,
      json: { in_telephony: false },
    });
    expect(pbx.members.size).toBe(0);
    expect(pbx.accounts.size).toBe(0);
    expect(await post('op12', '/operator/status', { yandex_uuid: OLGA })).toMatchObject({
      status: 409,
      json: { code: 'NOT_IN_TELEPHONY' },
    });
  });
});

it('another tenant has none of it', async () => {
  expect(await env.OPERATOR_DESK.getByName(TWO).board()).toEqual([]);
});
