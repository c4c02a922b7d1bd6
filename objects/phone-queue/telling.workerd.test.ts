import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDb } from '../../worker/db';
import { devices } from '../../worker/db/schema';
import type { ReportInput } from './contract';
import { PHONE_QUEUE_MIGRATIONS } from './migrations';
import { idOf, TestTenant, type TestPhone } from './test-tenant';

let tenant: TestTenant;
let phone: TestPhone;

beforeEach(async () => {
  tenant = await TestTenant.make({ dialerEmptyHoldMs: 1_100 });
  phone = await tenant.phone('aaaabbbbccccdddd');
});

const report = (callRequestId: string, more: Partial<ReportInput> = {}) =>
  tenant.queue.report({
    userId: tenant.userId,
    callRequestId,
    status: 'connected',
    now: Date.now(),
    ...more,
  });
const waitingRows = () =>
  runInDurableObject(tenant.queue, (_, state) =>
    state.storage.sql
      .exec<{ seq: number; kind: string; body: string }>('SELECT seq, kind, body FROM outbound')
      .toArray(),
  );
const feed = () =>
  env.CALL_HUB.getByName(tenant.id).feed({ viewer: { userId: tenant.userId, scope: 'all' }, recent: 50 });

async function until<T>(read: () => Promise<T>, is: (value: T) => boolean): Promise<T> {
  for (let i = 0; ; i += 1) {
    const value = await read();
    if (is(value) || i === 300) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('what others are told', () => {
  it('has reached the calls when whoever asked for that goes on', async () => {
    const queued = await tenant.enqueue('+375290000209');
    if (!queued.ok) throw new Error(queued.code);
    await tenant.queue.tellNow(10_000);
    expect((await feed()).calls.map(({ call_id }) => call_id)).toEqual([queued.callId]);
  });

  it('goes on after a crash that left rows without an alarm', async () => {
    await tenant.enqueue('+375290000208');
    await idOf(await tenant.pull(phone, ''));
    await tenant.queue.tellNow(10_000);
    expect((await waitingRows()).length).toBeGreaterThan(0);
    await runInDurableObject(tenant.queue, (_, state) => state.storage.deleteAlarm());
    await evictDurableObject(tenant.queue);
    // A poll that finds nothing changes nothing: it only wakes the object.
    expect((await tenant.pull(phone, '')).status).toBe(204);
    const alarm = () => runInDurableObject(tenant.queue, (_, state) => state.storage.getAlarm());
    expect(await until(alarm, (at) => at !== null)).not.toBeNull();
  });

  it('reaches the calls from the click to the result', async () => {
    const queued = await tenant.enqueue('+375290000201');
    if (!queued.ok) throw new Error(queued.code);
    const { calls } = await until(feed, ({ calls }) => calls.length === 1);
    expect(calls[0]).toMatchObject({ call_id: queued.callId, status: 'queued', number: '+375290000201' });
    await idOf(await tenant.pull(phone, ''));
    await until(feed, (page) => page.calls[0]?.status === 'ringing');
    const startedAt = Date.now();
    expect(await report(queued.id, { startedAt, durationSec: 3 })).toMatchObject({
      ok: true,
      callId: queued.callId,
    });
    const ended = await until(feed, (page) => page.calls[0]?.status === 'ended');
    expect(ended.calls[0]).toMatchObject({ outcome: 'answered', duration: 3 });
  });

  it('is stored with the change, survives the object, and is told by alarm', async () => {
    await tenant.enqueue('+375290000211');
    // Before the timer that would have told it: what is left of the object is its storage and its alarm.
    await evictDurableObject(tenant.queue);
    expect((await waitingRows()).length).toBeGreaterThan(0);
    expect(await runDurableObjectAlarm(tenant.queue)).toBe(true);
    const { calls } = await feed();
    expect(calls).toHaveLength(1);
    expect(await waitingRows()).toEqual([]);
  });

  it('wakes a sleeping phone that has a push token, and not one that polls', async () => {
    const db = openDb(env.DB);
    await db.update(devices).set({ pushToken: 'sealed' }).where(eq(devices.id, phone.rowId));
    const waiting = await tenant.enqueue('+375290000221');
    const commandId = waiting.ok ? waiting.id : '';
    const pushes = (await waitingRows())
      .filter(({ kind }) => kind === 'push')
      .map(({ body }) => JSON.parse(body) as object);
    expect(pushes).toEqual([
      {
        id: `${commandId}:${phone.rowId}`,
        kind: 'push',
        key: phone.rowId,
        payload: { type: 'CALL_COMMAND_AVAILABLE', reason: 'new_command' },
      },
    ]);
    await idOf(await tenant.pull(phone, ''));
    const answer = tenant.pull(phone, '');
    await tenant.parked(1);
    await tenant.enqueue('+375290000222');
    await answer;
    expect((await waitingRows()).filter(({ kind }) => kind === 'push').length).toBeLessThanOrEqual(1);
  });
});

describe('a report', () => {
  it('is refused for another user’s command and an unknown one, recorded once for a manual call', async () => {
    const queued = await tenant.enqueue('+375290000231');
    const id = queued.ok ? queued.id : '';
    expect(await report(id, { userId: 'somebody-else' })).toEqual({ ok: false, code: 'not_found' });
    expect(await report(id, { userId: 'somebody-else', source: 'manual' })).toEqual({
      ok: false,
      code: 'not_found',
    });
    const manual = crypto.randomUUID();
    expect(await report(manual)).toEqual({ ok: false, code: 'not_found' });
    const recorded = await report(manual, { source: 'manual', phone: '+375290000232', durationSec: 4 });
    expect(recorded).toMatchObject({ ok: true, manual: true });
    expect(await report(manual, { source: 'manual' })).toEqual(recorded);
    const command = await tenant.queue.command(manual);
    expect(command).toMatchObject({
      state: 'result',
      manual: true,
      result: { status: 'connected', durationSec: 4 },
    });
  });

  it('tells a repeat to nobody', async () => {
    const queued = await tenant.enqueue('+375290000241');
    const id = queued.ok ? queued.id : '';
    await report(id, { status: 'busy' });
    const before = await tenant.queue.command(id);
    await report(id, { status: 'unknown' });
    expect(await tenant.queue.command(id)).toEqual(before);
    expect(before).toMatchObject({ state: 'result', result: { status: 'busy' } });
  });
});

describe('storage', () => {
  it('answers a command id that was delivered already with the first one', async () => {
    const commandId = crypto.randomUUID();
    await tenant.enqueue('+375290000251', { commandId });
    await idOf(await tenant.pull(phone, ''));
    const repeat = await tenant.enqueue('+375290000251', { commandId });
    expect(repeat).toMatchObject({ ok: true, id: commandId, dedup: true });
    expect((await tenant.queue.commands({ limit: 10 })).items).toHaveLength(1);
  });

  it('of the first version is brought up to date with everything in it', async () => {
    const old = env.PHONE_QUEUE.getByName(`${tenant.id}:0`);
    await runInDurableObject(old, async (_, { storage }) => {
      const first = PHONE_QUEUE_MIGRATIONS[0];
      await storage.deleteAll();
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(first?.sql ?? '');
      storage.sql.exec('INSERT INTO object_migrations (id, name) VALUES (1, ?)', first?.name ?? '');
      storage.sql.exec(
        `INSERT INTO commands (id, call_id, user_id, creator_id, phone, state, created_at, expires_at)
         VALUES ('old', 'c_old', ?, 'x', '+375290000261', 'queued', ?, ?)`,
        tenant.userId,
        Date.now(),
        Date.now() + 60_000,
      );
    });
    await evictDurableObject(old);
    const items = [{ ts: Date.now(), type: 'poll', endpoint: null, httpCode: 500, valueMs: 12, extra: null }];
    expect(await old.saveTelemetry({ userId: tenant.userId, deviceId: '', items, now: Date.now() })).toEqual({
      saved: 1,
    });
    expect(await idOf(await tenant.pull(phone, ''))).toBe('old');
    const series = await old.telemetry({ from: 0, to: Date.now() + 1, stepMs: 60_000 });
    expect(series).toMatchObject([{ type: 'poll', count: 1, errors: 1, avgMs: 12, maxMs: 12 }]);
  });

  it('keeps heartbeats, logs and a stuck queue’s alert until it clears', async () => {
    const beat = { userId: tenant.userId, username: 'u', newDeviceRowId: 'row-9', now: 1_000 };
    expect(await tenant.queue.heartbeat(beat)).toEqual({ ok: false, code: 'no_device' });
    const created = await tenant.queue.heartbeat({
      ...beat,
      deviceId: 'new-phone',
      appVersion: '1.2',
      queueStuck: true,
      stuckCount: 3,
    });
    expect(created).toMatchObject({ ok: true, created: true, deviceRowId: 'row-9', appVersion: '1.2' });
    const [device] = await tenant.queue.devices({ userId: tenant.userId });
    expect(device?.stuck).toMatchObject({ since: 1_000, count: 3 });
    await tenant.queue.heartbeat({ ...beat, now: 2_000, queueStuck: false });
    const [cleared] = await tenant.queue.devices({ userId: tenant.userId });
    expect(cleared).toMatchObject({ stuck: null, lastSeenAt: 2_000 });
    const item = { ts: null, levelSummary: 'E', source: 'app', payload: 'x', truncated: false };
    await tenant.queue.saveLogs({
      userId: tenant.userId,
      deviceId: 'new-phone',
      items: [item, item],
      now: 5,
    });
    const page = await tenant.queue.logs({ deviceRowId: 'row-9', limit: 1 });
    expect(page.items).toMatchObject([{ source: 'app', receivedAt: 5 }]);
    expect((await tenant.queue.logs({ limit: 1, cursor: page.next })).next).toBeNull();
  });
});
