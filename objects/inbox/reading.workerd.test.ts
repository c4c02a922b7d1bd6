import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { LiveClient } from '../../test/worker/support/call-hub';
import { InboxWorld } from '../../test/worker/support/inbox';

let world: InboxWorld;
beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
});

describe('lists', () => {
  it('go on where they ended, each thing once', async () => {
    for (let n = 0; n < 7; n += 1) await world.got(`m${n}`, { chatId: `c${n % 4}` });
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await world.chats({ limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.chats.map(({ externalId }) => externalId));
      cursor = page.next ?? undefined;
    }
    expect(seen).toEqual(['c2', 'c1', 'c0', 'c3']);
    expect(await world.object.chats({ limit: 2, cursor: 'x' })).toEqual({ ok: false, code: 'bad_cursor' });
    expect(await world.object.chats({ limit: 2, channel: 'chn_none' })).toEqual({
      ok: false,
      code: 'no_such_channel',
    });
    const [channel] = await world.object.channels();
    expect((await world.chats({ channel: channel?.id ?? '', limit: 2 })).chats).toHaveLength(2);
  });

  it('of a chat go both ways, and begin around a message', async () => {
    const made: string[] = [];
    for (let n = 0; n < 9; n += 1) made.push((await world.got(`m${n}`)).id);
    const [chat] = (await world.chats()).chats;
    const ids = async (query: Parameters<InboxWorld['thread']>[1]) => {
      const page = await world.thread(chat?.id ?? '', query);
      return { ...page, ids: page.messages.map(({ id }) => made.indexOf(id)) };
    };
    const newest = await ids({ limit: 4 });
    expect([newest.ids, newest.newer]).toEqual([[5, 6, 7, 8], null]);
    const older = await ids({ limit: 4, before: newest.older ?? '' });
    expect(older.ids).toEqual([1, 2, 3, 4]);
    expect((await ids({ limit: 4, before: older.older ?? '' })).ids).toEqual([0]);
    expect((await ids({ limit: 4, after: older.newer ?? '' })).ids).toEqual([5, 6, 7, 8]);
    const around = await ids({ limit: 4, around: made[4] ?? '' });
    expect([around.ids, around.older !== null, around.newer !== null]).toEqual([[3, 4, 5, 6], true, true]);
  });

  it('find messages by beginnings of words, within a chat or a channel', async () => {
    await world.connect('second', 'viber');
    const one = await world.got('m1', { text: 'Привет, ёлка стоит 1500 руб.' });
    const other = world.message('m2', { chatId: 'bob', text: 'ёлки-палки "OR" words : x' });
    await world.add([{ ...other, chat: { ...other.chat, channelId: 'second' } }]);
    const texts = async (text: string, query = {}) =>
      (await world.found(text, query)).found.map(({ message }) => message.externalId);
    expect(await texts('елк')).toEqual(['m2', 'm1']);
    expect(await texts('1500')).toEqual(['m1']);
    expect(await texts('елк', { chatId: one.chatId })).toEqual(['m1']);
    const second = (await world.object.channels()).find(({ code }) => code === 'viber');
    expect(await texts('елк', { channel: second?.id })).toEqual(['m2']);
    for (const odd of ['"', '*', 'facets : h1', "'); DROP", 'c1 h1']) expect(await texts(odd)).toEqual([]);
    const page = await world.found('елк', { limit: 1 });
    expect(await texts('елк', { limit: 1, cursor: page.next })).toEqual(['m1']);
  });

  it('say what changed since a number of the inbox', async () => {
    await world.got('m1');
    const { rev } = await world.object.changes(0);
    expect(await world.object.changes(rev)).toEqual({ rev, chats: [], reset: false });
    await world.got('m2', { chatId: 'bob' });
    expect(await world.object.changes(rev)).toMatchObject({ chats: [{ externalId: 'bob' }], reset: false });
    expect(await world.object.changes(rev + 1_000)).toMatchObject({ chats: [], reset: true });
  });
});

describe('live sockets', () => {
  interface Told {
    type: string;
    changes: {
      prev: number;
      rev: number;
      chat: { unread: number } | null;
      messages: { text: string }[] | null;
    }[];
  }
  const listen = (inbox: boolean) =>
    LiveClient.connect(env.CALL_HUB.getByName(world.tenant), { userId: `u-${inbox}`, scope: 'all', inbox });
  const told = ({ messages }: LiveClient) =>
    (messages as unknown as Told[]).filter(({ type }) => type === 'inbox').flatMap(({ changes }) => changes);

  it('are told of what comes, in a chain without holes, where they may see it', async () => {
    const [mine, others] = [await listen(true), await listen(false)];
    // Besides the word to look that a new channel is.
    const chats = () => told(mine).filter(({ chat }) => chat !== null);
    await world.got('m1');
    await expect.poll(() => chats().length).toBe(1);
    await world.got('m2');
    await expect.poll(() => chats().length).toBe(2);
    const [first, second] = chats();
    expect(first).toMatchObject({ chat: { unread: 1 }, messages: [{ text: 'text of m1' }] });
    expect(second).toMatchObject({
      prev: first?.rev,
      chat: { unread: 2 },
      messages: [{ text: 'text of m2' }],
    });
    expect((await world.object.changes(0)).rev).toBe(second?.rev);
    expect(told(others)).toEqual([]);
  });

  it('are told to read the newest page again where two messages became one', async () => {
    const { chatId } = await world.got('m1');
    const { id } = await world.reply(chatId, 'Hello');
    await world.got('x-1', { direction: 'outgoing', senderId: undefined, text: 'Hello' });
    const mine = await listen(true);
    const delivered = {
      kind: 'delivered',
      deliveryId: id,
      delivery: 'send_message',
      externalId: 'x-1',
    } as const;
    await world.news({ ...delivered, id: 'once' });
    await expect.poll(() => told(mine).some(({ chat, messages }) => chat && messages === null)).toBe(true);
    expect((await world.thread(chatId)).messages).toHaveLength(2);
  });

  it('are told to look where a restart may have left something untold', async () => {
    await world.got('m1');
    await runInDurableObject(world.object, (_, { storage: { sql } }) => {
      sql.exec("INSERT OR REPLACE INTO timers VALUES ('tell', 1)");
    });
    await evictDurableObject(world.object);
    const mine = await listen(true);
    await runDurableObjectAlarm(world.object);
    await expect.poll(() => told(mine)).toMatchObject([{ chat: null, messages: null }]);
    expect(told(mine)[0]?.rev).toBe((await world.object.changes(0)).rev);
  });
});
