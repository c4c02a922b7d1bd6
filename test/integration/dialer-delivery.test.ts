/**
 * Who gets which command, and how often: the queue's promises, over real sockets. All at once, since most of it is
 * waiting for holds to end; each test has phones of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, newNumber, signIn, type Client } from './support/client.ts';
import { enqueue, expectStatus, Handset, idOf, parked } from './support/handset.ts';
import { WAYS } from './support/edge-server.ts';

const stateOf = async (person: Client, id: string): Promise<string | undefined> => {
  const page = expectStatus(200, await person.get('/api/phones/commands?limit=200'));
  return (page.json['items'] as { id: string; state: string }[]).find((item) => item.id === id)?.state;
};

describe.each(WAYS)('%s', (_, start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let operator: Client;
  let admin: Client;
  let handset: Handset;

  beforeAll(async () => {
    server = await start();
    operator = await signIn(server.url, 'op12');
    admin = await signIn(server.url, 'admin');
    handset = await Handset.signIn(operator);
  });
  afterAll(() => server.stop());

  describe('a parked poll', { concurrent: true }, () => {
    it('gets a command the moment it is made, oldest first', async () => {
      const device = await handset.another();
      const first = await enqueue(operator, { device_id: device.deviceId });
      const second = await enqueue(operator, { device_id: device.deviceId });
      expect((await device.poll(25)).id).toBe(first);
      expect((await device.poll()).id).toBe(second);
      const idle = await handset.another();
      const waiting = idle.pull(25);
      await parked(operator, idle);
      const third = await enqueue(operator, { device_id: idle.deviceId });
      expect(idOf(await waiting.outcome)).toBe(third);
    });

    it('gives way to a newer one of the same device, with a bare 204 and not too soon', async () => {
      const device = await handset.another();
      const old = device.pull(25);
      await parked(operator, device);
      const fresh = device.pull(25);
      const released = await old.outcome;
      expect(released).toMatchObject({ ok: true, status: 204, body: '' });
      expect(released.tookMs).toBeGreaterThanOrEqual(1_000);
      const id = await enqueue(operator, { device_id: device.deviceId });
      expect(idOf(await fresh.outcome)).toBe(id);
    });

    it('that gave way never takes a command from the newer one', async () => {
      const device = await handset.another();
      const old = device.pull(25);
      await parked(operator, device);
      // Within the second that the old one is still kept: the command is for whoever listens.
      const fresh = device.pull(25);
      const id = await enqueue(operator, { device_id: device.deviceId });
      const [first, second] = await Promise.all([old.outcome, fresh.outcome]);
      const got = [idOf(first), idOf(second)];
      expect(got.filter((one) => one === id)).toHaveLength(1);
    });

    it('ends with 401 when its session is signed out', async () => {
      const gone = await Handset.signIn(operator);
      const poll = gone.pull(25);
      await parked(operator, gone);
      expectStatus(200, await gone.client.post('/api/phone/logout/', {}));
      expect(await poll.outcome).toMatchObject({ ok: true, status: 401 });
      const refreshed = await operator.as(null).post('/api/token/refresh/', { refresh: gone.refresh });
      expect([refreshed.status, refreshed.json['code']]).toEqual([401, 'token_not_valid']);
      expect((await gone.poll()).status).toBe(401);
    });

    it('ends with 401 when a person removes the phone', async () => {
      const gone = await Handset.signIn(operator);
      const poll = gone.pull(25);
      await parked(operator, gone);
      const phones = expectStatus(200, await admin.get('/api/phones'));
      const row = (phones.json['items'] as Record<string, unknown>[]).find(
        (item) => item['device_id'] === gone.deviceId,
      );
      expectStatus(200, await admin.send('DELETE', `/api/phones/${String(row?.['id'])}`));
      expect(await poll.outcome).toMatchObject({ ok: true, status: 401 });
    });
  });

  describe('several phones of one user', { concurrent: true }, () => {
    it('never share a command', async () => {
      const person = await signIn(server.url, 'sell1');
      const first = await Handset.signIn(person);
      const devices = [first, ...(await Promise.all(Array.from({ length: 9 }, () => first.another())))];
      const made: string[] = [];
      const got: string[] = [];
      const taking = devices.map(async (device) => {
        // As the app: a long poll, and short ones once a command has come.
        for (let wait: number | null = 25; got.length < 40;) {
          const { id } = await device.poll(wait);
          if (id === null) continue;
          got.push(id);
          wait = null;
        }
      });
      await parked(person, ...devices);
      await Promise.all(Array.from({ length: 40 }, async () => made.push(await enqueue(person))));
      await Promise.all(taking);
      expect(got.toSorted()).toEqual(made.toSorted());
    });

    it('leave a command aimed at one of them alone', async () => {
      const person = await signIn(server.url, 'boss');
      const first = await Handset.signIn(person);
      const second = await first.another();
      const waiting = first.pull(3);
      await parked(person, first);
      const id = await enqueue(person, { device_id: second.deviceId });
      expect((await second.poll()).id).toBe(id);
      expect(idOf(await waiting.outcome)).toBeNull();
    });
  });

  describe('a delivered command', { concurrent: true }, () => {
    it('comes once more to a phone that long-polls again, and never a third time', async () => {
      const device = await handset.another();
      const id = await enqueue(operator, { device_id: device.deviceId });
      expect((await device.poll(25)).id).toBe(id);
      expect((await device.poll(25)).id).toBe(id);
      expect((await device.poll(2)).id).toBeNull();
      expect((await device.poll()).id).toBeNull();
    });

    it('does not come again to a phone in its BURST, nor to another phone', async () => {
      const device = await handset.another();
      const other = await handset.another();
      const id = await enqueue(operator, { device_id: device.deviceId });
      expect((await device.poll(25)).id).toBe(id);
      expect((await device.poll()).id).toBeNull();
      expect((await other.poll(1)).id).toBeNull();
    });

    it('keeps its result whatever is reported afterwards', async () => {
      const device = await handset.another();
      const id = await enqueue(operator, { device_id: device.deviceId });
      await device.poll();
      const report = async (call_status: string, more: Record<string, unknown> = {}) =>
        expectStatus(
          200,
          await device.client.post('/api/phone/calls/update/', { call_request_id: id, call_status, ...more }),
        );
      await report('connected', { call_started_at: '2026-11-15T10:30:00Z', call_duration_seconds: '42' });
      await report('unknown');
      await report('connected', { call_duration_seconds: null, direction: 'sideways' });
      const page = expectStatus(200, await operator.get('/api/phones/commands?limit=200'));
      const command = (page.json['items'] as Record<string, unknown>[]).find((item) => item['id'] === id);
      expect(command).toMatchObject({
        state: 'result',
        result: { status: 'connected', duration_sec: 42, ended_at: '2026-11-15T10:30:42.000Z' },
      });
    });
  });

  describe('a command nobody took', { concurrent: true }, () => {
    it('expires instead of ringing late', { timeout: 40_000 }, async () => {
      const other = await signIn(server.url, 'admin2');
      const device = await Handset.signIn(other);
      expectStatus(
        200,
        await other.send('PATCH', '/api/phones/settings', { body: { command_life_ms: 10_000 } }),
      );
      const id = await enqueue(other);
      await eventually(async () => (await stateOf(other, id)) === 'expired');
      expect((await device.poll()).id).toBeNull();
    });

    it('is taken back by a person', async () => {
      const device = await handset.another();
      const id = await enqueue(operator, { device_id: device.deviceId });
      expectStatus(200, await operator.post(`/api/phones/commands/${id}/cancel`, {}));
      expect(await stateOf(operator, id)).toBe('cancelled');
      expect((await device.poll()).id).toBeNull();
    });

    it('is the same command when asked for twice', async () => {
      const device = await handset.another();
      const body = { phone: newNumber(), contact_id: 'twice', device_id: device.deviceId };
      const first = expectStatus(200, await operator.post('/api/phone/calls/', body));
      const second = expectStatus(200, await operator.post('/api/phone/calls/', body));
      expect(second.json).toMatchObject({ id: first.json['id'], dedup: true });
      expect((await device.poll()).id).toBe(first.json['id']);
      expect((await device.poll()).id).toBeNull();
    });
  });
});
