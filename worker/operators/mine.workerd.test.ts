import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveClient } from '../../test/worker/support/call-hub';
import { as, ONE, seedPeople, USERS } from '../../test/worker/support/dialer';
import { newPlayedPbx, playPbx } from '../../test/worker/support/played-pbx';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';

const ROOT = '/callcenter_operators/v1';
const pbx = newPlayedPbx();
let bridge: SlotBridge;
const post = (user: Parameters<typeof as>[0], path: string, body: unknown) =>
  as(user, 'POST', `${ROOT}${path}`, { body });
const mine = async (user: Parameters<typeof as>[0]) => (await as(user, 'GET', `${ROOT}/operator/mine`)).json;
const record = (uuid: string, fullName: string, userId: string, extension: string) => ({
  yandex_uuid: uuid,
  login: uuid,
  full_name: fullName,
  user_id: userId,
  extension,
  queues: ['support', 'sales'],
});

beforeAll(async () => {
  await seedPeople();
  bridge = await enrolled([]);
  playPbx(bridge, pbx);
  await post('boss', '/operators/add_bulk/', {
    operators: [
      record('olga', 'Olga P.', USERS.op12, '7001'),
      record('oleg', 'Oleg K.', USERS.op13, '7002'),
      { ...record('olga-before', 'Olga P.', USERS.op12, '7003'), extension: null },
    ],
  });
  for (const yandex_uuid of ['olga', 'oleg'])
    await post('boss', '/admin/operator/add_to_telephony', { yandex_uuid });
});
afterAll(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

describe('one’s own line', () => {
  it('is nobody’s for who is no operator', async () => {
    expect(await mine('boss')).toMatchObject({ operator: null, queues: [] });
  });

  it('is there at once: state, queues and who is in them', async () => {
    expect(await mine('op12')).toMatchObject({
      operator: {
        yandex_uuid: 'olga',
        in_telephony: true,
        assigned: ['support', 'sales'],
        state: 'off',
        queues: [
          { queue: 'support', seen: null },
          { queue: 'sales', seen: null },
        ],
      },
      queues: [
        { queue: 'support', members: [] },
        { queue: 'sales', members: [] },
      ],
      softphone_server: null,
      told_live: true,
    });
    await post('op13', '/operator/connection', {
      yandex_uuid: 'oleg',
      connected: true,
      queues: ['support'],
    });
    await post('op12', '/operator/connection', { yandex_uuid: 'olga', connected: true });
    const { operator, queues } = await mine('op12');
    expect(operator).toMatchObject({ state: 'line', cause: 'asked', actor: USERS.op12 });
    expect(queues).toMatchObject([
      { queue: 'sales', members: [{ full_name: 'Olga P.' }] },
      { queue: 'support', members: [{ full_name: 'Oleg K.' }, { full_name: 'Olga P.' }] },
    ]);
  });

  it('is told of over the live socket, as it is answered', async () => {
    const hub = env.CALL_HUB.getByName(ONE);
    const client = await LiveClient.connect(hub, { userId: USERS.op12, scope: 'own' });
    await post('op12', '/operator/pause', { yandex_uuid: 'olga', paused: true, reason: 'lunch' });
    const told = (event: string) =>
      (client.events() as unknown as { event: string; data: Record<string, unknown> }[]).findLast(
        (message) => message.event === event,
      )?.data;
    await expect.poll(() => told('operator.update')?.state).toBe('paused');
    await expect
      .poll(() => told('queue.update')?.members)
      .not.toContainEqual(expect.objectContaining({ yandex_uuid: 'olga' }));
    const {
      login: _login,
      in_telephony: _in,
      assigned: _assigned,
      ...answered
    } = (await mine('op12')).operator as Record<string, unknown>;
    expect(told('operator.update')).toMatchObject(answered);
    await post('op12', '/operator/pause', { yandex_uuid: 'olga', paused: false });
    await expect.poll(() => told('operator.update')?.state).toBe('line');
  });

  it('says where the softphone registers', async () => {
    const set = (softphone_server: string | null) =>
      as('boss', 'PUT', `${ROOT}/admin/settings`, { body: { softphone_server } });
    for (const wrong of ['', 'sip:pbx.firm.example', 'pbx.firm.example/1', 'pbx..example:port', 'a b'])
      expect(await set(wrong), wrong).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    for (const server of ['pbx.firm.example', 'pbx.firm.example:5080', '[2001:db8::5]:5061', '192.0.2.5']) {
      expect(await set(server)).toMatchObject({ status: 200, json: { softphone_server: server } });
      expect(await mine('op12')).toMatchObject({ softphone_server: server });
    }
    await as('boss', 'PUT', `${ROOT}/admin/settings`, { body: { pause_after_missed: 0 } });
    expect(await mine('op12')).toMatchObject({ softphone_server: '192.0.2.5' });
    expect(await set(null)).toMatchObject({ json: { softphone_server: null } });
  });

  it('can be left in a queue that is the operator’s no more', async () => {
    await post('boss', '/operator/set_queues', { yandex_uuid: 'olga', queues: ['support'] });
    expect((await mine('op12')).operator).toMatchObject({ assigned: ['support'], state: 'line' });
    const paused = { yandex_uuid: 'olga', paused: true, queues: ['sales'] };
    expect(await post('op12', '/operator/pause', paused)).toMatchObject({ json: { partial: false } });
    const left = await post('op12', '/operator/connection', { yandex_uuid: 'olga', connected: false });
    expect(left).toMatchObject({ status: 200, json: { connected: false, partial: false } });
    expect((left.json.results as { queue: string }[]).map(({ queue }) => queue).sort()).toEqual([
      'sales',
      'support',
    ]);
    const back = { yandex_uuid: 'olga', connected: true, queues: ['sales'] };
    expect(await post('op12', '/operator/connection', back)).toMatchObject({ status: 400 });
  });
});
