/**
 * A provider hands over its history when it is connected: 100,000 messages in pages, while the whole server and its runtime
 * are killed, and pages fail, break off, come twice. Every message is there once, in its chat, and nobody was disturbed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyChat, historyText } from '../sim/provider/history.ts';
import { eventually } from './support/client.ts';
import { LiveFeed } from './support/live-feed.ts';
import { inLanes } from './support/lanes.ts';
import { ProviderWorld } from './support/provider.ts';

const TOTAL = 100_000;
const PAGE = 100;
const CHATS = 250;
const PATIENCE_MS = 600_000;
const SOON = { timeout: 120_000 };

let world: ProviderWorld;
const feeds: LiveFeed[] = [];
const watch = async (): Promise<unknown> =>
  feeds.push(await LiveFeed.open(world.server.url, world.admin.token ?? ''));
beforeAll(async () => {
  const history = { total: TOTAL, chats: CHATS, channel: 'tg-main' };
  world = await ProviderWorld.start({ history, bulk: true });
  world.stand.story = 'none';
  await watch();
});
afterAll(async () => {
  for (const feed of feeds) feed.close();
  await world?.stop();
});

describe('a history of 100,000 messages', { timeout: PATIENCE_MS }, () => {
  it('comes whole and once, whatever dies or fails on the way', async () => {
    const { sim } = world.stand;
    const endpoint = 'getMessageHistory';
    const come = (part: number): Promise<unknown> =>
      eventually(() => Promise.resolve(sim.pages.size >= (TOTAL / PAGE) * part));
    sim.faults.add(
      { kind: 'status', endpoint, times: 2 },
      { kind: 'reset_after', endpoint },
      { kind: 'garbage', endpoint },
    );
    await come(0.2);
    await world.server.kill();
    await world.server.start();
    sim.faults.add({ kind: 'repeat_page', endpoint, times: 3 });
    await come(0.6);
    sim.faults.add({ kind: 'reset_before', endpoint }, { kind: 'stuck_page', endpoint });
    await world.server.killRuntime();
    await watch();
    const sync = async () => (await world.linkNow())?.sync;
    const done = { state: 'done', error: null };
    await expect.poll(sync, { timeout: PATIENCE_MS, interval: 500 }).toMatchObject(done);
    // The inbox stores the last page a moment after it came.
    const newest = async () => (await world.thread(historyChat(TOTAL - 1, CHATS))).at(-1)?.text;
    await expect.poll(newest, { timeout: 60_000 }).toBe(historyText(TOTAL - 1));
    await inLanes(4, CHATS, async (chat) => {
      const texts = (await world.thread(historyChat(chat, CHATS))).map(({ text }) => text);
      expect(texts).toEqual(Array.from({ length: TOTAL / CHATS }, (_, n) => historyText(n * CHATS + chat)));
    });
    expect(world.problems).toEqual([]);
  });

  it('disturbs nobody', async () => {
    expect((await world.chats('&unread=1')).length).toBe(0);
    const changes = feeds
      .flatMap(({ messages }) => messages.filter(({ type }) => type === 'inbox'))
      .flatMap((told) => told.changes as { chat: unknown }[]);
    // That there is another channel is told, and no chat.
    expect(changes.filter(({ chat }) => chat !== null)).toEqual([]);
  });
});

describe('a backlog of many chats', { timeout: PATIENCE_MS }, () => {
  it('goes up together, each message once and in the order of its chat, whatever becomes of a request', async () => {
    const { sim } = world.stand;
    const chats = Array.from({ length: 12 }, (_, n) => historyChat(n, CHATS));
    const lines = ['one', 'two', 'three'];
    sim.down = true;
    await inLanes(4, chats.length, async (n) => {
      for (const line of lines) await world.reply(chats[n] ?? '', line);
    });
    await expect.poll(world.linkNow, SOON).toMatchObject({ waiting: 36 });
    sim.down = false;
    sim.faults.add(
      { kind: 'reset_after', endpoint: 'bulkMessages' },
      { kind: 'status', chat: chats[3] ?? '', times: 2 },
      { kind: 'status', status: 422, chat: chats[5] ?? '' },
    );
    await world.resume();
    for (const [n, chat] of chats.entries())
      await expect.poll(() => world.takenIn(chat), SOON).toEqual(n === 5 ? lines.slice(1) : lines);
    await expect.poll(world.linkNow, SOON).toMatchObject({ waiting: 0 });
    const failed = (await world.thread(chats[5] ?? '')).filter(({ status }) => status === 'failed');
    expect(failed.map(({ text }) => text)).toEqual(['one']);
    expect(sim.seen.some(({ endpoint }) => endpoint === 'bulkMessages')).toBe(true);
    expect(world.problems).toEqual([]);
  });
});
