/** What supervisors do and see: force with a reason, reports by day, files, a look at telephony. */
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, seedPeople, USERS } from '../../test/worker/support/dialer';
import { newPlayedPbx, playPbx } from '../../test/worker/support/played-pbx';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { auditLog } from '../db/schema';

const ROOT = '/callcenter_operators/v1';
const OLGA = 'olga-1';
const OLEG = 'oleg-1';
let bridge: SlotBridge;
const pbx = newPlayedPbx();

const post = (user: Parameters<typeof as>[0], path: string, body: unknown = {}) =>
  as(user, 'POST', `${ROOT}${path}`, { body });
const get = (user: Parameters<typeof as>[0], path: string, accept?: string) =>
  as(user, 'GET', `${ROOT}${path}`, accept === undefined ? {} : { headers: { accept } });
const force = (action: string, reason: unknown = 'the shift is over', uuid = OLGA) =>
  post('boss', '/admin/operator/force', { yandex_uuid: uuid, action, reason });
const forced = async () =>
  (await openDb(env.DB).select().from(auditLog)).filter(({ action }) => action.startsWith('operator.force'));
const line = (connected: boolean) => post('op12', '/operator/connection', { yandex_uuid: OLGA, connected });
const board = async (uuid = OLGA) => {
  const { operators } = (await get('boss', '/admin/board')).json as { operators: { yandex_uuid: string }[] };
  return operators.find(({ yandex_uuid }) => yandex_uuid === uuid);
};

beforeAll(async () => {
  await seedPeople();
  bridge = await enrolled([]);
  playPbx(bridge, pbx);
  await post('boss', '/operators/add_bulk/', {
    operators: [
      {
        yandex_uuid: OLGA,
        login: 'op12',
        full_name: '=Olga "P", Jr.',
        user_id: USERS.op12,
        extension: '7001',
        queues: ['support', 'sales'],
      },
      { yandex_uuid: OLEG, login: 'op13', full_name: 'Oleg', extension: '7002', queues: ['support'] },
    ],
  });
  for (const yandex_uuid of [OLGA, OLEG])
    await post('boss', '/admin/operator/add_to_telephony', { yandex_uuid });
});
afterAll(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

describe('a supervisor', () => {
  it('can do nothing to who is not on the line, and nothing without a reason', async () => {
    expect(await force('pause')).toMatchObject({ status: 409, json: { code: 'NOT_CONNECTED' } });
    expect(await force('sign_off')).toMatchObject({ status: 409, json: { code: 'NOT_CONNECTED' } });
    expect(await force('pause', ' ')).toMatchObject({ status: 400 });
    expect(await force('pause', undefined, 'none')).toMatchObject({ status: 404 });
    expect(
      await post('op12', '/admin/operator/force', { yandex_uuid: OLGA, action: 'pause', reason: 'x' }),
    ).toMatchObject({ status: 403 });
  });

  it('pauses in their own words whatever the reasons are, lets go on, and signs off', async () => {
    await as('boss', 'PUT', `${ROOT}/admin/settings`, { body: { pause_reasons: ['lunch'] } });
    await line(true);
    expect(await force('pause', 'come to my desk')).toMatchObject({
      status: 200,
      json: { state: 'paused', partial: false, results: [{ ok: true }, { ok: true }] },
    });
    expect(pbx.members.get('sales/7001')).toMatchObject({ paused: true, reason: 'come to my desk' });
    expect(await board()).toMatchObject({
      state: 'paused',
      reason: 'come to my desk',
      actor: USERS.boss,
      drift: false,
      user_id: USERS.op12,
    });
    expect(await force('resume', 'back to work')).toMatchObject({ json: { state: 'line' } });
    expect(await force('sign_off')).toMatchObject({ json: { state: 'off', partial: false } });
    expect(pbx.members.size).toBe(0);
    expect(await board()).toMatchObject({ state: 'off', drift: false });
    expect(await forced()).toMatchObject([
      {
        action: 'operator.force.pause',
        target: OLGA,
        actorId: USERS.boss,
        before: { state: 'line' },
        after: { state: 'paused', reason: 'come to my desk' },
      },
      { action: 'operator.force.resume', after: { state: 'line', reason: 'back to work' } },
      { action: 'operator.force.sign_off', before: { state: 'line' }, after: { state: 'off' } },
    ]);
  });

  it('signs off who somebody took out by hand: then they are wanted off, too', async () => {
    await line(true);
    pbx.members.clear();
    expect(await force('sign_off')).toMatchObject({ json: { state: 'off', partial: false } });
    expect(await board()).toMatchObject({ state: 'off', drift: false });
  });

  it('is told of each queue where one of them refuses', async () => {
    await line(true);
    bridge.replies.set('pbx.queue.pause', ({ queue }) =>
      queue === 'sales' ? { refuse: 'PBX_REFUSED', message: 'no' } : { result: {} },
    );
    expect((await force('pause')).json).toMatchObject({
      partial: true,
      results: [
        { queue: 'support', ok: true },
        { queue: 'sales', ok: false, status: 409, code: 'PBX_REFUSED' },
      ],
    });
    playPbx(bridge, pbx);
    await force('sign_off');
  });
});

describe('the report of a day', () => {
  const today = () => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Minsk' }).format(new Date());
  const dayBefore = (day: string) => new Date(Date.parse(day) - 24 * 3_600_000).toISOString().slice(0, 10);
  const days = (query: string, accept?: string) => get('boss', `/admin/timeline/days?${query}`, accept);

  it('has each operator’s seconds, pauses, and segments with cause and actor of a day or of one operator', async () => {
    await line(true);
    await force('pause', 'talk');
    const query = `from=${today()}&to=${today()}`;
    const { json } = await days(query);
    const [olga, ...others] = json.operators as { days: object[] }[];
    expect(others).toEqual([]);
    expect(olga).toMatchObject({
      yandex_uuid: OLGA,
      login: 'op12',
      segments: expect.any(Array),
      days: [{ day: today(), first: expect.any(String) }],
    });
    const longer = `from=${dayBefore(today())}&to=${today()}`;
    expect((await days(longer)).json.operators).toMatchObject([{ segments: null }]);
    const one = (await days(`${longer}&yandex_uuid=${OLGA}`)).json.operators as { segments: object[] }[];
    expect(one[0]?.segments).toContainEqual(
      expect.objectContaining({ state: 'paused', reason: 'talk', actor: { id: USERS.boss, name: 'BOSS' } }),
    );
  });

  it('comes by pages of operators', async () => {
    pbx.members.set('support/7002', {
      queue: 'support',
      extension: '7002',
      paused: false,
      penalty: 0,
      reason: '',
    });
    await post('boss', '/operator/status', { yandex_uuid: OLEG });
    const query = `from=${today()}&to=${today()}&limit=1`;
    const first = (await days(query)).json as { next: string; operators: { yandex_uuid: string }[] };
    const second = (await days(`${query}&cursor=${first.next}`)).json as typeof first;
    expect([...first.operators, ...second.operators].map(({ yandex_uuid }) => yandex_uuid)).toEqual([
      OLEG,
      OLGA,
    ]);
    expect(second.next).toBeNull();
  });

  it('is a file of days or of segments that no spreadsheet runs', async () => {
    const query = `from=${today()}&to=${today()}`;
    const file = await days(query, 'text/csv');
    expect(file.headers.get('content-disposition')).toContain(`operators-${today()}-${today()}-days.csv`);
    const text = file.text.split('\r\n');
    expect(text[0]).toContain('day,yandex_uuid,login,full_name,line_sec,paused_sec,off_sec,pauses');
    expect(text.find((row) => row.includes(OLGA))).toContain(`${today()},${OLGA},op12,"'=Olga ""P"", Jr.",`);
    const parts = (await days(`${query}&format=csv&detail=segments`)).text;
    const states = parts.split('\r\n').filter((row) => row.includes(OLGA));
    expect(states.map((row) => /,(off|line|paused),/.exec(row)?.[1])).toEqual(
      'line paused line off line off line off line paused'.split(' '),
    );
    expect(parts).toContain('paused,talk,asked');
    expect(parts).toContain(`${USERS.boss},BOSS`);
  });

  it('is of 31 days at most, in order', async () => {
    expect(await days('from=2026-03-02&to=2026-03-01')).toMatchObject({ status: 400 });
    expect(await days('from=2026-03-01&to=2026-04-01')).toMatchObject({ status: 400 });
    expect(await days('from=2026-03-01&to=2026-03-31')).toMatchObject({
      status: 200,
      json: { operators: [] },
    });
  });
});

it('operators come as a file, too', async () => {
  const { text } = await get('boss', '/admin/operators/?format=csv&q=op12');
  expect(text.trim().split('\r\n')).toHaveLength(2);
  expect(text).toContain(`${OLGA},op12,"'=Olga ""P"", Jr.",${USERS.op12},,,7001,support sales,true,`);
});

it('telephony is asked by hand whether it answers', async () => {
  expect(await post('boss', '/admin/telephony/check')).toMatchObject({
    status: 200,
    json: { driver: 'asterisk', queues: ['support', 'sales'] },
  });
  expect(await post('boss', '/admin/telephony/check', { yandex_uuid: 'none' })).toMatchObject({
    status: 404,
  });
  await as('boss', 'PUT', `${ROOT}/admin/settings`, {
    body: { driver: 'cipt', cipt: { url: 'https://telephony.example', key: 'abcd-efgh' } },
  });
  expect(await post('boss', '/admin/telephony/check')).toMatchObject({
    status: 409,
    json: { code: 'NO_AGENT' },
  });
});
