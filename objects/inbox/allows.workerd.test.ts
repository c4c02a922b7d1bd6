import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { InboxWorld, OLGA } from '../../test/worker/support/inbox';
import { migrateObject } from '../lib/migrations';
import type { Capabilities } from '../provider-link/contract';
import { INBOX_MIGRATIONS } from './migrations';
import type { Inbox } from './object';

const MINUTE = 60_000;

let world: InboxWorld;
beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
});

const can = (telegram: Capabilities, active = true) =>
  world.news({ kind: 'integration', active, capabilities: { telegram } });

const refusalOf = async (chatId: string, text: string) => {
  const result = await world.object.reply({ user: OLGA, chatId, text, now: (world.now += 1) });
  return result.ok ? null : result.code;
};

/** Sees a chat; answers how much was seen and what its provider is to be told of it. */
const saw = (chatId: string) =>
  runInDurableObject(world.object, async (inbox: Inbox, { storage: { sql } }) => {
    const result = inbox.saw({ user: OLGA, chatId, now: world.now });
    // Before the link has taken them.
    const tasks = sql.exec<{ task: string }>('SELECT task FROM outgoing ORDER BY seq').toArray();
    const told = tasks.map(({ task }) => (JSON.parse(task) as { delivery: { kind: string } }).delivery.kind);
    const answer = await result;
    return { seen: answer.ok ? answer.value.seen : null, told };
  });

describe('what a channel can do', () => {
  it('is told by its link, kept, shown with each chat, and nothing else is taken of people', async () => {
    const { chatId } = await world.got('m1');
    const sent = await world.reply(chatId, 'Good morning!');
    await world.news({ kind: 'delivered', deliveryId: sent.id, delivery: 'send_message', externalId: null });
    const { rev } = await world.object.changes(0);
    await can({ messages: { text: ['send'] }, maxTextLength: 5 });
    await evictDurableObject(world.object);
    const { chats } = await world.chats();
    expect(chats[0]?.allows).toMatchObject({ reply: true, edit: false, read: false, maxTextLength: 5 });
    expect(await world.object.changes(rev)).toMatchObject({ reset: true });
    expect(await refusalOf(chatId, 'Six!!!')).toBe('text_too_long');
    expect(await refusalOf(chatId, 'Five!')).toBeNull();
    const edit = { user: OLGA, messageId: sent.id, text: 'Hi', now: world.now };
    expect(await world.object.edit(edit)).toMatchObject({ code: 'not_supported', allows: { edit: false } });
    await can({});
    expect(await world.object.edit(edit)).toMatchObject({ ok: true });
  });

  it('takes replies only so long after the customer’s last message, from the history too, not from one’s own', async () => {
    await can({ replyWindowMinutes: 60 });
    const at = (minutes: number) => world.now - minutes * MINUTE;
    const { chatId } = await world.got('m1', { sentAt: at(90) });
    expect(await refusalOf(chatId, 'Late')).toBe('window_closed');
    await world.got('m2', { sentAt: at(10), direction: 'outgoing' });
    expect(await refusalOf(chatId, 'Late')).toBe('window_closed');
    await world.got('m3', { sentAt: at(30) });
    await world.got('m4', { sentAt: at(120) });
    expect(await refusalOf(chatId, 'In time')).toBeNull();
    const chat = await world.object.chat(chatId);
    expect(chat?.allows.replyUntil).toBeGreaterThan(world.now);
    world.now += 31 * MINUTE;
    expect(await refusalOf(chatId, 'Late')).toBe('window_closed');
  });

  it('lets nothing out while the provider is not connected, also no message again that failed', async () => {
    const { chatId } = await world.got('m1');
    const sent = await world.reply(chatId, 'Hello');
    await world.news({ kind: 'failed', deliveryId: sent.id, delivery: 'send_message', error: 'no' });
    await can({}, false);
    expect(await refusalOf(chatId, 'Hello?')).toBe('not_connected');
    const again = { user: OLGA, messageId: sent.id, now: world.now };
    expect(await world.object.resend(again)).toMatchObject({ code: 'not_connected' });
    await can({});
    expect(await world.object.resend(again)).toMatchObject({ ok: true, value: { status: 'queued' } });
  });

  it('lets people see what they read, and tells it only where the channel does', async () => {
    const { chatId } = await world.got('m1');
    await can({ messages: { text: ['send', 'edit'] } });
    expect(await saw(chatId)).toEqual({ seen: 1, told: [] });
    await world.got('m2');
    await can({ messages: { text: ['send', 'read'] } });
    expect(await saw(chatId)).toEqual({ seen: 1, told: ['mark_read'] });
  });
});

describe('an inbox from before channels said what they can do', () => {
  it('finds out when customers wrote last', async () => {
    await runInDurableObject(world.object, (_, { storage }) => {
      for (const name of ['finder', 'chat_finder']) storage.sql.exec(`DROP TABLE ${name}`);
      const tables = storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray();
      for (const { name } of tables) storage.sql.exec(`DROP TABLE IF EXISTS "${name}"`);
      migrateObject(storage, INBOX_MIGRATIONS.slice(0, 2));
      storage.sql.exec(`
        INSERT INTO providers (key, code) VALUES (1, 'chat-post');
        INSERT INTO channels VALUES (1, 'chn_1', 1, 'main', 'telegram', 'Shop', NULL, 1, 1);
        INSERT INTO chats (key, id, provider, ext, channel, last_at, last_seq, rev, created_at)
          VALUES (1, 'chat_1', 1, 'ann', 1, 900, 3, 3, 1), (2, 'chat_2', 1, 'bob', 1, 1, NULL, 4, 1);
        INSERT INTO messages (id, provider, chat, direction, text, sent_at, received_at, progress, seen) VALUES
          ('msg_1', 1, 1, 'incoming', 'a', 500, 1, 'delivered', 1),
          ('msg_2', 1, 1, 'incoming', 'b', 700, 1, 'delivered', 1),
          ('msg_3', 1, 1, 'outgoing', 'c', 900, 1, 'sent', 1);
      `);
    });
    await evictDurableObject(world.object);
    world.now = 700 + MINUTE;
    await can({ replyWindowMinutes: 2 });
    expect(await refusalOf('chat_1', 'In time')).toBeNull();
    expect(await refusalOf('chat_2', 'Nobody wrote')).toBe('window_closed');
  });
});
