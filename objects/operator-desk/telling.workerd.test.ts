import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { hubOf, LiveClient } from '../../test/worker/support/call-hub';
import type { OperatorUpdate, QueueUpdate } from './live';

const OLGA = { uuid: 'olga', name: 'Olga P.', userId: 'u-olga', extension: '7001', queues: ['support'] };
const OLEG = { uuid: 'oleg', name: 'Oleg K.', userId: 'u-oleg', extension: '7002', queues: ['support'] };
const there = { queue: 'support', connected: true, paused: false, priority: 0, reason: null };
const NOW = Date.parse('2026-03-02T08:00:00Z');

let tenants = 0;
const newTenant = async () => {
  const name = `told-${(tenants += 1)}`;
  const [desk, hub] = [env.OPERATOR_DESK.getByName(name), hubOf(name)];
  await desk.put([OLGA, OLEG]);
  return { desk, hub };
};

type Update = Partial<OperatorUpdate & QueueUpdate>;
const heard = (client: LiveClient, event: string): Update[] =>
  (client.events() as unknown as { event: string; data: Update }[])
    .filter((message) => message.event === event)
    .map(({ data }) => data);
const until = (client: LiveClient, event: string, test: (data: Update) => boolean) =>
  client.until(() => heard(client, event).some(test));

const viewer = (userId: string, scope: 'own' | 'all' = 'own') => ({ userId, scope });

describe('what the live feed is told of operators', () => {
  it('is told to the operator and to who sees everybody, and to nobody else', async () => {
    const { desk, hub } = await newTenant();
    const olga = await LiveClient.connect(hub, viewer('u-olga'));
    const boss = await LiveClient.connect(hub, viewer('u-boss', 'all'));
    const seller = await LiveClient.connect(hub, viewer('u-seller'));
    await desk.seen({ operator: OLGA, standings: [there], whole: true, now: NOW });
    for (const client of [olga, boss])
      await until(client, 'operator.update', ({ state }) => state === 'line');
    expect(heard(olga, 'operator.update').at(-1)).toMatchObject({
      yandex_uuid: 'olga',
      user_id: 'u-olga',
      full_name: 'Olga P.',
      state: 'line',
      since: '2026-03-02T08:00:00.000Z',
      removed: false,
      queues: [{ queue: 'support', seen: { connected: true }, drift: false }],
    });
    await desk.seen({ operator: OLEG, standings: [there], whole: true, now: NOW });
    await until(boss, 'operator.update', ({ yandex_uuid }) => yandex_uuid === 'oleg');
    await until(olga, 'queue.update', ({ members }) => members?.length === 2);
    expect(heard(olga, 'operator.update').map(({ yandex_uuid }) => yandex_uuid)).not.toContain('oleg');
    expect(seller.events()).toEqual([]);
  });

  it('names those a queue may ring, the first to be asked first', async () => {
    const { desk, hub } = await newTenant();
    const olga = await LiveClient.connect(hub, viewer('u-olga'));
    const members = () =>
      heard(olga, 'queue.update')
        .at(-1)
        ?.members?.map((one) => one.yandex_uuid);
    await desk.seen({ operator: OLGA, standings: [{ ...there, priority: 5 }], whole: true, now: NOW });
    await desk.seen({ operator: OLEG, standings: [there], whole: true, now: NOW });
    await expect.poll(members).toEqual(['oleg', 'olga']);
    await desk.seen({ operator: OLEG, standings: [{ ...there, device: 'In use' }], whole: true, now: NOW });
    await expect
      .poll(() => heard(olga, 'queue.update').at(-1)?.levels)
      .toEqual([
        { priority: 0, there: 1, free: 0 },
        { priority: 5, there: 1, free: 1 },
      ]);
    await desk.seen({ operator: OLEG, standings: [{ ...there, paused: true }], whole: true, now: NOW });
    await expect.poll(members).toEqual(['olga']);
  });

  it('is no news when telephony says once more what it said', async () => {
    const { desk, hub } = await newTenant();
    const boss = await LiveClient.connect(hub, viewer('u-boss', 'all'));
    const look = (now: number) => desk.seen({ operator: OLGA, standings: [there], whole: true, now });
    await look(NOW);
    await until(boss, 'operator.update', ({ state }) => state === 'line');
    await look(NOW + 1_000);
    await look(NOW + 2_000);
    await desk.want({
      operator: OLGA,
      wishes: [{ queue: 'support', connected: false }],
      by: 'u-boss',
      cause: 'asked',
      now: NOW + 3_000,
    });
    await until(boss, 'operator.update', ({ drift }) => drift === true);
    expect(heard(boss, 'operator.update').filter(({ state }) => state === 'line')).toHaveLength(2);
  });

  it('comes to who was away, and follows an operator to another user', async () => {
    const { desk, hub } = await newTenant();
    const olga = await LiveClient.connect(hub, viewer('u-olga'));
    await desk.seen({ operator: OLGA, standings: [there], whole: true, now: NOW });
    await until(olga, 'operator.update', ({ state }) => state === 'line');
    const { cursor } = await hub.feed({ viewer: viewer('u-boss', 'all') });
    const from = {
      epoch: cursor.slice(0, cursor.lastIndexOf(':')),
      offset: Number(cursor.split(':').at(-1)),
    };
    await desk.put([{ ...OLGA, userId: 'u-new' }]);
    // Who was the operator hears that it is somebody else's now, and nothing more.
    await until(olga, 'operator.update', ({ user_id }) => user_id === 'u-new');
    await desk.remove(['olga']);
    const successor = await LiveClient.connect(hub, viewer('u-new'), from);
    await until(successor, 'operator.update', ({ removed }) => removed === true);
    expect(heard(olga, 'operator.update').some(({ removed }) => removed === true)).toBe(false);
  });

  it('is told after all when the object’s life ended before it was', async () => {
    const { desk, hub } = await newTenant();
    await desk.seen({ operator: OLGA, standings: [there], whole: true, now: NOW });
    const boss = await LiveClient.connect(hub, viewer('u-boss', 'all'));
    // As a life leaves it that ends between the change and the telling.
    await runInDurableObject(desk, (_, { storage }) => {
      storage.sql.exec("UPDATE operators SET missed = 2 WHERE uuid = 'olga'");
      storage.sql.exec("UPDATE marks SET n = n + 1 WHERE key = 'operator:olga'");
      storage.sql.exec("INSERT OR REPLACE INTO timers VALUES ('tell', 1)");
    });
    await evictDurableObject(desk);
    await runDurableObjectAlarm(desk);
    await until(boss, 'operator.update', ({ missed }) => missed === 2);
  });

  it('is dropped by the hub when it is late or told twice', async () => {
    const hub = hubOf('told-late');
    const boss = await LiveClient.connect(hub, viewer('u-boss', 'all'));
    const tell = (rev: number, state: string) =>
      hub.tellOperators([
        { key: 'operator:x', rev, event: 'operator.update', data: JSON.stringify({ state }), viewers: [] },
      ]);
    await tell(1, 'line');
    await tell(3, 'paused');
    await tell(2, 'off');
    await tell(3, 'paused');
    await tell(4, 'line');
    await until(boss, 'operator.update', (data) => (data as { rev?: number }).rev === 4);
    expect(heard(boss, 'operator.update').map((data) => (data as { rev?: number }).rev)).toEqual([1, 3, 4]);
  });
});
