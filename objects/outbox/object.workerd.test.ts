import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { FcmSim } from '../../test/sim/fcm/fcm';
import { openText, seal, sealText } from '../../worker/auth/secrets';
import { systemRoleId } from '../../worker/auth/permissions';
import { openDb } from '../../worker/db';
import { devices, tenants, tenantSecrets, users } from '../../worker/db/schema';
import { PUSH_SECRET, PUSH_TOKEN } from '../lib/service-account';
import { MIGRATIONS } from './migrations';
import type { Outbox } from './object';

const db = openDb(env.DB);
let tenantId: string;
let tenants_made = 0;
let sim: FcmSim;

/** The object's `fetcher` is no part of its interface: tests reach it by its name. */
type Opened = Outbox & { fetcher: FcmSim['fetch'] };

const stub = () => env.OUTBOX.getByName(`${tenantId}:push`);
const useSim = () =>
  runInDurableObject(stub(), (instance) => {
    (instance as unknown as Opened).fetcher = sim.fetch;
  });
const wake = (id: string, key: string) =>
  stub().enqueue({
    id,
    kind: 'push',
    key,
    payload: { type: 'CALL_COMMAND_AVAILABLE', reason: 'new_command' },
  });
const runAlarm = () => runDurableObjectAlarm(stub());

async function addPhone(id: string, pushToken: string | null): Promise<void> {
  const sealed = pushToken === null ? null : sealText(env, tenantId, PUSH_TOKEN, pushToken);
  const row = {
    id,
    tenantId,
    userId: `u-${tenantId}`,
    deviceId: id,
    name: id,
    createdAt: 1,
    pushToken: sealed,
  };
  await db.insert(devices).values(row);
}

beforeEach(async () => {
  tenants_made += 1;
  tenantId = String(4_000 + tenants_made);
  sim = await FcmSim.create();
  await db.insert(tenants).values({ id: tenantId, name: 'T', createdAt: 1 });
  await db.insert(users).values({
    id: `u-${tenantId}`,
    tenantId,
    username: 'u',
    displayName: 'U',
    passwordHash: '',
    roleId: systemRoleId('operator'),
    createdAt: 1,
  });
  await db.insert(tenantSecrets).values({
    tenantId,
    name: PUSH_SECRET,
    ...seal(env, tenantId, PUSH_SECRET, sim.keyFile),
    hint: '{}',
    updatedAt: 1,
  });
  await useSim();
});

describe('Outbox', () => {
  it('delivers what was enqueued, once per id', async () => {
    await addPhone('p1', 'tok-1');
    sim.phones.add('tok-1');
    expect(await wake('m1', 'p1')).toEqual({ ok: true, duplicate: false });
    expect(await wake('m1', 'p1')).toEqual({ ok: true, duplicate: true });
    expect(await runAlarm()).toBe(true);
    expect(sim.received.map((message) => message.token)).toEqual(['tok-1']);
    expect(await wake('m1', 'p1')).toEqual({ ok: true, duplicate: true });
    expect(await stub().status()).toMatchObject({
      waiting: 0,
      delivered: 1,
      breaker: 'closed',
      lastError: null,
    });
  });

  it('drops the token of a phone that FCM no longer knows', async () => {
    await addPhone('p2', 'gone');
    await wake('m1', 'p2');
    await runAlarm();
    const [row] = await db.select().from(devices).where(eq(devices.id, 'p2'));
    expect(row?.pushToken).toBe(null);
    expect(await stub().status()).toMatchObject({ waiting: 0, skipped: 1, dead: 0 });
  });

  it('keeps a token that the phone registered while the old one was refused', async () => {
    await addPhone('p6', 'old');
    const inner = sim.fetch;
    await runInDurableObject(stub(), (instance) => {
      (instance as unknown as Opened).fetcher = async (url, init) => {
        const response = await inner(url, init);
        const pushToken = sealText(env, tenantId, PUSH_TOKEN, 'new');
        if (url.includes('messages:send'))
          await db.update(devices).set({ pushToken }).where(eq(devices.id, 'p6'));
        return response;
      };
    });
    await wake('m1', 'p6');
    await runAlarm();
    const [row] = await db.select().from(devices).where(eq(devices.id, 'p6'));
    expect(openText(env, tenantId, PUSH_TOKEN, row?.pushToken ?? '')).toBe('new');
  });

  it('keeps a message through an eviction and delivers it afterwards', async () => {
    await addPhone('p3', 'tok-3');
    sim.phones.add('tok-3');
    await wake('m1', 'p3');
    await evictDurableObject(stub());
    await useSim();
    expect(await stub().status()).toMatchObject({ waiting: 1 });
    await runAlarm();
    expect(sim.received).toHaveLength(1);
  });

  it('takes a delivery that a crash interrupted up again when its lease is over', async () => {
    await addPhone('p8', 'tok-8');
    sim.phones.add('tok-8');
    await wake('m1', 'p8');
    await runInDurableObject(stub(), (instance, state) => {
      (instance as unknown as Opened).fetcher = () => {
        state.abort('the runtime died');
        return new Promise(() => undefined);
      };
    });
    await expect(runAlarm()).rejects.toThrow('the runtime died');
    await useSim();
    expect(await stub().status()).toMatchObject({ waiting: 1, delivered: 0 });
    const before = Date.now();
    await runAlarm();
    expect(sim.received).toHaveLength(0);
    const alarm = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
    expect(alarm).toBeGreaterThan(before);
    await stub().settingsChanged();
    await runAlarm();
    expect(sim.received).toHaveLength(1);
    expect(await stub().status()).toMatchObject({ waiting: 0, delivered: 1 });
  });

  it('waits as long as it is told, then tries again by alarm', async () => {
    await addPhone('p4', 'tok-4');
    sim.phones.add('tok-4');
    sim.faults.push({ status: 429, errorCode: 'QUOTA_EXCEEDED', retryAfter: '60' });
    const before = Date.now();
    await wake('m1', 'p4');
    await runAlarm();
    expect(await stub().status()).toMatchObject({ waiting: 1, lastError: 'FCM answered 429 QUOTA_EXCEEDED' });
    const alarm = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
    expect(alarm).toBeGreaterThanOrEqual(before + 60_000);
    expect(sim.received).toHaveLength(0);
    await stub().settingsChanged();
    await runAlarm();
    expect(sim.received).toHaveLength(1);
  });

  it('shows what it gave up and delivers it when replayed', async () => {
    await addPhone('p5', 'tok-5');
    sim.faults.push({ status: 403, errorCode: 'SENDER_ID_MISMATCH' });
    await wake('m1', 'p5');
    await runAlarm();
    expect((await stub().deadLetters({ limit: 10 })).items).toMatchObject([
      { id: 'm1', key: 'p5', attempts: 1, error: 'FCM answered 403 SENDER_ID_MISMATCH' },
    ]);
    sim.phones.add('tok-5');
    expect(await stub().replay(['m1', 'unknown'])).toEqual({ replayed: 1 });
    await runAlarm();
    expect(sim.received).toHaveLength(1);
    expect(await stub().status()).toMatchObject({ dead: 0, delivered: 1 });
  });

  it('pages through dead letters and discards them', async () => {
    for (const n of [1, 2, 3]) {
      await addPhone(`d${n}`, `tok-d${n}`);
      sim.faults.push({ status: 400, errorCode: 'INVALID_ARGUMENT' });
      await wake(`m${n}`, `d${n}`);
    }
    await runAlarm();
    const first = await stub().deadLetters({ limit: 2 });
    expect(first.items.map((letter) => letter.id)).toEqual(['m3', 'm2']);
    const rest = await stub().deadLetters({ limit: 2, cursor: first.next });
    expect(rest).toMatchObject({ items: [{ id: 'm1' }], next: null });
    expect(await stub().discard()).toEqual({ discarded: 3 });
    expect(await wake('m1', 'd1')).toEqual({ ok: true, duplicate: true });
  });

  it('settles a message for nobody, and refuses one that is none', async () => {
    await addPhone('silent', null);
    await wake('m1', 'silent');
    await wake('m2', 'never-registered');
    await runAlarm();
    expect(await stub().status()).toMatchObject({ waiting: 0, skipped: 2, dead: 0 });
    expect(await wake('', 'silent')).toEqual({ ok: false, code: 'bad_message' });
    expect(sim.sends).toBe(0);
  });

  it('never looks at another tenant’s phones', async () => {
    const other = tenantId;
    await addPhone('foreign', 'tok-foreign');
    sim.phones.add('tok-foreign');
    tenants_made += 1;
    tenantId = String(4_000 + tenants_made);
    await db.insert(tenants).values({ id: tenantId, name: 'Other', createdAt: 1 });
    expect(tenantId).not.toBe(other);
    await useSim();
    await wake('m1', 'foreign');
    await runAlarm();
    expect(sim.sends).toBe(0);
    expect(await stub().status()).toMatchObject({ skipped: 1 });
  });

  it('goes on with what the first step of its storage wrote', async () => {
    await addPhone('p7', 'tok-7');
    sim.phones.add('tok-7');
    await runInDurableObject(stub(), async (_, { storage }) => {
      await storage.deleteAll();
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(MIGRATIONS[0]?.sql ?? '');
      storage.sql.exec("INSERT INTO object_migrations (id, name) VALUES (1, 'messages')");
      storage.sql.exec(
        "INSERT INTO state (name, value) VALUES ('name', ?)",
        JSON.stringify(`${tenantId}:push`),
      );
      const payload = '{"type":"CALL_COMMAND_AVAILABLE","reason":"old"}';
      storage.sql.exec(
        "INSERT INTO messages (id, kind, key, payload, created_at, next_at) VALUES ('m1', 'push', 'p7', ?, 1, 1)",
        payload,
      );
    });
    await evictDurableObject(stub());
    await useSim();
    await stub().settingsChanged();
    await runAlarm();
    expect(sim.received.map((message) => message.data.reason)).toEqual(['old']);
  });
});
