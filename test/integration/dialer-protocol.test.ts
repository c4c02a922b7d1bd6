/** What the wire must look like to a phone, over real sockets: paths, codes, headers, bodies, holds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../sim/phone/faults.ts';
import { SimulatedPhone, type PhoneLine } from '../sim/phone/driver.ts';
import { signIn, type Client, type Reply } from './support/client.ts';
import { enqueue, expectStatus, Handset, newDeviceId, phoneRow } from './support/handset.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
let operator: Client;
let handset: Handset;

beforeAll(async () => {
  server = await TestServer.start();
  operator = await signIn(server.url, 'op12');
  handset = await Handset.signIn(operator);
});
afterAll(() => server.stop());

/** Every path of the app that a repeat does not change, with what it is asked. */
const REPEATABLE = [
  ['POST', '/api/token/refresh/', () => ({ refresh: handset.refresh })],
  ['GET', '/api/phone/user/info/', null],
  [
    'POST',
    '/api/phone/devices/register/',
    () => ({ device_id: handset.deviceId, device_name: 'Simulator: alias' }),
  ],
  ['POST', '/api/phone/devices/heartbeat/', () => ({ device_id: handset.deviceId, app_version: '2.4.1' })],
  ['POST', '/api/phone/telemetry/', () => ({ device_id: handset.deviceId, items: [] })],
  [
    'POST',
    '/api/phone/logs/',
    () => ({ device_id: handset.deviceId, ts: new Date().toISOString(), payload: 'line' }),
  ],
  ['GET', '/api/phone/app/latest/', null],
  ['GET', '/api/phone/calls/pull/', null],
  ['POST', '/api/phone/calls/update/', () => ({})],
  ['POST', '/api/token/', () => ({ username: 'op12', password: 'demo-op12' })],
  ['POST', '/api/phone/qr/exchange/', () => ({ token: 'no such token' })],
  ['GET', '/api/phone/qr/status/?token=none', null],
] as const;

describe('paths', () => {
  it.each(REPEATABLE)('%s %s answers the same in all its four forms', async (method, path, body) => {
    const [bare = '', query = ''] = path.split('?');
    const forms = [bare, bare.slice(0, -1), `/api/v1${bare.slice(4)}`, `/api/v1${bare.slice(4, -1)}`];
    const asked = await Promise.all(
      forms.map((form) =>
        handset.client.send(
          method,
          form + (query === '' ? '' : `?${query}`),
          body === null ? {} : { body: body() },
        ),
      ),
    );
    const shape = (reply: Reply) => [
      reply.status,
      Object.keys(reply.json).toSorted(),
      reply.headers['content-type'],
    ];
    const [first] = asked;
    if (first === undefined) return;
    for (const reply of asked) {
      expect(shape(reply)).toEqual(shape(first));
      expect(reply.status).not.toBe(500);
      expect(reply.status < 300 || reply.status >= 400).toBe(true);
    }
  });

  it('answers a wrong method with 405, Allow and a detail', async () => {
    for (const path of ['/api/phone/calls/pull/', '/api/token/refresh', '/api/v1/phone/logs/']) {
      const reply = await handset.client.send('DELETE', path);
      expect([path, reply.status]).toEqual([path, 405]);
      expect(reply.headers.allow).toMatch(/GET|POST/);
      expect(reply.json['detail']).toEqual(expect.any(String));
    }
  });

  it('answers an unknown path of the phones with JSON', async () => {
    const reply = await handset.client.get('/api/phone/no/such/thing/');
    expect(reply.status).toBe(404);
    expect(reply.json['detail']).toEqual(expect.any(String));
  });
});

// These take their time, so they take it together.
describe('an empty poll', () => {
  it(
    'of the old generation is polled shortly, with heartbeats and reports between',
    { concurrent: true },
    async () => {
      const deviceId = newDeviceId();
      const phone = new SimulatedPhone({
        url: server.url,
        generation: 'old',
        deviceId,
        deviceName: 'Simulator: old',
      });
      try {
        await phone.signInByPassword('op13', 'demo-op13');
        await phone.register();
        phone.start();
        const id = await enqueue(await signIn(server.url, 'op13'), { device_id: deviceId });
        await phone.waitFor((line) => line.type === 'command' && line.id === id);
        phone.report({ commandId: id, status: 'no_answer', startedAt: Date.now(), talkedSec: 0 });
        expect(await phone.waitFor((line) => line.type === 'reported')).toMatchObject({ answer: 200 });
        // The tenth poll is followed by a heartbeat, whose version the phones screen shows.
        await phone.waitFor((line: PhoneLine) => line.type === 'polled' && line.poll === 11);
        const row = await phoneRow(await signIn(server.url, 'op13'), deviceId);
        expect(row).toMatchObject({ app_version: 'simulator', queue_stuck: false });
        expect(phone.faults).toEqual([]);
      } finally {
        phone.switchOff();
      }
    },
  );

  it.each([
    ['without wait_seconds', null],
    ['wait_seconds=0', 0],
    ['wait_seconds=1', 1],
    ['wait_seconds=-5', -5],
    ['wait_seconds=junk', 'junk'],
    ['wait_seconds= empty', ''],
    ['wait_seconds=1e3', '1e3'],
    ['wait_seconds=NaN', 'NaN'],
  ])('%s ends after a second or more, with a bare 204', { concurrent: true }, async (_, wait) => {
    const device = await handset.another();
    const outcome = await device.pull(wait).outcome;
    expect(outcome).toMatchObject({ ok: true, status: 204, body: '' });
    expect(
      faultsOf({ call: 'pull', waitSeconds: 1, generation: 'new', sessionLives: true }, outcome),
    ).toEqual([]);
  });

  it.each([25, 999])('wait_seconds=%i ends well before 30 s', { concurrent: true }, async (wait) => {
    const device = await handset.another();
    const outcome = await device.pull(wait).outcome;
    expect(outcome).toMatchObject({ ok: true, status: 204 });
    expect(outcome.tookMs).toBeGreaterThanOrEqual(20_000);
    expect(
      faultsOf({ call: 'pull', waitSeconds: 25, generation: 'new', sessionLives: true }, outcome),
    ).toEqual([]);
  });
});

describe('a pull', () => {
  it('brings exactly what the app reads, uncached', async () => {
    const id = await enqueue(operator, {
      device_id: handset.deviceId,
      company_id: '7',
      contact_id: 'c-9',
      note: 'VIP',
    });
    const outcome = await handset.pull().outcome;
    expect(outcome.ok && outcome.status).toBe(200);
    if (!outcome.ok) return;
    const body = JSON.parse(outcome.body) as Record<string, unknown>;
    expect(body).toMatchObject({ id, company_id: '7', contact_id: 'c-9', note: 'VIP' });
    expect(Date.parse(String(body['created_at']))).toBeGreaterThan(0);
    expect(faultsOf({ call: 'pull', generation: 'new', sessionLives: true }, outcome)).toEqual([]);
  });

  it('by HEAD takes nothing', async () => {
    const device = await handset.another();
    const id = await enqueue(operator, { device_id: device.deviceId });
    const head = await device.client.send('HEAD', `/api/phone/calls/pull/?device_id=${device.deviceId}`);
    expect(head.status).toBeLessThan(500);
    expect(head.text).toBe('');
    expect((await device.poll()).id).toBe(id);
  });

  it('without device_id is 400, with a foreign one 403, with no token 401', async () => {
    const blank = await handset.client.get('/api/phone/calls/pull/');
    expect(blank.status).toBe(400);
    const foreign = await handset.client.get(`/api/phone/calls/pull/?device_id=${newDeviceId()}`);
    expect(foreign.status).toBe(403);
    expect(foreign.json['detail']).toEqual(expect.any(String));
    const nobody = await handset.client.as(null).get('/api/phone/calls/pull/?device_id=unknown');
    expect(nobody.status).toBe(401);
    expect(nobody.headers['www-authenticate']).toBe('Bearer realm="api"');
  });

  it('with a forged token is refused as the app expects', async () => {
    const reply = await handset.client.as('a.b.c').get('/api/phone/calls/pull/?device_id=unknown');
    expect(reply.status).toBe(401);
    expect(reply.json).toMatchObject({ code: 'token_not_valid', messages: [{ token_type: 'access' }] });
  });

  it('of a device called "unknown" belongs to its user alone', async () => {
    const other = await signIn(server.url, 'op13');
    const mine = await Handset.signIn(operator, 'unknown');
    const theirs = await Handset.signIn(other, 'unknown');
    const id = await enqueue(other, { device_id: 'unknown' });
    expect((await mine.poll()).id).toBeNull();
    expect((await theirs.poll()).id).toBe(id);
  });
});

describe('a refresh', () => {
  it('works for ever with the first token and never gives another', async () => {
    for (let i = 0; i < 12; i++) {
      const reply = await operator.as(null).post('/api/token/refresh/', { refresh: handset.refresh });
      expect(reply.status).toBe(200);
      expect(Object.keys(reply.json)).toEqual(['access']);
    }
    const together = await Promise.all(
      Array.from({ length: 40 }, () =>
        operator.as(null).post('/api/token/refresh/', { refresh: handset.refresh }),
      ),
    );
    expect(together.map((reply) => reply.status)).toEqual(together.map(() => 200));
    const renewed = String(together[0]?.json['access']);
    expectStatus(200, await operator.as(renewed).get('/api/phone/user/info/'));
  });

  it('refuses blank ones by field and bad ones as not valid', async () => {
    const blank = await operator.as(null).post('/api/token/refresh/', { refresh: '' });
    expect([blank.status, Object.keys(blank.json)]).toEqual([400, ['refresh']]);
    for (const bad of ['a.b.c', handset.client.token, operator.token]) {
      const reply = await operator.as(null).post('/api/token/refresh/', { refresh: bad });
      expect([reply.status, reply.json['code']]).toEqual([401, 'token_not_valid']);
    }
  });

  it('gives no access to the platform, nor the platform’s token to the phones', async () => {
    expect((await handset.client.get('/api/calls/feed')).status).toBe(401);
    const pull = await operator.get(`/api/phone/calls/pull/?device_id=${handset.deviceId}`);
    expect([pull.status, pull.json['code']]).toEqual([401, 'token_not_valid']);
  });
});

describe('a QR code', () => {
  it('is used by exactly one of many phones at once', async () => {
    const made = expectStatus(200, await operator.post('/api/phone/qr/create/', {}));
    const token = String(made.json['token']);
    expect(token.length).toBeGreaterThanOrEqual(86);
    const status = () => operator.get(`/api/phone/qr/status/?token=${encodeURIComponent(token)}`);
    expect((await status()).json['status']).toBe('pending');
    const all = await Promise.all(
      Array.from({ length: 12 }, () => operator.as('stale').post('/api/phone/qr/exchange/', { token })),
    );
    expect(all.filter((reply) => reply.status === 200)).toHaveLength(1);
    const refused = all.filter((reply) => reply.status !== 200);
    const unknown = await operator.as(null).post('/api/phone/qr/exchange/', { token: 'never made' });
    for (const reply of refused) expect([reply.status, reply.text]).toEqual([400, unknown.text]);
    expect((await status()).json['status']).toBe('used');
  });
});
