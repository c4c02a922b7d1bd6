// Operators of the platform on a real Asterisk: from the record to a ringing phone, and what somebody does by hand.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { signIn, type Client } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { pbxToml } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything, registerPhone } from './support/telephony.ts';

type Json = Record<string, unknown>;
const ROOT = '/callcenter_operators/v1';
const UUID = 'olga-1';
const soon = { timeout: 30_000 };
let server: TestServer;
let admin: Client;
let olga: Client;
let bridges: Bridges;
let one: Enrolled;

const post = async (client: Client, path: string, body: Json): Promise<Json> =>
  expectStatus(200, await client.post(`${ROOT}${path}`, body)).json;
const row = async (): Promise<Json | undefined> => {
  const { operators } = expectStatus(200, await admin.get(`${ROOT}/admin/board`)).json as {
    operators: Json[];
  };
  return operators.find(({ yandex_uuid }) => yandex_uuid === UUID);
};

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  olga = await signIn(server.url, 'op12');
  bridges = new Bridges(admin);
  one = await bridges.enrolled(pbxToml(), 'bridge');
  one.bridge.start();
  await bridges.online(one.id);
  await vi.waitFor(
    async () => {
      const { pbx } = expectStatus(200, await admin.get('/api/pbx/status')).json as { pbx: Json[] };
      expect(pbx[0]).toMatchObject({ ami: 'up' });
    },
    { timeout: 30_000, interval: 100 },
  );
  const { items } = expectStatus(200, await admin.get('/api/users?q=op12')).json as {
    items: { id: string }[];
  };
  await post(admin, '/operators/add_bulk/', {
    operators: [
      {
        yandex_uuid: UUID,
        login: 'olga',
        full_name: 'Olga P.',
        user_id: items[0]?.id,
        extension: '7001',
        queues: ['support', 'sales'],
      },
    ],
  });
});
afterEach(hangUpEverything);
afterAll(async () => {
  await admin.post(`${ROOT}/admin/operator/remove_from_telephony`, { yandex_uuid: UUID });
  await bridges.remove();
  await server.stop();
});

/** Who is rung for a caller of queue 600 until the caller has talked, by Asterisk's own list of channels. */
async function rungForCaller(): Promise<boolean> {
  const caller = callFromCarrier('375170000600', 3_000);
  let rung = false;
  const look = setInterval(() => {
    void asterisk('core show channels concise').then((list) => {
      rung ||= list.includes('PJSIP/7001-');
    });
  }, 100);
  await Promise.race([caller.ended, new Promise((done) => setTimeout(done, 5_000))]);
  clearInterval(look);
  caller.kill();
  await hangUpEverything();
  return rung;
}

describe('an operator', () => {
  it('gets an account, registers with the password that only they are shown, and is rung in a queue', async () => {
    await post(admin, '/admin/operator/add_to_telephony', { yandex_uuid: UUID });
    expect(await admin.post(`${ROOT}/operator/show_password`, { yandex_uuid: UUID })).toMatchObject({
      status: 403,
    });
    const { login, password } = await post(olga, '/operator/show_password', { yandex_uuid: UUID });
    const phone = await registerPhone('answers', { login: String(login), password: String(password) });
    const on = await post(olga, '/operator/connection', { yandex_uuid: UUID, connected: true });
    expect(on).toMatchObject({ connected: true, partial: false });
    expect(await rungForCaller()).toBe(true);

    await post(olga, '/operator/pause', { yandex_uuid: UUID, paused: true, reason: 'lunch', priority: 2 });
    expect(await asterisk('queue show support')).toMatch(/PJSIP\/7001.*penalty 2.*paused/);
    expect(await rungForCaller()).toBe(false);

    await post(olga, '/operator/pause', { yandex_uuid: UUID, paused: false });
    expect(await rungForCaller()).toBe(true);
    await phone.stop();
  });

  it('is shown as somebody left them at the PBX by hand, and set right by one click', async () => {
    await asterisk('queue pause member PJSIP/7001 queue support reason by-hand');
    await expect
      .poll(row, soon)
      .toMatchObject({ state: 'paused', reason: 'by-hand', cause: 'telephony', drift: true });
    await asterisk('queue remove member PJSIP/7001 from support');
    await asterisk('queue remove member PJSIP/7001 from sales');
    await expect.poll(row, soon).toMatchObject({ state: 'off', drift: true });
    expect(await post(admin, '/admin/operator/repair', { yandex_uuid: UUID })).toMatchObject({
      drift: false,
    });
    expect(await asterisk('queue show support')).toContain('PJSIP/7001');
    await expect.poll(row, soon).toMatchObject({ state: 'line', drift: false });
  });

  it('is told of each queue where one of them does not take the change', async () => {
    await post(admin, '/operator/set_queues', { yandex_uuid: UUID, queues: ['support', 'billing'] });
    const changed = await post(olga, '/operator/connection', { yandex_uuid: UUID, connected: false });
    expect(changed).toMatchObject({
      partial: true,
      results: [
        { queue: 'support', ok: true },
        { queue: 'billing', ok: false, code: 'FORBIDDEN' },
        // No queue of theirs any more, but they were still in it.
        { queue: 'sales', ok: true },
      ],
    });
    for (const queue of ['support', 'sales'])
      expect(await asterisk(`queue show ${queue}`)).not.toContain('PJSIP/7001');
  });

  it('has no account after it was taken away', async () => {
    await post(admin, '/admin/operator/remove_from_telephony', { yandex_uuid: UUID });
    expect(await asterisk('pjsip show endpoint 7001')).toContain('Unable to find object');
    await expect.poll(row, soon).toMatchObject({ state: 'off', in_telephony: false });
  });
});
