import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { idOf, TestTenant, type TestPhone } from './test-tenant';

let tenant: TestTenant;
let phone: TestPhone;

beforeEach(async () => {
  tenant = await TestTenant.make({ dialerEmptyHoldMs: 1_100 });
  phone = await tenant.phone('aaaabbbbccccdddd');
  // The object hears of a phone at its first poll; later ones are parked without asking anybody.
  await tenant.queue.registerDevice({
    userId: tenant.userId,
    username: 'u',
    tenant: tenant.id,
    deviceRowId: phone.rowId,
    deviceId: phone.deviceId,
    now: Date.now(),
  });
});

describe('a parked poll', () => {
  it('gets a command at once', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    const queued = await tenant.enqueue('+375290000001');
    expect(queued).toMatchObject({ ok: true, deliveredAtOnce: true });
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      id: queued.ok && queued.id,
      phone: '+375290000001',
      note: null,
    });
  });

  it('survives the eviction of its object, and the command still arrives', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    await evictDurableObject(tenant.queue);
    const queued = await tenant.enqueue('+375290000002');
    expect(queued).toMatchObject({ ok: true, deliveredAtOnce: true });
    expect(await idOf(await answer)).toBe(queued.ok && queued.id);
  });

  it('sleeps in the object: nothing of it runs or is asked for while it is parked', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    await evictDurableObject(tenant.queue);
    const sockets = await runInDurableObject(tenant.queue, (_, state) => state.getWebSockets().length);
    expect(sockets).toBe(1);
    await tenant.enqueue('+375290000003');
    expect((await answer).status).toBe(200);
  });

  it('is released with 204 by a newer poll of its device, and not in under a second', async () => {
    const startedAt = Date.now();
    const older = tenant.pull(phone);
    await tenant.parked(1);
    const newer = tenant.pull(phone);
    const released = await older;
    expect(released.status).toBe(204);
    expect(released.body).toBeNull();
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    await tenant.enqueue('+375290000004');
    expect((await newer).status).toBe(200);
  });

  it('ends with 401 when its session is revoked, and the next one is refused', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    await tenant.queue.revokeSession(phone.sid, Date.now());
    const refused = await answer;
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'token_not_valid' });
    await tenant.queue.revokeSession(phone.sid, Date.now());
    expect((await tenant.pull(phone)).status).toBe(401);
  });

  it('ends with 401 when its user is revoked; a restored user needs a new session', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    await tenant.queue.revokeUser(tenant.userId, Date.now());
    expect((await answer).status).toBe(401);
    await tenant.queue.restoreUser(tenant.userId);
    expect((await tenant.pull(phone, '')).status).toBe(401);
    const other = await tenant.phone('eeeeffff00001111');
    expect((await tenant.pull(other, '')).status).toBe(204);
  });

  it('ends with 401 when its device is removed', async () => {
    const answer = tenant.pull(phone);
    await tenant.parked(1);
    const removed = await tenant.queue.removeDevice({ deviceRowId: phone.rowId, now: Date.now() });
    expect(removed).toEqual({ ok: true, removed: true, sessions: [phone.sid] });
    expect((await answer).status).toBe(401);
    expect(await tenant.queue.removeDevice({ deviceRowId: phone.rowId, now: Date.now() })).toMatchObject({
      removed: false,
    });
  });
});

describe('the queue', () => {
  it('gives commands in order, one per pull, and two phones never share one', async () => {
    const second = await tenant.phone('eeeeffff00001111');
    const ids: string[] = [];
    for (const number of ['+375290000011', '+375290000012', '+375290000013']) {
      const queued = await tenant.enqueue(number);
      ids.push(queued.ok ? queued.id : '');
    }
    const [a, b] = await Promise.all([tenant.pull(phone, ''), tenant.pull(second, '')]);
    const got = [await idOf(a), await idOf(b)];
    expect(new Set(got)).toEqual(new Set(ids.slice(0, 2)));
    expect(await idOf(await tenant.pull(second, ''))).toBe(ids[2]);
  });

  it('gives the same command once more to a phone that long-polls again within 55 s, and only once', async () => {
    const queued = await tenant.enqueue('+375290000021');
    const id = queued.ok ? queued.id : '';
    expect(await idOf(await tenant.pull(phone, ''))).toBe(id);
    expect((await tenant.pull(phone, '')).status).toBe(204);
    expect(await idOf(await tenant.pull(phone))).toBe(id);
    expect((await tenant.pull(phone, '&wait_seconds=0')).status).toBe(204);
  });

  it('keeps what is aimed at one phone from the others', async () => {
    const second = await tenant.phone('eeeeffff00001111');
    expect((await tenant.pull(second, '')).status).toBe(204);
    const queued = await tenant.enqueue('+375290000031', { deviceId: second.deviceId });
    expect((await tenant.pull(phone, '')).status).toBe(204);
    expect(await idOf(await tenant.pull(second, ''))).toBe(queued.ok && queued.id);
    expect(await tenant.enqueue('+375290000031', { deviceId: 'nobody' })).toEqual({
      ok: false,
      code: 'unknown_device',
    });
  });

  it('takes a repeat within 60 s while it waits for the same command', async () => {
    const now = Date.now();
    const first = await tenant.enqueue('+375290000041', { contactId: 'k1', now });
    const id = first.ok ? first.id : '';
    expect(await tenant.enqueue('+375290000041', { contactId: 'k1', now: now + 59_000 })).toMatchObject({
      id,
      dedup: true,
    });
    const late = await tenant.enqueue('+375290000041', { contactId: 'k1', now: now + 61_000 });
    expect(late).toMatchObject({ ok: true });
    expect(late.ok && late.id).not.toBe(id);
    const other = await tenant.enqueue('+375290000041', { contactId: 'k2', now });
    expect(other.ok && other.id).not.toBe(id);
    const commandId = crypto.randomUUID();
    const one = await tenant.enqueue('+375290000042', { commandId });
    expect(await tenant.enqueue('+375290000042', { commandId })).toMatchObject({
      id: one.ok && one.id,
      dedup: true,
    });
  });

  it('expires by alarm what no phone took in time', async () => {
    const queued = await tenant.enqueue('+375290000051', { now: Date.now() - 6 * 60_000 });
    expect(await runDurableObjectAlarm(tenant.queue)).toBe(true);
    const command = await tenant.queue.command(queued.ok ? queued.id : '');
    expect(command?.state).toBe('expired');
    expect((await tenant.pull(phone, '')).status).toBe(204);
  });

  it('cancels what waits, and says so when it is too late', async () => {
    const queued = await tenant.enqueue('+375290000061');
    const commandId = queued.ok ? queued.id : '';
    const now = Date.now();
    expect(await tenant.queue.cancel({ commandId, by: 'x', userId: 'stranger', now })).toEqual({
      ok: false,
      code: 'not_found',
    });
    expect(await tenant.queue.cancel({ commandId, by: 'x', now })).toEqual({
      ok: true,
      id: commandId,
      already: false,
    });
    expect(await tenant.queue.cancel({ commandId, by: 'x', now })).toMatchObject({ already: true });
    expect((await tenant.pull(phone, '')).status).toBe(204);
    const taken = await tenant.enqueue('+375290000062');
    await tenant.pull(phone, '');
    expect(await tenant.queue.cancel({ commandId: taken.ok ? taken.id : '', by: 'x', now })).toEqual({
      ok: false,
      code: 'too_late',
      state: 'delivered',
    });
  });
});

describe('pull', () => {
  it('refuses what is no poll of a registered phone', async () => {
    expect((await tenant.pull({ ...phone, deviceId: '' })).status).toBe(400);
    expect((await tenant.pull({ ...phone, token: 'x.y.z' })).status).toBe(401);
    expect((await tenant.pull({ ...phone, deviceId: 'not-his' }, '')).status).toBe(403);
    const stranger = await TestTenant.make();
    const theirs = await stranger.phone('1111222233334444');
    expect((await tenant.pull({ ...theirs, deviceId: phone.deviceId }, '')).status).toBe(403);
  });

  it('has no effect as HEAD', async () => {
    const queued = await tenant.enqueue('+375290000071');
    const head = await tenant.pull(phone, '', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${phone.token}` },
    });
    expect([head.status, head.headers.get('cache-control')]).toEqual([204, 'no-store']);
    expect(await idOf(await tenant.pull(phone, ''))).toBe(queued.ok && queued.id);
  });

  it('holds an empty plain poll, and takes garbage for a plain one', async () => {
    for (const query of ['', '&wait_seconds=abc', '&wait_seconds=', '&wait_seconds=-5', '&wait_seconds=0']) {
      const startedAt = Date.now();
      const response = await tenant.pull(phone, query);
      const took = Date.now() - startedAt;
      expect([query, response.status, took >= 1_000 && took < 5_000]).toEqual([query, 204, true]);
    }
  });

  it('learns of a phone it never heard of from D1, by any spelling of the path', async () => {
    const other = await tenant.phone('eeeeffff00001111');
    await tenant.queue.registerDevice({
      userId: tenant.userId,
      username: 'u',
      tenant: tenant.id,
      deviceRowId: other.rowId,
      deviceId: other.deviceId,
      now: Date.now(),
    });
    const queued = await tenant.enqueue('+375290000081', { deviceId: other.rowId });
    expect(await idOf(await tenant.pull(other, ''))).toBe(queued.ok && queued.id);
    expect(env.PHONE_QUEUE.getByName(`${tenant.id}:0`).name).toBe(`${tenant.id}:0`);
  });
});
