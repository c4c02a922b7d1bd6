import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { CONTENT, db, KEY, TestProvider } from '../../test/worker/support/communications';
import { clientTokens, tenantConfigurations } from '../../worker/db/schema';
import { MIGRATIONS } from './migrations';

async function active(content = CONTENT): Promise<TestProvider> {
  const link = new TestProvider();
  await link.activate(content);
  await link.alarm();
  link.asked.length = 0;
  link.news.length = 0;
  return link;
}

describe('what people can do', () => {
  it('is told the Inbox when it changes, and not when the copy is read again', async () => {
    const link = new TestProvider();
    const capabilities = { telegram: { maxTextLength: 100 } };
    await link.activate({ ...CONTENT, capabilities });
    await link.alarm();
    await link.stub.configChanged();
    await link.alarm();
    expect(link.integrations).toMatchObject([
      { kind: 'integration', active: false, capabilities },
      { kind: 'integration', active: true, capabilities },
    ]);
    await revokeAll(link);
    await link.alarm();
    expect(link.integrations.slice(2)).toMatchObject([{ active: false, capabilities }]);
  });

  it('is told of a link from before it was told', async () => {
    const link = await active();
    link.integrations.length = 0;
    await runInDurableObject(link.stub, (_, { storage: { sql } }) =>
      sql.exec("DELETE FROM state WHERE name = 'integration'"),
    );
    await evictDurableObject(link.stub);
    await link.behind();
    await link.stub.configChanged();
    await link.alarm();
    expect(link.integrations).toMatchObject([{ active: true, capabilities: {} }]);
  });
});

const revokeAll = async (link: TestProvider): Promise<void> => {
  await db.update(clientTokens).set({ revokedAt: 1 }).where(eq(clientTokens.tenantId, link.tenantId));
  await link.stub.configChanged();
};

describe('deliveries', () => {
  it('go out once each, with the key, the tenant and their id, and the Inbox hears of it', async () => {
    const link = await active();
    link.replies.set('/send', ({ body }) => Response.json({ id: `ext-${String(body.messageId)}` }));
    expect(await link.stub.takeDeliveries([link.send(1), link.send(2)])).toEqual({ ok: true, added: 2 });
    expect(await link.stub.takeDeliveries([link.send(1)])).toEqual({ ok: true, added: 0 });
    await link.alarm();
    await link.stub.takeDeliveries([link.send(2)]);
    await link.alarm();
    expect(link.asked.map(({ path, body }) => [path, body.messageId, body.tenant])).toEqual([
      ['/send', 'm-1', link.tenantId],
      ['/send', 'm-2', link.tenantId],
    ]);
    expect(link.asked[0]?.headers.get('x-api-key')).toBe(KEY);
    expect(link.asked[0]?.headers.get('idempotency-key')).toBe('m-1');
    expect(link.news).toMatchObject([
      { kind: 'delivered', deliveryId: 'm-1', externalId: 'ext-m-1' },
      { kind: 'delivered', deliveryId: 'm-2', externalId: 'ext-m-2' },
    ]);
    expect(await link.stub.status()).toMatchObject({ state: 'active', waiting: 0, dead: 0 });
  });

  it('keep the order of a chat through failures, while other chats go on', async () => {
    const link = await active();
    let down = true;
    link.replies.set('/send', ({ body }) =>
      down && body.chatId === 'chat-1' ? new Response('busy', { status: 503 }) : Response.json({}),
    );
    await link.stub.takeDeliveries([link.send(1), link.send(2), link.send(3, 'chat-2')]);
    await link.alarm();
    expect(new Set(link.asked.map(({ body }) => body.messageId))).toEqual(new Set(['m-1', 'm-3']));
    expect(link.asked).toHaveLength(2);
    down = false;
    await link.hurry();
    expect(link.asked.slice(2).map(({ body }) => body.messageId)).toEqual(['m-1', 'm-2']);
  });

  it('rest after five failures in a row, and go on with one probe', async () => {
    const link = await active();
    link.replies.set('/send', () => new Response('', { status: 500 }));
    await link.stub.takeDeliveries([1, 2, 3, 4, 5, 6].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    const status = await link.stub.status();
    expect(status).toMatchObject({ breaker: 'open', lastError: 'HTTP 500' });
    expect(await link.alarmAt()).toBeGreaterThanOrEqual(status.breakerUntil ?? Infinity);
    const before = link.asked.length;
    await link.hurry();
    expect(link.asked).toHaveLength(before);
    link.replies.delete('/send');
    await link.stub.resume();
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ breaker: 'closed', waiting: 0 });
  });

  it('are dead letters when the provider refuses them, which a person tries again or throws away', async () => {
    const link = await active();
    link.replies.set('/send', ({ headers }) =>
      Response.json({ saw: headers.get('x-api-key') }, { status: 400 }),
    );
    await link.stub.takeDeliveries([link.send(1), link.send(2)]);
    await link.alarm();
    const { items } = await link.stub.deliveries({ state: 'dead', limit: 10 });
    expect(items.map(({ id }) => id)).toEqual(['m-2', 'm-1']);
    expect(items[0]?.error).toContain('HTTP 400');
    expect(JSON.stringify(items)).not.toContain(KEY);
    expect(link.news.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    link.replies.delete('/send');
    expect(await link.stub.replay(['m-1'])).toEqual({ replayed: 1 });
    await link.alarm();
    expect(link.news.at(-1)).toMatchObject({ kind: 'delivered', deliveryId: 'm-1' });
    expect(await link.stub.discard()).toEqual({ discarded: 1 });
    expect(await link.stub.takeDeliveries([link.send(2)])).toEqual({ ok: true, added: 0 });
  });

  it('never go to an address that the rules forbid, whatever the configuration says, nor after a redirect', async () => {
    const inside = { ...CONTENT.endpoints, sendMessage: 'http://169.254.169.254/latest' };
    const link = await active({ ...CONTENT, endpoints: inside });
    link.replies.set('/read', () => Response.redirect('http://127.0.0.1/', 302));
    await link.stub.takeDeliveries([
      link.send(1),
      { id: 'r-1', kind: 'mark_read', chatId: 'chat-2', payload: {} },
    ]);
    await link.alarm();
    expect(link.paths()).toEqual(['/read']);
    const { items } = await link.stub.deliveries({ state: 'dead', limit: 10 });
    expect(items.map(({ error }) => error)).toEqual([
      expect.stringContaining('HTTP 302'),
      expect.stringContaining('https://'),
    ]);
  });

  it('survive an eviction in mid-delivery, and are told again under the same id', async () => {
    const link = await active();
    await link.stub.takeDeliveries([link.send(1)]);
    await runInDurableObject(link.stub, (_, { storage }) => {
      storage.sql.exec('UPDATE deliveries SET attempts = 1, next_at = ?', Date.now() + 60_000);
    });
    await evictDurableObject(link.stub);
    await link.behind();
    link.replies.set('/send', () => new Response('', { status: 409 }));
    await link.hurry();
    expect(link.asked.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['m-1']);
    // The provider has it already: that is what the key of the request is for.
    expect(link.news).toMatchObject([{ kind: 'delivered', deliveryId: 'm-1' }]);
  });

  it('stay what they were when the Inbox can’t be told, until it can', async () => {
    const link = await active();
    await runInDurableObject(link.stub, (instance) => {
      (instance as unknown as { news: { parts: { listener: () => never } } }).news.parts.listener = () => {
        throw new Error('away');
      };
    });
    await link.stub.takeDeliveries([link.send(1)]);
    await link.alarm();
    expect(link.news).toEqual([]);
    await evictDurableObject(link.stub);
    await link.behind();
    await runInDurableObject(link.stub, async (_, { storage }) => {
      storage.sql.exec(`UPDATE state SET value = '{"failures":1,"at":1}' WHERE name = 'news'`);
      await storage.setAlarm(Date.now());
    });
    await evictDurableObject(link.stub);
    await link.behind();
    await link.alarm();
    expect(link.news).toMatchObject([{ kind: 'delivered', deliveryId: 'm-1' }]);
    expect(link.asked).toHaveLength(1);
  });
});

describe('an integration', () => {
  const WITH_HISTORY = {
    ...CONTENT,
    endpoints: {
      ...CONTENT.endpoints,
      getMessageHistory: 'https://bridge.chat-post.example.com/history',
      setWebhook: 'https://bridge.chat-post.example.com/set-webhook',
      deleteWebhook: 'https://bridge.chat-post.example.com/delete-webhook',
    },
  };

  it('asks a page again that leads to itself, and says so', async () => {
    const link = new TestProvider();
    let stuck = true;
    link.replies.set('/history', ({ query }) => {
      const cursor = query.get('cursor');
      const next = cursor === null ? 'p2' : stuck ? cursor : null;
      return Response.json({ items: [{ id: `old-${cursor ?? 'p1'}` }], nextCursor: next });
    });
    await link.activate(WITH_HISTORY);
    await link.alarm();
    const { sync } = await link.stub.status();
    expect(sync).toMatchObject({ state: 'running', pages: 1, messages: 1 });
    expect(sync.error).toContain('the cursor it was asked with');
    stuck = false;
    link.passedOver = { count: 2, why: 'old-p2: no such channel' };
    await link.hurry();
    const done = { state: 'done', pages: 2, messages: 2, error: null, passedOver: link.passedOver };
    await expect.poll(async () => (await link.stub.status()).sync).toMatchObject(done);
  });

  it('asks for smaller pages where one was too long to be read, and says what can’t be read at all', async () => {
    const link = new TestProvider();
    const asked: [from: number, limit: number][] = [];
    const texts = Array.from({ length: 10 }, () => 'ы'.repeat(150_000));
    link.replies.set('/history', ({ query }) => {
      const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit'))];
      asked.push([from, limit]);
      const items = texts.slice(from, from + limit).map((text, n) => ({ id: `old-${from + n}`, text }));
      const next = from + items.length;
      return Response.json({ items, nextCursor: next < texts.length ? String(next) : null });
    });
    await link.activate(WITH_HISTORY);
    await link.alarm();
    const sync = async () => (await link.stub.status()).sync;
    await expect.poll(sync).toMatchObject({ state: 'done', pages: 2, messages: 10, error: null });
    // Six of them are 1.8 MB; what came in time is not asked for again.
    expect(asked).toEqual([100, 50, 25, 12, 6].map((limit) => [0, limit]).concat([[6, 6]]));
    texts[0] = 'ы'.repeat(1_500_000);
    await link.stub.synchronise();
    await link.alarm();
    await expect.poll(async () => (await sync()).error).toContain('more than 2097152 bytes');
    expect(await sync()).toMatchObject({ state: 'running', pages: 0 });
    expect(asked.at(-1)).toEqual([0, 1]);
  });

  it('lets no optional endpoint that fails hold up channels, or the good-bye', async () => {
    const link = new TestProvider();
    const broken = (): Response => new Response('', { status: 500 });
    link.replies.set('/set-webhook', broken);
    link.replies.set('/delete-webhook', broken);
    await link.activate(WITH_HISTORY);
    await link.alarm();
    expect(link.paths()).toContain('/channels');
    await revokeAll(link);
    for (let n = 0; n < 3; n += 1) await link.hurry();
    expect(link.paths().filter((path) => path === '/delete-webhook')).toHaveLength(3);
    expect(link.paths().at(-1)).toBe('/disconnect');
  });

  it('asks for the channels when it is activated, then for history page by page, also after an eviction', async () => {
    const link = new TestProvider();
    await link.activate(WITH_HISTORY);
    const pages: (string | null)[] = [];
    let broken = true;
    link.replies.set('/history', ({ query }) => {
      const cursor = query.get('cursor');
      pages.push(cursor);
      if (cursor === 'p2' && broken) return new Response('', { status: 500 });
      return Response.json({
        items: [{ id: `old-${cursor ?? 'p1'}` }],
        nextCursor: cursor === null ? 'p2' : cursor === 'p2' ? 'p3' : null,
      });
    });
    await link.alarm();
    expect(link.paths().slice(0, 2)).toEqual(['/set-webhook', '/channels']);
    expect(link.asked[0]?.body).toMatchObject({ url: 'https://pbx.example.com/communications/v1' });
    expect((await link.stub.status()).sync).toMatchObject({ state: 'running', pages: 1, error: 'HTTP 500' });
    await evictDurableObject(link.stub);
    await link.behind();
    broken = false;
    await link.hurry();
    // However often the page that failed was asked for meanwhile.
    expect(pages.filter((page, i) => page !== pages[i - 1])).toEqual([null, 'p2', 'p3']);
    expect((await link.stub.status()).sync).toMatchObject({ state: 'done', pages: 3, messages: 3 });
    expect(link.news.map(({ kind }) => kind)).toEqual(['channels', 'history', 'history', 'history']);
    expect(link.news[0]).toMatchObject({ channels: [{ id: 'c1', code: 'telegram', parentId: null }] });
    pages.length = 0;
    expect(await link.stub.synchronise()).toBe(true);
    await link.alarm();
    expect(pages).toEqual([null, 'p2', 'p3']);
  });

  it('asks again for channels that came as something else', async () => {
    const link = new TestProvider();
    await link.install();
    link.replies.set('/channels', () => Response.json([]));
    await link.addToken();
    await link.stub.configChanged();
    await link.alarm();
    expect((await link.stub.status()).lastError).toContain('getChannels');
    expect(link.news).toEqual([]);
  });

  it('ends with the last token: the provider is told until it hears it, and nothing else is called any more', async () => {
    const link = await active(WITH_HISTORY);
    link.replies.set('/send', () => new Response('', { status: 500 }));
    link.replies.set('/disconnect', () => new Response('', { status: 500 }));
    await link.stub.takeDeliveries([link.send(1), link.send(2)]);
    await link.alarm();
    await revokeAll(link);
    expect(await link.stub.takeDeliveries([link.send(3)])).toEqual({ ok: false, code: 'inactive' });
    link.asked.length = 0;
    await link.hurry();
    expect(await link.stub.status()).toMatchObject({ state: 'disconnecting', dead: 2 });
    link.replies.clear();
    await link.stub.resume();
    await link.alarm();
    await link.hurry();
    expect(link.paths()).toEqual(['/delete-webhook', '/disconnect', '/disconnect']);
    expect(link.asked.at(-1)?.body).toEqual({ tenant: link.tenantId, reason: 'deactivated' });
    expect(await link.stub.status()).toMatchObject({ state: 'installed', waiting: 0 });
    expect(link.news).toMatchObject([
      { kind: 'failed', deliveryId: 'm-1' },
      { kind: 'failed', deliveryId: 'm-2' },
    ]);
    // Dead letters wait for the integration.
    expect(await link.stub.replay()).toEqual({ replayed: 0 });
    await link.addToken();
    await link.stub.configChanged();
    expect(await link.stub.replay()).toEqual({ replayed: 2 });
  });

  it('that is uninstalled says good-bye by the configuration it had, and its accounts are to be deactivated', async () => {
    const link = await active();
    await db.delete(tenantConfigurations).where(eq(tenantConfigurations.tenantId, link.tenantId));
    await revokeAll(link);
    await link.stub.configChanged();
    await evictDurableObject(link.stub);
    await link.behind();
    await link.alarm();
    expect(link.paths()).toEqual(['/disconnect']);
    expect(link.asked[0]?.body.reason).toBe('uninstalled');
    expect(link.asked[0]?.headers.get('x-api-key')).toBe(KEY);
    expect(link.news.map(({ kind }) => kind)).toEqual(['uninstalled']);
    expect(await link.stub.status()).toMatchObject({ state: 'none' });
  });

  it('lets in who has a good token, and only so often', async () => {
    const link = await active();
    const [token] = await db.select().from(clientTokens).where(eq(clientTokens.tenantId, link.tenantId));
    const jti = token?.id ?? '';
    expect(await link.stub.admit({ jti })).toEqual({ ok: true });
    expect(await link.stub.admit({ jti: 'another' })).toEqual({ ok: false, code: 'unknown_token' });
    expect(await link.stub.admit({ jti, cost: 2_000 })).toMatchObject({ ok: false, code: 'rate_limited' });
    await revokeAll(link);
    expect(await link.stub.admit({ jti })).toEqual({ ok: false, code: 'unknown_token' });
  });
});

describe('storage', () => {
  it('of an older step is brought to the newest with what it holds', async () => {
    const stub = env.PROVIDER_LINK.getByName('9999:old');
    await runInDurableObject(stub, async (_, { storage }) => {
      await storage.deleteAll();
      const [first] = MIGRATIONS;
      if (first === undefined) throw new Error('no migrations');
      storage.sql.exec('CREATE TABLE object_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
      storage.sql.exec(first.sql);
      storage.sql.exec('INSERT INTO object_migrations VALUES (1, ?)', first.name);
      const waiting = 'INSERT INTO deliveries (id, lane, kind, key, payload, created_at, next_at) VALUES ';
      for (const [id, key] of [
        ['a1', 'a'],
        ['a2', 'a'],
        ['b1', 'b'],
      ])
        storage.sql.exec(`${waiting}(?, 'calls', 'send_message', ?, '{}', 1, 1)`, id, key);
      storage.sql.exec(
        `INSERT INTO deliveries (id, lane, kind, key, payload, created_at, next_at, dead_at, error)
         VALUES ('old', 'calls', 'send_message', 'chat', '{}', 1, 1, ?, 'why')`,
        Date.now(),
      );
    });
    await evictDurableObject(stub);
    const { items } = await stub.deliveries({ state: 'dead', limit: 10 });
    expect(items).toMatchObject([{ id: 'old', error: 'why' }]);
    const heads = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec('SELECT id FROM deliveries WHERE head = 1 ORDER BY id').toArray(),
    );
    expect(heads).toEqual([{ id: 'a1' }, { id: 'b1' }]);
    const steps = await runInDurableObject(
      stub,
      (_, { storage }) => storage.sql.exec('SELECT id FROM object_migrations').toArray().length,
    );
    expect(steps).toBe(MIGRATIONS.length);
  });
});
