import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  all,
  hubOf,
  LiveClient,
  OLEG,
  OLGA,
  oleg,
  olga,
  phoneEvent,
  seedTenant,
} from '../../test/worker/support/call-hub';
import { CLOSE_CODES } from './close-codes';

beforeAll(seedTenant);

/** Calls older than some hours are closed by the alarm; these are not. */
const AT = Date.now();

const count = (type: string, n: number) => (messages: { type: string }[]) =>
  messages.filter((message) => message.type === type).length >= n;

describe('the live socket', () => {
  it('greets with the head of the feed and tells each change once', async () => {
    const hub = hubOf('greets');
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    const client = await LiveClient.connect(hub, all);
    await client.until(count('hello', 1));
    expect(client.messages).toEqual([{ type: 'hello', epoch: expect.any(String), offset: 1 }]);
    const delivered = phoneEvent({ type: 'delivered', at: AT + 2_000 });
    await hub.ingestPhone([delivered, delivered]);
    await hub.ingestPhone([phoneEvent({ type: 'cancelled', at: AT + 3_000 })]);
    await client.until(count('event', 2));
    expect(client.events()).toMatchObject([
      { offset: 2, prev: 1, data: { call_id: 'c_phone1', status: 'ringing' } },
      { offset: 3, prev: 2, data: { call_id: 'c_phone1', status: 'ended' } },
    ]);
  });

  it('survives the object’s sleep', async () => {
    const hub = hubOf('sleeps');
    const client = await LiveClient.connect(hub, olga);
    await client.until(count('hello', 1));
    await evictDurableObject(hub);
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    await client.until(count('event', 1));
    await evictDurableObject(hub);
    await hub.ingestPhone([phoneEvent({ type: 'delivered', at: AT + 2_000 })]);
    await client.until(count('event', 2));
    expect(client.events().map((event) => [event.prev, event.offset])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('gives a client that was away what it missed, to its own eyes', async () => {
    const hub = hubOf('missed');
    const queued = (callId: string, userId: string) =>
      phoneEvent({ callId, userId, creatorId: userId, type: 'queued', at: AT + 1_000 });
    await hub.ingestPhone([
      queued('c_1', OLGA),
      queued('c_2', OLEG),
      queued('c_3', OLGA),
      queued('c_4', OLEG),
    ]);
    const { cursor } = await hub.feed({ viewer: all });
    const epoch = cursor.slice(0, cursor.lastIndexOf(':'));
    const everything = await LiveClient.connect(hub, all, { epoch, offset: 1 });
    await everything.until(count('head', 1));
    expect(everything.events().map((event) => event.offset)).toEqual([2, 3, 4]);
    const own = await LiveClient.connect(hub, oleg, { epoch, offset: 0 });
    await own.until(count('head', 1));
    expect(own.messages.slice(1)).toMatchObject([
      { type: 'event', prev: 0, offset: 2, data: { call_id: 'c_2' } },
      { type: 'event', prev: 2, offset: 4, data: { call_id: 'c_4' } },
      { type: 'head', offset: 4, last: 4 },
    ]);
    await hub.ingestPhone([queued('c_5', OLGA), queued('c_6', OLEG)]);
    await own.until(count('event', 3));
    // Others' calls leave no hole: `prev` is the last one that was ours.
    expect(own.events().at(-1)).toMatchObject({ prev: 4, offset: 6 });
  });

  it('leaves no hole for who comes to a call later on', async () => {
    const hub = hubOf('joins');
    const client = await LiveClient.connect(hub, oleg);
    const event = (userId: string, at: number) =>
      phoneEvent({ callId: 'c_1', userId, creatorId: userId, type: 'delivered', at });
    await hub.ingestPhone([event(OLGA, AT + 2_000)]);
    await hub.ingestPhone([event(OLEG, AT + 1_000)]);
    await client.until(count('event', 1));
    expect(client.events()).toMatchObject([{ prev: 0, offset: 2 }]);
    const { cursor } = await hub.feed({ viewer: all });
    const again = await LiveClient.connect(hub, oleg, {
      epoch: cursor.slice(0, cursor.lastIndexOf(':')),
      offset: 0,
    });
    await again.until(count('head', 1));
    expect(again.events().map((told) => told.offset)).toEqual([2]);
  });

  it.each([
    ['another epoch', { epoch: 'other', offset: 0 }],
    ['an offset not reached yet', { epoch: null, offset: 99 }],
  ])('tells a client with %s to reload', async (_, from) => {
    const hub = hubOf('reloads');
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    const { cursor } = await hub.feed({ viewer: all });
    const epoch = from.epoch ?? cursor.slice(0, cursor.lastIndexOf(':'));
    const client = await LiveClient.connect(hub, all, { epoch, offset: from.offset });
    await client.until(count('reload', 1));
    expect(client.events()).toEqual([]);
  });

  it('tells a client whose history was trimmed to reload', async () => {
    const hub = hubOf('trimmed');
    const queued = ['c_1', 'c_2', 'c_3'].map((callId) =>
      phoneEvent({ callId, type: 'queued', at: AT + 1_000 }),
    );
    await hub.ingestPhone(queued);
    await runInDurableObject(hub, (_, { storage }) => storage.sql.exec('UPDATE feed SET at = 0'));
    await runDurableObjectAlarm(hub);
    const { cursor, reset } = await hub.feed({ viewer: all, since: 'x:1' });
    expect(reset).toBe(true);
    const epoch = cursor.slice(0, cursor.lastIndexOf(':'));
    const behind = await LiveClient.connect(hub, all, { epoch, offset: 1 });
    await behind.until(count('reload', 1));
    const current = await LiveClient.connect(hub, all, { epoch, offset: 3 });
    await current.until(count('head', 1));
    expect(current.messages.map((message) => message.type)).toEqual(['hello', 'head']);
  });

  it('says how far the feed is after traffic, once', async () => {
    const hub = hubOf('heads');
    const own = await LiveClient.connect(hub, oleg);
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    // Its time has come: 25 s after the first change.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25_000 });
    await runDurableObjectAlarm(hub);
    vi.useRealTimers();
    await own.until(count('head', 1));
    await runDurableObjectAlarm(hub);
    await hub.ingestPhone([phoneEvent({ callId: 'c_own', userId: OLEG, type: 'queued', at: AT + 1_000 })]);
    await own.until(count('event', 1));
    expect(own.messages.slice(1)).toMatchObject([
      { type: 'head', offset: 1, last: 0 },
      { type: 'event', prev: 0, offset: 2 },
    ]);
  });
});

describe('the end of a session', () => {
  it('ends its sockets and tickets, and no others', async () => {
    const hub = hubOf('ends');
    const subscriber = { ...olga, sid: 'gone', expiresAt: null };
    const ended = await LiveClient.connect(hub, subscriber);
    const stays = await LiveClient.connect(hub, all);
    const { secret } = await hub.createTicket(subscriber, Date.now());
    await evictDurableObject(hub);
    await hub.dropSession('gone');
    expect(await ended.untilClosed()).toBe(CLOSE_CODES.session_ended.code);
    expect(ended.messages.at(-1)).toMatchObject({ type: 'bye', code: 4401, reason: 'session_ended' });
    expect(await hub.takeTicket(secret)).toBeNull();
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    await stays.until(count('event', 1));
    expect(ended.events()).toEqual([]);
    await hub.dropUser(all.userId);
    expect(await stays.untilClosed()).toBe(CLOSE_CODES.session_ended.code);
  });

  it('by the clock is noticed before anything more is told', async () => {
    const hub = hubOf('expires');
    const client = await LiveClient.connect(hub, { ...all, expiresAt: Date.now() - 1 });
    await hub.ingestPhone([phoneEvent({ type: 'queued', at: AT + 1_000 })]);
    expect(await client.untilClosed()).toBe(CLOSE_CODES.session_ended.code);
    expect(client.events()).toEqual([]);
  });

  it('a ticket is taken once, within its time', async () => {
    const hub = hubOf('tickets');
    const subscriber = { ...olga, sid: 's', expiresAt: null };
    const { secret } = await hub.createTicket(subscriber, Date.now());
    const takers = await Promise.all([1, 2, 3].map(() => hub.takeTicket(secret)));
    expect(takers.filter((taker) => taker !== null)).toEqual([subscriber]);
    const old = await hub.createTicket(subscriber, Date.now() - 31_000);
    expect(await hub.takeTicket(old.secret)).toBeNull();
  });

  it('a client that talks is closed', async () => {
    const hub = hubOf('talks');
    const client = await LiveClient.connect(hub, all);
    client.ws.send('{"type":"subscribe"}');
    expect(await client.untilClosed()).toBe(CLOSE_CODES.unexpected_message.code);
  });
});
