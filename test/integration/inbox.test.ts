/** The inbox on a real server: what was acknowledged outlives the power, once, and a reply finds its way afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { ProviderEnd } from './support/provider.ts';
import { TestServer } from './support/server.ts';

const MESSAGES = 400;
/** Against hanging only: a start on a busy machine takes long. */
const PATIENCE_MS = 180_000;

let server: TestServer;
let end: ProviderEnd;
let provider: Client;
beforeAll(async () => {
  end = await ProviderEnd.start();
  server = await TestServer.start({ OUTGOING_ORIGINS: end.origin });
  provider = await end.connect(server.url);
}, PATIENCE_MS);
afterAll(async () => {
  await server?.stop();
  await end?.stop();
});

const message = (n: number): object => ({
  id: `m-${n}`,
  chat: {
    id: `chat-${n % 5}`,
    channelId: 'main',
    participants: [{ id: 'u-1', name: 'Ann Example', phone: '+375290000001' }],
  },
  senderId: 'u-1',
  text: `text ${n}`,
});

interface Chat {
  id: string;
  unread: number;
  last: { id: string; status: string };
}

describe('the inbox', () => {
  it(
    'has every acknowledged message after the server died, and each of them once',
    async () => {
      const channel = { id: 'main', code: 'telegram', name: 'Shop' };
      expectStatus(201, await provider.post('/communications/v1/channels', channel));
      const acknowledged = new Set<number>();
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < MESSAGES) {
          const n = (next += 1);
          const reply = await provider.post('/communications/v1/messages', message(n)).catch(() => null);
          if (reply === null) return;
          if (reply.status === 201) acknowledged.add(n);
        }
      };
      const lanes = Array.from({ length: 6 }, lane);
      await eventually(() => Promise.resolve(acknowledged.size > 60 ? true : null));
      await server.kill();
      await Promise.all(lanes);
      await server.start();
      expect(acknowledged.size).toBeLessThan(MESSAGES);

      const all = Array.from({ length: MESSAGES }, (_, i) => i + 1);
      const known = new Set<number>();
      for (let from = 0; from < MESSAGES; from += 100) {
        const messages = all.slice(from, from + 100).map(message);
        const reply = await provider.post('/communications/v1/bulk/messages', { messages });
        const { results } = expectStatus(200, reply).json as { results: { result: string }[] };
        for (const [i, { result }] of results.entries()) {
          expect(['accepted', 'duplicate']).toContain(result);
          if (result === 'duplicate') known.add(from + i + 1);
        }
      }
      for (const n of acknowledged) expect(known).toContain(n);
      const boss = await signIn(server.url, 'boss');
      const { chats } = expectStatus(200, await boss.get('/api/inbox/chats')).json as { chats: Chat[] };
      expect(chats.map(({ unread }) => unread)).toEqual(Array.from({ length: 5 }, () => MESSAGES / 5));
    },
    PATIENCE_MS,
  );

  it(
    'has a reply delivered that was written before the server died, under one key',
    async () => {
      const boss = await signIn(server.url, 'boss');
      const first = async (): Promise<Chat> => {
        const { chats } = expectStatus(200, await boss.get('/api/inbox/chats?limit=1')).json as {
          chats: Chat[];
        };
        if (chats[0] === undefined) throw new Error('no chat');
        return chats[0];
      };
      end.down = true;
      const { id } = await first();
      const written = expectStatus(
        201,
        await boss.post(
          `/api/inbox/chats/${id}/messages`,
          { text: 'Hello!' },
          { headers: { 'idempotency-key': 'k' } },
        ),
      );
      await server.kill();
      end.down = false;
      await server.start();
      await eventually(async () => ((await first()).last.status === 'sent' ? true : null));
      const again = await boss.post(
        `/api/inbox/chats/${id}/messages`,
        { text: 'Hello!' },
        { headers: { 'idempotency-key': 'k' } },
      );
      expect(expectStatus(200, again).json['id']).toBe(written.json['id']);
      const sent = end.heard.filter(({ path }) => path === '/send');
      expect(sent).toMatchObject([{ key: written.json['id'], body: { message: { text: 'Hello!' } } }]);
    },
    PATIENCE_MS,
  );
});
