import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { CONTENT, TestProvider, type Asked } from '../../test/worker/support/communications';

const BULK = {
  ...CONTENT,
  endpoints: { ...CONTENT.endpoints, bulkMessages: 'https://bridge.chat-post.example.com/bulk' },
};

type Item = { messageId: string; chatId: string; idempotencyKey: string };
const itemsOf = ({ body }: Asked): Item[] => body['messages'] as Item[];

async function withBulk(answer?: (items: Item[]) => unknown): Promise<TestProvider> {
  const link = new TestProvider();
  await link.activate(BULK);
  await link.alarm();
  link.asked.length = 0;
  link.news.length = 0;
  const accepted = (items: Item[]) => ({
    results: items.map(({ idempotencyKey }) => ({
      idempotencyKey,
      result: 'accepted',
      id: `ext-${idempotencyKey}`,
    })),
  });
  link.replies.set('/bulk', (asked) => Response.json((answer ?? accepted)(itemsOf(asked))));
  return link;
}

const sent = (link: TestProvider) =>
  link.asked.map((asked) =>
    asked.path === '/bulk' ? itemsOf(asked).map(({ messageId }) => messageId) : asked.body['messageId'],
  );

describe('messages of several chats that wait together', () => {
  it('go up in one request, those of one chat after each other, and each is told by itself', async () => {
    const link = await withBulk();
    const waiting = [1, 2, 3].flatMap((chat) => [1, 2].map((n) => link.send(chat * 10 + n, `chat-${chat}`)));
    await link.stub.takeDeliveries(waiting);
    await link.alarm();
    expect(sent(link)).toEqual([
      ['m-11', 'm-21', 'm-31'],
      ['m-12', 'm-22', 'm-32'],
    ]);
    expect(link.asked[0]).toMatchObject({ body: { tenant: link.tenantId } });
    const keys = link.asked.map(({ headers }) => headers.get('idempotency-key'));
    expect(keys[0]).toMatch(/^bulk_[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(2);
    expect(link.news.slice(0, 3)).toMatchObject(
      ['m-11', 'm-21', 'm-31'].map((id) => ({ kind: 'delivered', deliveryId: id, externalId: `ext-${id}` })),
    );
    expect(await link.stub.status()).toMatchObject({ waiting: 0, dead: 0, delivered: 7 });
  });

  it('are answered each by itself: one that is refused is a dead letter, one that may come later does', async () => {
    const link = await withBulk((items) => ({
      results: items.map(({ idempotencyKey, messageId }) =>
        messageId === 'm-1'
          ? { idempotencyKey, result: 'accepted' }
          : { idempotencyKey, result: 'error', error: 'no', retry: messageId === 'm-3' },
      ),
    }));
    await link.stub.takeDeliveries([1, 2, 3].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ waiting: 1, dead: 1, breaker: 'closed' });
    expect(link.news.map(({ kind }) => kind)).toEqual(['delivered', 'failed']);
    await link.hurry();
    // Alone it goes by the ordinary way.
    expect(sent(link).at(-1)).toBe('m-3');
    expect(await link.stub.status()).toMatchObject({ waiting: 0 });
  });

  it.each([
    ['refuses', () => new Response('', { status: 404 })],
    ['answers what nobody can read', () => Response.json({ fine: true })],
  ])('go by themselves at once where the endpoint %s, and for a while', async (_, answer) => {
    const link = await withBulk();
    link.replies.set('/bulk', answer);
    // Who has a message says so when it comes again.
    link.replies.set(
      '/send',
      ({ body }) => new Response('', { status: body['messageId'] === 'm-1' ? 409 : 200 }),
    );
    await link.stub.takeDeliveries([1, 2].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    expect(sent(link)[0]).toEqual(['m-1', 'm-2']);
    expect(sent(link).slice(1).map(String).toSorted()).toEqual(['m-1', 'm-2']);
    expect(await link.stub.status()).toMatchObject({ waiting: 0, dead: 0, breaker: 'closed' });
    await link.stub.takeDeliveries([3, 4].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    expect(link.paths().filter((path) => path === '/bulk')).toHaveLength(1);
    await runInDurableObject(link.stub, (_object, { storage: { sql } }) =>
      sql.exec("UPDATE state SET value = '1' WHERE name = 'apart'"),
    );
    await runInDurableObject(link.stub, (instance) =>
      (instance as unknown as { state: { forget(): void } }).state.forget(),
    );
    await link.stub.takeDeliveries([5, 6].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    expect(link.paths().filter((path) => path === '/bulk')).toHaveLength(2);
  });

  it('are tried one by one after the endpoint failed', async () => {
    const link = await withBulk();
    link.replies.set('/bulk', () => new Response('', { status: 500 }));
    await link.stub.takeDeliveries([1, 2].map((n) => link.send(n, `chat-${n}`)));
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ waiting: 2, lastError: 'HTTP 500' });
    await link.hurry();
    expect(sent(link).slice(1).map(String).toSorted()).toEqual(['m-1', 'm-2']);
  });
});

describe('a message that the provider may have already', () => {
  it('is delivered when it says so to a letter that a person sent again', async () => {
    const link = await withBulk();
    let status = 503;
    link.replies.set('/send', () => new Response('', { status }));
    await link.stub.takeDeliveries([link.send(1)]);
    await link.alarm();
    await runInDurableObject(link.stub, (_, { storage: { sql } }) =>
      sql.exec('UPDATE deliveries SET created_at = 1'),
    );
    await link.hurry();
    expect(await link.stub.status()).toMatchObject({ dead: 1 });
    status = 409;
    expect(await link.stub.replay(['m-1'])).toEqual({ replayed: 1 });
    await link.alarm();
    expect(await link.stub.status()).toMatchObject({ dead: 0, waiting: 0 });
    expect(link.news.at(-1)).toMatchObject({ kind: 'delivered', deliveryId: 'm-1' });
  });

  it('travels under the key it had before', async () => {
    const link = await withBulk();
    link.replies.set('/send', () => new Response('', { status: 409 }));
    await link.stub.takeDeliveries([{ ...link.send(2), id: 'm-2.2', sentAs: 'm-2' }]);
    await link.alarm();
    expect(link.asked[0]?.headers.get('idempotency-key')).toBe('m-2');
    expect(link.news).toMatchObject([{ kind: 'delivered', deliveryId: 'm-2.2' }]);
  });
});
