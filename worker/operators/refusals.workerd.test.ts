/** What telephony refuses, or fails at, is told by every route that asks it, in the room's own shape. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import { BRIDGE_VERBS, type BridgeVerb } from '../../bridge/protocol/verbs';
import { as, seedPeople, USERS } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';

const ROOT = '/callcenter_operators/v1';
const UUID = 'olga-1';
let bridge: SlotBridge;

beforeAll(async () => {
  await seedPeople();
  bridge = await enrolled([]);
  bridge.replies.set('pbx.account.put', () => ({ result: { already: false } }));
  const operator = {
    yandex_uuid: UUID,
    login: 'op12',
    full_name: 'Olga P.',
    user_id: USERS.op12,
    extension: '7001',
    queues: ['support'],
  };
  await as('boss', 'POST', `${ROOT}/operators/add_bulk/`, { body: { operators: [operator] } });
  await as('boss', 'POST', `${ROOT}/admin/operator/add_to_telephony`, { body: { yandex_uuid: UUID } });
});
afterAll(() => bridge.disconnect());

const body = { yandex_uuid: UUID };

it('an enrolment in which everybody has an account does not go on', async () => {
  const { json } = await as('boss', 'POST', `${ROOT}/admin/enrolments`, { body: {} });
  const path = `${ROOT}/admin/enrolments/${(json.enrolment as { id: string }).id}`;
  await vi.waitFor(async () => expect((await as('boss', 'GET', path)).json.state).toBe('done'));
  expect(await as('boss', 'POST', `${path}/resume`)).toMatchObject({
    status: 409,
    json: { code: 'NOTHING_LEFT' },
  });
});

const ROUTES: [string, () => ReturnType<typeof as>][] = [
  ['add', () => as('boss', 'POST', `${ROOT}/admin/operator/add_to_telephony`, { body })],
  ['remove', () => as('boss', 'POST', `${ROOT}/admin/operator/remove_from_telephony`, { body })],
  ['repair', () => as('boss', 'POST', `${ROOT}/admin/operator/repair`, { body })],
  [
    'force',
    () =>
      as('boss', 'POST', `${ROOT}/admin/operator/force`, { body: { ...body, action: 'pause', reason: 'x' } }),
  ],
  ['check', () => as('boss', 'POST', `${ROOT}/admin/telephony/check`, { body })],
  ['password', () => as('op12', 'POST', `${ROOT}/operator/show_password`, { body })],
  ['status', () => as('op12', 'POST', `${ROOT}/operator/status`, { body })],
  ['connection', () => as('op12', 'GET', `${ROOT}/operator/connection?yandex_uuid=${UUID}`)],
  [
    'connect',
    () => as('op12', 'POST', `${ROOT}/operator/connection`, { body: { ...body, connected: true } }),
  ],
  ['pause', () => as('op12', 'GET', `${ROOT}/operator/pause?yandex_uuid=${UUID}`)],
  ['set pause', () => as('op12', 'POST', `${ROOT}/operator/pause`, { body: { ...body, paused: true } })],
];

const refuse = (code: BridgeErrorCode) => {
  for (const verb of Object.keys(BRIDGE_VERBS) as BridgeVerb[])
    bridge.replies.set(verb, () => ({ refuse: code, message: 'words of the bridge' }));
};

describe.each<[BridgeErrorCode, number, string]>([
  ['PBX_REFUSED', 409, 'PBX_REFUSED'],
  ['PBX_OFFLINE', 502, 'TELEPHONY_UNAVAILABLE'],
  ['DEADLINE', 504, 'TELEPHONY_UNAVAILABLE'],
])('%s', (code, status, says) => {
  it.each(ROUTES)(`is ${status} ${says} of %s`, async (_, ask) => {
    refuse(code);
    const answer = await ask();
    expect(answer).toMatchObject({ status, json: { code: says } });
    expect(String(answer.json.message)).toContain('words of the bridge');
  });
});

it.each(ROUTES)('a telephony that is not set up is 501 of %s', async (_, ask) => {
  await as('boss', 'PUT', `${ROOT}/admin/settings`, { body: { driver: 'cipt' } });
  expect(await ask()).toMatchObject({ status: 501, json: { code: 'NOT_SUPPORTED' } });
});

it('an extension is one operator’s', async () => {
  const other = { yandex_uuid: 'oleg-1', login: 'op13', full_name: 'Oleg' };
  await as('boss', 'POST', `${ROOT}/operators/add_bulk/`, { body: { operators: [other] } });
  const change = { yandex_uuid: 'oleg-1', extension: '7001' };
  expect(await as('boss', 'POST', `${ROOT}/admin/operator/update`, { body: change })).toMatchObject({
    status: 409,
    json: { code: 'EXTENSION_TAKEN' },
  });
});
