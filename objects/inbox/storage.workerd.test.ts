import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { InboxWorld, NOW, OLGA, PROVIDER } from '../../test/worker/support/inbox';
import { migrateObject } from '../lib/migrations';
import { INBOX_MIGRATIONS } from './migrations';

let world: InboxWorld;
beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
});

describe('whatever happens in whatever order', () => {
  type Step =
    | { kind: 'add'; message: number; chat: number; incoming: boolean }
    | { kind: 'provider saw'; chat: number }
    | { kind: 'person saw'; chat: number }
    | { kind: 'status'; message: number; status: 'sent' | 'delivered' | 'read' | 'failed' };
  const chat = fc.nat(2);
  const message = fc.nat(7);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('add'), message, chat, incoming: fc.boolean() }) },
    fc.record({ kind: fc.constant('provider saw'), chat }),
    fc.record({ kind: fc.constant('person saw'), chat }),
    fc.record({
      kind: fc.constant('status'),
      message,
      status: fc.constantFrom('sent', 'delivered', 'read', 'failed'),
    }),
  );
  const RANK = ['sent', 'failed', 'delivered', 'read'];

  it('counts what is unread, keeps the newest as the last, and no status goes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        world = new InboxWorld();
        await world.connect();
        const model = new Map<
          number,
          { chat: number; incoming: boolean; seen: boolean; status: string; at: number }
        >();
        const idOf = new Map<number, string>();
        for (const one of steps) {
          if (one.kind === 'add') {
            const sentAt = NOW - ((one.message * 7) % 5);
            const [added] = await world.add([
              world.message(`m${one.message}`, {
                chatId: `c${one.chat}`,
                direction: one.incoming ? 'incoming' : 'outgoing',
                sentAt,
              }),
            ]);
            expect(added).toMatchObject({ ok: true, duplicate: model.has(one.message) });
            if (!model.has(one.message))
              model.set(one.message, {
                chat: one.chat,
                incoming: one.incoming,
                seen: !one.incoming,
                status: one.incoming ? 'delivered' : 'sent',
                at: sentAt,
              });
          } else if (one.kind === 'status') {
            const known = model.get(one.message);
            const result = await world.object.providerStatus({
              provider: PROVIDER,
              messageId: `m${one.message}`,
              status: one.status,
              now: world.now,
            });
            expect(result.ok).toBe(known !== undefined && !known.incoming);
            if (known && !known.incoming && RANK.indexOf(one.status) > RANK.indexOf(known.status))
              known.status = one.status;
          } else {
            const { chats } = await world.chats();
            const id = chats.find(({ externalId }) => externalId === `c${one.chat}`)?.id;
            if (one.kind === 'provider saw')
              await world.object.providerSaw({ provider: PROVIDER, chatId: `c${one.chat}`, now: world.now });
            else await world.object.saw({ user: OLGA, chatId: id ?? 'chat_none', now: world.now });
            for (const known of model.values()) if (known.chat === one.chat) known.seen = true;
          }
        }
        for (const { id, externalId, unread, last } of (await world.chats()).chats) {
          const mine = [...model].filter(([, known]) => `c${known.chat}` === externalId);
          expect(unread).toBe(mine.filter(([, { seen }]) => !seen).length);
          const { messages } = await world.thread(id);
          const stored = new Map(
            messages.map(({ externalId, status, seen }) => [externalId, [status, seen]]),
          );
          expect(messages).toHaveLength(mine.length);
          expect(stored).toEqual(new Map(mine.map(([n, { status, seen }]) => [`m${n}`, [status, seen]])));
          expect(last?.id).toBe(messages.at(-1)?.id);
          expect(last?.sentAt).toBe(Math.max(...mine.map(([, { at }]) => at)));
          idOf.set(mine.length, id);
        }
        const total = [...model.values()].filter(({ seen }) => !seen).length;
        expect((await world.object.channels())[0]?.unread).toBe(total);
      }),
      { numRuns: 25 },
    );
  });
});

describe('what is stored', () => {
  it('outlives an eviction', async () => {
    const { chatId, id } = await world.got('m1');
    const { rev } = await world.object.changes(0);
    await evictDurableObject(world.object);
    expect(await world.messageById(chatId, id)).toMatchObject({ text: 'text of m1' });
    await world.got('m2', { chat: { id: 'ann' } });
    expect((await world.object.changes(rev)).chats).toMatchObject([{ unread: 2 }]);
  });

  it('knows everybody of a crowd again, and counts on after an eviction', async () => {
    const people = Array.from({ length: 1_100 }, (_, n) => ({ id: `u-${n}`, name: `Ann ${n}` }));
    const chat = { id: 'crowd', channelId: 'main' };
    for (let from = 0; from < people.length; from += 100)
      await world.got(`m${from}`, {
        chat: { ...chat, participants: people.slice(from, from + 100) },
        senderId: `u-${from}`,
      });
    const late = { chat: { ...chat, participants: people.slice(-1) }, senderId: 'u-1099' };
    expect(await world.got('again', late)).toMatchObject({ sender: { id: 'u-1099', name: 'Ann 1099' } });
    await evictDurableObject(world.object);
    expect(await world.got('and again', late)).toMatchObject({ sender: { id: 'u-1099' } });
    expect((await world.chats()).chats).toMatchObject([{ unread: 13 }]);
    expect((await world.object.channels())[0]?.unread).toBe(13);
  });

  it('is handed over by the alarm where a crash came before it', async () => {
    const { chatId } = await world.got('m1');
    const { id } = await world.reply(chatId, 'Hello');
    const status = async () => (await world.messageById(chatId, id))?.status;
    await expect.poll(status).toBe('failed');
    const delivery = { id, kind: 'send_message', chatId: 'ann', payload: {} };
    await runInDurableObject(world.object, (_, { storage: { sql } }) => {
      sql.exec("UPDATE messages SET progress = 'queued' WHERE id = ?", id);
      sql.exec('INSERT INTO outgoing VALUES (99, 1, ?, 1)', JSON.stringify({ delivery }));
      sql.exec("INSERT OR REPLACE INTO timers VALUES ('outgoing', 1)");
    });
    await evictDurableObject(world.object);
    expect(await status()).toBe('queued');
    await runDurableObjectAlarm(world.object);
    expect(await status()).toBe('failed');
  });

  it('forgets what it was asked under keys after a day', async () => {
    const { chatId } = await world.got('m1');
    const input = { user: OLGA, chatId, text: 'Hello', once: { key: 'k', fingerprint: 'f' } };
    await world.object.reply({ ...input, now: Date.now() - 25 * 3_600_000 });
    await runInDurableObject(world.object, (_, { storage }) => {
      storage.sql.exec("UPDATE timers SET at = 1 WHERE name = 'prune'");
    });
    await runDurableObjectAlarm(world.object);
    expect(await world.object.reply({ ...input, now: Date.now() })).toMatchObject({ again: false });
  });

  it('is served as the first version left it', async () => {
    await runInDurableObject(world.object, async (_, { storage }) => {
      await storage.deleteAll();
      migrateObject(storage, INBOX_MIGRATIONS.slice(0, 1));
      storage.sql.exec(`
        INSERT INTO providers VALUES (1, 'chat-post');
        INSERT INTO channels VALUES (1, 'chn_old', 1, 'main', 'telegram', 'Old', NULL, 1, 1000);
        INSERT INTO chats VALUES (1, 'chat_old', 1, 'ann', 1, 'Ann', 1, 1000, 1, 7, 1000);
        INSERT INTO participants VALUES (1, 1, 'ann-1', 'Ann', '+375290000001', 'customer');
        INSERT INTO messages VALUES (1, 'msg_old', 1, 1, 'm1', 'incoming', 1, NULL, NULL, 'Old text', 1000, 1000,
          NULL, 1, 'delivered', NULL, 0);
        INSERT INTO finder (rowid, words, facets) VALUES (1, 'Old text', 'h1 c1');`);
    });
    await evictDurableObject(world.object);
    expect((await world.chats()).chats).toMatchObject([{ id: 'chat_old', unread: 1, rev: 7 }]);
    expect((await world.found('old')).found).toMatchObject([
      { message: { id: 'msg_old', text: 'Old text' } },
    ]);
    expect(await world.got('m2')).toMatchObject({ chatId: 'chat_old' });
  });
});
