/**
 * The whole loop between a provider and a tenant's inbox, over real sockets: the provider's simulator refuses what the public
 * contract refuses, keeps its own books, and goes wrong on demand. Nothing is lost, nothing comes twice, each chat keeps its
 * order, whoever fails or dies: the provider, the whole server, its runtime.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playDay } from '../sim/provider/day.ts';
import type { Fault } from '../sim/provider/faults.ts';
import { eventually } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { LiveFeed } from './support/live-feed.ts';
import { ProviderWorld, type InboxMessage } from './support/provider.ts';

const PATIENCE_MS = 240_000;
/** Against hanging: waits of retries and of the breaker are part of it. */
const SOON = { timeout: 120_000 };
const LINES = ['one', 'two', 'three', 'four'];

let world: ProviderWorld;
let feed: LiveFeed;
beforeAll(async () => {
  world = await ProviderWorld.start({
    channels: [
      { id: 'tg-main', code: 'telegram', name: 'Shop' },
      { id: 'tg-branch', code: 'telegram', name: 'Branch', parentId: 'tg-main' },
    ],
  });
  world.stand.story = 'none';
  await world.stand.listen();
  await eventually(async () => (await world.admin.get('/api/inbox/channels')).text.includes('tg-branch'));
  feed = await LiveFeed.open(world.server.url, world.admin.token ?? '');
});
afterAll(async () => {
  feed?.close();
  await world?.stop();
});

const ledger = () => world.stand.sim.ledger;
const texts = async (chat: string): Promise<string[]> => (await world.thread(chat)).map(({ text }) => text);
const replies = async (chat: string): Promise<InboxMessage[]> =>
  (await world.thread(chat)).filter(({ direction }) => direction === 'outgoing');
const quiet = () => expect.poll(world.linkNow, SOON).toMatchObject({ waiting: 0, breaker: 'closed' });

/** A customer of each chat has written, so that people may answer. */
const opened = async (...chats: string[]): Promise<void> => {
  for (const chat of chats) await world.customers.say({ chat, text: `hello of ${chat}` });
};

describe('a day', { timeout: PATIENCE_MS }, () => {
  it('of customers, handed over twice, out of order and changed, stands in the inbox as they wrote it', async () => {
    const plan = { chats: 6, messages: 90, duplicates: 0.3, reordered: true, edits: 0.2, prefix: 'busy' };
    const written = await playDay(world.customers, plan);
    for (const [chat, all] of written) expect(await texts(chat)).toEqual(all);
    const unread = (await world.chats('&unread=1')).reduce((sum, chat) => sum + chat.unread, 0);
    expect(unread).toBe(plan.messages);
    const bulk = Array.from({ length: 100 }, (_, n) => ({
      chat: 'bulk',
      text: `line ${n}`,
      id: `bulk-${n % 90}`,
    }));
    const results = await world.customers.sayAll(bulk);
    expect(results.filter((result) => result === 'duplicate')).toHaveLength(10);
    expect(await texts('bulk')).toEqual(bulk.slice(0, 90).map(({ text }) => text));
    expect(await world.customers.seen('bulk')).toBe(90);
    expect(world.problems).toEqual([]);
  });

  it('of people: what they write, change and read reaches the provider once and in order', async () => {
    await opened('people');
    world.stand.story = 'honest';
    for (const text of LINES) await world.reply('people', text);
    await expect.poll(() => world.takenIn('people'), SOON).toEqual(LINES);
    await world.stand.told();
    world.stand.story = 'none';
    const own = await replies('people');
    expect(own.map(({ status }) => status)).toEqual(['read', 'read', 'read', 'read']);
    for (const text of ['one!', 'one!!'])
      expectStatus(
        200,
        await world.admin.send('PATCH', `/api/inbox/messages/${own[0]?.id}`, { body: { text } }),
      );
    const edits = () => ledger().byAnyId(own[0]?.id ?? '')?.edits;
    await expect.poll(edits, SOON).toEqual(['one!', 'one!!']);
    expectStatus(200, await world.admin.post(`/api/inbox/chats/${await world.chatId('people')}/seen`, {}));
    await expect.poll(() => ledger().reads, SOON).toContain('people');
    const types = () => world.stand.events.map(({ type }) => type).toSorted();
    await expect
      .poll(types, SOON)
      .toEqual([
        'chat.read',
        ...Array.from(LINES, () => 'message.sent'),
        'message.updated',
        'message.updated',
      ]);
    expect(world.problems).toEqual([]);
  });

  it('of a provider that lies: no status goes back, not for a moment', async () => {
    await opened('lies');
    world.stand.story = 'lying';
    for (const text of LINES) await world.reply('lies', text);
    await expect.poll(() => world.takenIn('lies'), SOON).toEqual(LINES);
    await world.stand.told();
    world.stand.story = 'none';
    await quiet();
    expect((await replies('lies')).map(({ status }) => status)).toEqual(Array.from(LINES, () => 'read'));
    const told = feed.messages
      .filter(({ type }) => type === 'inbox')
      .flatMap(({ changes }) => changes as { messages: InboxMessage[] | null }[])
      .flatMap(({ messages }) => messages ?? []);
    for (const { id } of await replies('lies')) {
      const seen = told.filter((one) => one.id === id).map(({ status }) => status);
      expect(seen).toEqual(seen.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));
    }
    expect(world.problems).toEqual([]);
  });
});
const ORDER = ['queued', 'sent', 'failed', 'delivered', 'read'];

describe('a provider that goes wrong', { timeout: PATIENCE_MS }, () => {
  it('gets every message once and in the order of its chat, and holds up no other chat', async () => {
    const faults: Record<string, Omit<Fault, 'chat'>[]> = {
      'is-well': [],
      'is-slow': [{ kind: 'slow', ms: 2_000, times: 2 }],
      'is-too-slow': [{ kind: 'slow', ms: 6_000 }],
      'says-nothing': [{ kind: 'hang' }],
      'takes-and-says-nothing': [{ kind: 'hang_after' }],
      'breaks-off': [{ kind: 'reset_before', times: 3 }],
      'takes-and-breaks-off': [{ kind: 'reset_after', times: 3 }],
      'is-ill': [
        { kind: 'status', status: 500 },
        { kind: 'status', status: 502 },
      ],
      'has-enough': [{ kind: 'status', status: 429, retryAfter: 2, times: 2 }],
      mumbles: [{ kind: 'garbage', times: 2 }],
    };
    const chats = Object.keys(faults);
    await opened(...chats);
    for (const [chat, all] of Object.entries(faults))
      world.stand.sim.faults.add(...all.map((fault) => ({ ...fault, chat })));
    await Promise.all(
      chats.map(async (chat) => {
        for (const text of LINES) await world.reply(chat, text);
      }),
    );
    await expect.poll(() => world.takenIn('is-well'), SOON).toEqual(LINES);
    for (const chat of chats) await expect.poll(() => world.takenIn(chat), SOON).toEqual(LINES);
    await quiet();
    for (const chat of chats)
      expect((await replies(chat)).map(({ status }) => status)).toEqual(Array.from(LINES, () => 'sent'));
    expect(world.stand.sim.faults.waiting).toEqual([]);
    expect(await world.dead()).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('says of a repeat that it has it', async () => {
    await opened('repeats');
    world.stand.sim.repeats = 'conflict';
    world.stand.sim.faults.add({ kind: 'reset_after', chat: 'repeats', times: 2 });
    for (const text of LINES) await world.reply('repeats', text);
    await expect.poll(() => world.takenIn('repeats'), SOON).toEqual(LINES);
    await quiet();
    world.stand.sim.repeats = 'same';
    expect((await replies('repeats')).map(({ status }) => status)).toEqual(Array.from(LINES, () => 'sent'));
  });

  it('refuses a message for good: it fails with the reason, the others go on, a person has it tried again', async () => {
    await opened('refused', 'elsewhere');
    world.stand.sim.faults.add(
      { kind: 'status', status: 422, chat: 'refused' },
      { kind: 'redirect', chat: 'elsewhere' },
    );
    for (const chat of ['refused', 'elsewhere']) for (const text of LINES) await world.reply(chat, text);
    for (const chat of ['refused', 'elsewhere'])
      await expect.poll(() => world.takenIn(chat), SOON).toEqual(LINES.slice(1));
    await quiet();
    const [failed] = await replies('refused');
    expect(failed).toMatchObject({
      text: 'one',
      status: 'failed',
      error: expect.stringContaining('422') as string,
    });
    expect((await world.dead()).map(({ kind }) => kind)).toEqual(['send_message', 'send_message']);
    expect(await world.replay([failed?.id ?? ''])).toBe(1);
    await expect.poll(() => world.takenIn('refused'), SOON).toEqual([...LINES.slice(1), 'one']);
    await expect.poll(async () => (await replies('refused'))[0]?.status, SOON).toBe('sent');
    const [other] = await replies('elsewhere');
    await world.surely(() => world.admin.post(`/api/inbox/messages/${other?.id}/resend`, {}));
    await expect.poll(() => world.takenIn('elsewhere'), SOON).toEqual([...LINES.slice(1), 'one']);
    expect(world.stand.sim.seen.some(({ endpoint }) => endpoint === 'unknown')).toBe(false);
    expect(world.problems).toEqual([]);
  });

  it('says that a message failed which it took: a person sends it again, under another key', async () => {
    await opened('lost');
    world.stand.story = 'failing';
    const id = await world.reply('lost', 'Is it?');
    await expect.poll(async () => (await replies('lost'))[0]?.status, SOON).toBe('failed');
    await world.stand.told();
    world.stand.story = 'none';
    await world.surely(() => world.admin.post(`/api/inbox/messages/${id}/resend`, {}));
    await expect.poll(() => world.takenIn('lost'), SOON).toEqual(['Is it?', 'Is it?']);
    await expect.poll(async () => (await replies('lost'))[0]?.status, SOON).toBe('sent');
    expect(
      new Set(
        ledger()
          .takenOf('lost')
          .map(({ key }) => key),
      ).size,
    ).toBe(2);
    expect(world.problems).toEqual([]);
  });

  it('is away: what is written waits, and goes out in order when somebody trusts it again', async () => {
    await opened('away-1', 'away-2');
    world.stand.sim.down = true;
    for (const text of LINES) for (const chat of ['away-1', 'away-2']) await world.reply(chat, text);
    await expect.poll(world.linkNow, SOON).toMatchObject({ waiting: 8, breaker: 'open' });
    world.stand.sim.down = false;
    await world.resume();
    for (const chat of ['away-1', 'away-2'])
      await expect.poll(() => world.takenIn(chat), SOON).toEqual(LINES);
    await quiet();
    expect(world.problems).toEqual([]);
  });
});

describe('when things die', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['the server', () => world.server.kill()],
    ['the runtime', () => world.server.killRuntime()],
  ] as const)('%s, both sides have everything once and in order', async (what, kill) => {
    const prefix = what.replace(' ', '-');
    const chats = [1, 2, 3].map((n) => `${prefix}-people-${n}`);
    await opened(...chats);
    const lines = Array.from({ length: 8 }, (_, n) => `${what} ${n}`);
    // Some deaths fall between the provider's taking a message and our knowing of it.
    world.stand.sim.faults.add({ kind: 'reset_after', endpoint: 'sendMessage', times: 3 });
    const people = Promise.all(
      chats.map(async (chat) => {
        for (const text of lines) await world.reply(chat, text);
      }),
    );
    const day = playDay(world.customers, { chats: 4, messages: 60, edits: 0.2, duplicates: 0.2, prefix });
    for (let deaths = 0; deaths < 2; deaths += 1) {
      await delay(randomInt(100, 800));
      await kill();
      if (what === 'the server') await world.server.start();
    }
    const [written] = await Promise.all([day, people]);
    for (const [chat, all] of written) {
      expect(await texts(chat)).toEqual(all);
      const id = await world.chatId(chat);
      expect((await world.chats()).find((one) => one.id === id)?.unread).toBe(all.length);
    }
    for (const chat of chats) await expect.poll(() => world.takenIn(chat), SOON).toEqual(lines);
    await quiet();
    expect(await world.link()).toMatchObject({ waiting: 0 });
    expect(world.problems).toEqual([]);
  });
});

describe('the end of an integration', { timeout: PATIENCE_MS }, () => {
  it('is told, ends everything that waits, and can be begun anew', async () => {
    await opened('waits');
    world.stand.sim.down = true;
    await world.reply('waits', 'too late?');
    await expect.poll(world.linkNow, SOON).toMatchObject({ waiting: 1 });
    await world.revoke(world.connected.tokenId);
    await expect.poll(() => ledger().goodbyes, SOON).toEqual([{ tenant: '0101', reason: 'deactivated' }]);
    const heard = world.stand.sim.seen.length;
    const refused = await world.customers.api.ask(
      'POST',
      '/messages',
      world.customers.body({ chat: 'waits', text: 'x' }),
    );
    expect(refused).toMatchObject({ status: 401, code: 'unauthorized' });
    await expect.poll(async () => (await replies('waits'))[0]?.status, SOON).toBe('failed');
    expect(await world.link()).toMatchObject({ state: 'installed', waiting: 0 });
    expect(world.stand.sim.seen.length).toBe(heard);

    world.stand.sim.down = false;
    const tokenId = await world.activate();
    const channels = () => world.stand.sim.seen.slice(heard).map(({ endpoint }) => endpoint);
    await expect.poll(channels, SOON).toContain('getChannels');
    expect(
      await world.replay(
        (await world.dead()).filter(({ kind }) => kind === 'send_message').map(({ id }) => id),
      ),
    ).toBeGreaterThan(0);
    await expect.poll(() => world.takenIn('waits'), SOON).toEqual(['too late?']);
    await opened('again');
    expect(tokenId).not.toBe(world.connected.tokenId);
    expect(world.problems).toEqual([]);
  });

  it('of an app that is uninstalled switches its accounts off, main and children', async () => {
    const tie = 'tenantId=0101&appCode=chat-post';
    await world.connected.service.must('DELETE', `/internal/v1/tenant-configurations?${tie}`);
    await expect
      .poll(() => ledger().goodbyes.at(-1), SOON)
      .toEqual({ tenant: '0101', reason: 'uninstalled' });
    const active = async () => {
      const { items } = expectStatus(200, await world.admin.get('/api/inbox/channels')).json as {
        items: { active: boolean }[];
      };
      return items.map((channel) => channel.active);
    };
    await expect.poll(active, SOON).toEqual([false, false]);
    const heard = world.stand.sim.seen.length;
    const path = `/api/inbox/chats/${await world.chatId('again')}/messages`;
    const refused = await world.heard(() => world.admin.post(path, { text: 'Hello?' }));
    expect(refused.status).toBe(409);
    expect(world.stand.sim.seen.length).toBe(heard);
    expect(world.problems).toEqual([]);
  });
});
