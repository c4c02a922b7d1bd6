/**
 * A provider from its registration to the chats of a tenant, over real sockets; then messages of people reach it in the
 * order of their chats and once each, whatever dies on the way: the whole server, its runtime, the provider's answers.
 */
import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

const APP = 'chat-post';
const KEY = 'key-of-chat-post';
const TENANT = '0101';
const PATIENCE_MS = 240_000;

interface Delivered {
  key: string;
  chat: string;
  text: string;
}

/** A provider's own end: takes a message once per `Idempotency-Key`, and can lose its answers. */
class Provider {
  readonly delivered: Delivered[] = [];
  readonly paths: string[] = [];
  readonly problems: string[] = [];
  /** So many answers to messages are lost after the message was taken. */
  cuts = 0;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async open(): Promise<void> {
    await new Promise<void>((settle) => this.#server.listen(0, '127.0.0.1', settle));
  }
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((settle) => this.#server.close(settle));
  }
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as {
      tenant?: string;
      chat?: { id: string };
      message?: { text: string };
    };
    this.paths.push(pathname);
    const say = (status: number, json: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    };
    if (request.headers['x-api-key'] !== KEY) this.problems.push(`${pathname}: wrong key`);
    if ((body.tenant ?? searchParams.get('tenant')) !== TENANT) this.problems.push(`${pathname}: no tenant`);
    if (pathname === '/channels')
      return say(200, { items: [{ id: 'tg-main', code: 'telegram', name: 'Shop' }] });
    if (pathname === '/history') {
      const page = Number(searchParams.get('cursor') ?? '0');
      const items = Array.from({ length: 100 }, (_, n) => incoming('old-chat', `old-${page * 100 + n}`));
      return say(200, { items, nextCursor: page < 4 ? String(page + 1) : null });
    }
    if (pathname !== '/send') return say(200, {});
    const key = String(request.headers['idempotency-key']);
    if (this.delivered.some((one) => one.key === key)) return say(409, { error: 'I have it' });
    this.delivered.push({ key, chat: body.chat?.id ?? '', text: body.message?.text ?? '' });
    if (this.cuts > 0) {
      this.cuts -= 1;
      request.socket.destroy();
      return undefined;
    }
    return say(200, { id: `tg-${key}` });
  }
}

/** A message of a customer, as a provider sends it. */
const incoming = (chat: string, id: string) => ({
  id,
  direction: 'incoming',
  senderId: 'ann',
  text: `text of ${id}`,
  chat: { id: chat, channelId: 'tg-main', participants: [{ id: 'ann', name: 'Ann Example' }] },
});

let provider: Provider;
let server: TestServer;
let admin: Client;
let token = '';
let tokenId = '';

beforeAll(async () => {
  provider = new Provider();
  await provider.open();
  server = await TestServer.start({ OUTGOING_ORIGINS: provider.origin });
  admin = await signIn(server.url, 'admin');
  const owner = await signIn(server.url, 'root');
  const credential = async (body: object): Promise<Client> => {
    const made = expectStatus(201, await owner.post('/api/marketplace/credentials', body));
    return admin.as(String(made.json.token));
  };
  const service = await credential({ kind: 'service', name: 'Marketplace' });
  const developer = await credential({ kind: 'developer', name: 'Laptop', developer: 'dev-company' });
  const version = { appCode: APP, appVersion: '1.0.0' };
  expectStatus(
    201,
    await service.post('/internal/v1/providers', {
      ...version,
      name: 'Chat Post',
      developer: 'dev-company',
      scopes: ['communications'],
    }),
  );
  const at = (path: string): string => `${provider.origin}${path}`;
  expectStatus(
    201,
    await developer.post('/internal/v1/marketplace/provider-configurations', {
      ...version,
      configurationVersion: '1.0.0',
      providerLabel: 'Chat Post',
      endpoints: {
        sendMessage: at('/send'),
        updateMessageContent: at('/content'),
        updateMessageStatus: at('/status'),
        markChatRead: at('/read'),
        disconnect: at('/disconnect'),
        getChannels: at('/channels'),
        getMessageHistory: at('/history'),
      },
      authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: KEY },
    }),
  );
  const tie = { tenantId: TENANT, ...version };
  expectStatus(201, await service.post('/internal/v1/tenant-configurations', tie));
  const made = expectStatus(201, await admin.post(`/api/communications/providers/${APP}/tokens`, undefined));
  token = String(made.json.token);
  tokenId = String(made.json.id);
});
afterAll(async () => {
  await server.stop();
  await provider.close();
});

const link = async (): Promise<Record<string, unknown>> =>
  (await admin.get(`/api/communications/providers/${APP}`)).json.link as Record<string, unknown>;

/** Again until the server, which may be dying, has taken it. */
async function surely(what: () => Promise<{ status: number }>): Promise<void> {
  for (let left = 200; ; left -= 1) {
    const reply = await what().catch(() => null);
    if (reply !== null && reply.status < 300) return;
    if (left === 0) throw new Error(`never taken: ${reply?.status ?? 'no answer'}`);
    await delay(250);
  }
}

describe('a provider', { timeout: PATIENCE_MS }, () => {
  it('has its channels and its history fetched when it is activated', async () => {
    const sync = async () => (await link()).sync;
    await expect.poll(sync, { timeout: 60_000 }).toMatchObject({ state: 'done', pages: 5, messages: 500 });
    const chats = async () => (await admin.get('/api/inbox/chats')).text;
    await expect.poll(chats, { timeout: 30_000 }).toContain('text of old-');
    expect(provider.problems).toEqual([]);
  });

  it.each([
    ['the server', () => server.kill()],
    ['the runtime', () => server.killRuntime()],
  ] as const)('hears each message once and in order, though %s dies', async (what, kill) => {
    const chats = [1, 2, 3].map((n) => `${what.replace(' ', '-')}-${n}`);
    for (const chat of chats)
      await surely(() =>
        admin.post('/communications/v1/messages', incoming(chat, `first-${chat}`), { token }),
      );
    const listed = expectStatus(200, await admin.get('/api/inbox/chats')).json.chats as {
      id: string;
      last: { text: string };
    }[];
    const idOf = (chat: string): string =>
      listed.find(({ last }) => last.text === `text of first-${chat}`)?.id ?? '';
    provider.cuts = 3;
    const texts = Array.from({ length: 8 }, (_, n) => `${what} ${n}`);
    const writing = Promise.all(
      chats.map(async (chat) => {
        for (const text of texts)
          await surely(() =>
            admin.post(
              `/api/inbox/chats/${idOf(chat)}/messages`,
              { text },
              { headers: { 'idempotency-key': `${chat}-${text}`.replaceAll(' ', '-') } },
            ),
          );
      }),
    );
    for (let deaths = 0; deaths < 2; deaths += 1) {
      await delay(randomInt(100, 800));
      await kill();
      if (what === 'the server') await server.start();
    }
    await writing;
    for (const chat of chats) {
      const heard = () => provider.delivered.filter((one) => one.chat === chat).map(({ text }) => text);
      await expect.poll(heard, { timeout: 120_000 }).toEqual(texts);
    }
    await expect.poll(link, { timeout: 60_000 }).toMatchObject({ waiting: 0, dead: 0 });
    expect(provider.problems).toEqual([]);
  });

  it('hears good-bye when its token is revoked, and nothing after it', async () => {
    expectStatus(204, await admin.send('DELETE', `/api/communications/providers/${APP}/tokens/${tokenId}`));
    await expect.poll(() => provider.paths.at(-1), { timeout: 30_000 }).toBe('/disconnect');
    const refused = await admin.post('/communications/v1/messages', incoming('late', 'late-1'), { token });
    expect(refused).toMatchObject({ status: 401, json: { code: 'unauthorized' } });
    await expect.poll(link, { timeout: 30_000 }).toMatchObject({ state: 'installed', waiting: 0 });
    expect(provider.paths.at(-1)).toBe('/disconnect');
  });
});
