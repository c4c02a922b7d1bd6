/** A marketplace with an app, a tenant that installed it, and a stand-in for its provider behind the tenant's link. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256Hex } from '../../../worker/auth/digest';
import { sealText } from '../../../worker/auth/secrets';
import { buildApp } from '../../../worker/app';
import { signClientToken } from '../../../worker/communications/client-token';
import { openDb } from '../../../worker/db';
import {
  appVersions,
  clientTokens,
  marketplaceCredentials,
  providerApps,
  providerConfigurations,
  tenantConfigurations,
} from '../../../worker/db/schema';
import {
  PROVIDER_KEY,
  providerLinkName,
  type PassedOver,
  type ProviderContent,
  type ProviderNews,
} from '../../../objects/provider-link/contract';
import { addTenant } from './people';

export const app = buildApp();
export const db = openDb(env.DB);
const ORIGIN = 'https://bridge.chat-post.example.com';
export const KEY = 'key-of-chat-post';

export const CONTENT: ProviderContent = {
  providerLabel: 'Chat Post',
  endpoints: {
    sendMessage: `${ORIGIN}/send`,
    updateMessageContent: `${ORIGIN}/content`,
    updateMessageStatus: `${ORIGIN}/status`,
    markChatRead: `${ORIGIN}/read`,
    disconnect: `${ORIGIN}/disconnect`,
    getChannels: `${ORIGIN}/channels`,
  },
  authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key' },
};

export interface Asked {
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: Record<string, unknown>;
}

type Reply = Response | Promise<Response>;

const fine = (): Response => Response.json({});

interface Opened {
  fetcher: (url: string, init: RequestInit) => Promise<Response>;
  news: { parts: { listener: () => unknown } };
}

let made = 0;

/** One tenant and provider, tied and active unless said otherwise. */
export class TestProvider {
  readonly tenantId: string;
  readonly provider: string;
  readonly asked: Asked[] = [];
  readonly news: ProviderNews[] = [];
  /** What it is able to do, as the Inbox was told: apart, because each tie and token changes it. */
  readonly integrations: ProviderNews[] = [];
  /** What the Inbox says of a page of history. */
  passedOver: PassedOver | null = null;
  /** What a path answers; others answer `{}`. */
  readonly replies = new Map<string, (asked: Asked) => Reply>([
    ['/channels', () => Response.json({ items: [{ id: 'c1', code: 'telegram', name: 'Shop' }] })],
  ]);

  constructor() {
    made += 1;
    this.tenantId = String(8_000 + made);
    this.provider = `chat-post-${made}`;
  }

  get stub() {
    return env.PROVIDER_LINK.getByName(providerLinkName(this.tenantId, this.provider));
  }

  async install(content: ProviderContent = CONTENT): Promise<this> {
    const { tenantId, provider } = this;
    await addTenant(tenantId);
    await db.insert(providerApps).values({
      appCode: provider,
      name: 'Chat Post',
      developer: 'dev-company',
      scopeSince: '1.0.0',
      createdAt: 1,
      updatedAt: 1,
    });
    await db.insert(appVersions).values({ appCode: provider, version: '1.0.0', number: 1, createdAt: 1 });
    const id = `${provider}-conf`;
    await db.insert(providerConfigurations).values({
      id,
      appCode: provider,
      appVersion: '1.0.0',
      configurationVersion: '1.0.0',
      number: 1,
      active: true,
      content: { ...content },
      key: sealText(env, provider, PROVIDER_KEY, KEY),
      hint: 'post',
      createdAt: 1,
    });
    await db.insert(tenantConfigurations).values({
      tenantId,
      appCode: provider,
      appVersion: '1.0.0',
      configurationId: id,
      createdAt: 1,
      updatedAt: 1,
    });
    await this.behind();
    await this.stub.configChanged();
    return this;
  }

  /** Installed, with a good token, its channels known. Answers the token. */
  async activate(content?: ProviderContent): Promise<string> {
    await this.install(content);
    const token = await this.addToken();
    await this.stub.configChanged({ origin: 'https://pbx.example.com' });
    return token;
  }

  async addToken(): Promise<string> {
    const { tenantId, provider } = this;
    const jti = crypto.randomUUID();
    await db
      .insert(clientTokens)
      .values({ id: jti, tenantId, provider, hint: 'xxxx', createdAt: Date.now() });
    return signClientToken(env, { tenantId, provider, jti }, Date.now());
  }

  /** After the object was made anew. */
  async behind(): Promise<void> {
    await runInDurableObject(this.stub, (instance) => {
      const opened = instance as unknown as Opened;
      opened.fetcher = (url, init) => this.answer(url, init);
      const takeProviderNews = (_: string, news: ProviderNews[]) => {
        for (const one of news) (one.kind === 'integration' ? this.integrations : this.news).push(one);
        return Promise.resolve(news.some(({ kind }) => kind === 'history') ? this.passedOver : null);
      };
      opened.news.parts.listener = () => ({ inbox: { takeProviderNews }, provider: this.provider });
    });
  }

  private async answer(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    const asked = { path: pathname, query: searchParams, headers: new Headers(init.headers), body };
    this.asked.push(asked);
    return (this.replies.get(pathname) ?? fine)(asked);
  }

  paths = (): string[] => this.asked.map(({ path }) => path);

  alarm = (): Promise<boolean> => runDurableObjectAlarm(this.stub);

  alarmAt = (): Promise<number | null> =>
    runInDurableObject(this.stub, (_, state) => state.storage.getAlarm());

  /** What waits is due now, whatever its backoff said. */
  async hurry(): Promise<void> {
    await runInDurableObject(this.stub, async (_, { storage }) => {
      storage.sql.exec('UPDATE deliveries SET next_at = 1 WHERE dead_at IS NULL');
      await storage.setAlarm(Date.now());
    });
    await this.alarm();
  }

  send = (n: number, chatId = 'chat-1') => ({
    id: `m-${n}`,
    kind: 'send_message' as const,
    chatId,
    payload: { messageId: `m-${n}`, chatId, text: `text ${n}` },
  });
}

/** A credential of the marketplace; a developer's when one is named. */
export async function addCredential(developer?: string): Promise<string> {
  const token = `tlm_${crypto.randomUUID()}`;
  await db.insert(marketplaceCredentials).values({
    id: crypto.randomUUID(),
    kind: developer === undefined ? 'service' : 'developer',
    name: 'Test',
    developer: developer ?? null,
    tokenHash: sha256Hex(token),
    hint: token.slice(-4),
    createdAt: 1,
  });
  return token;
}

/** Asks one of the three APIs. */
export async function ask(
  method: string,
  path: string,
  options: {
    token?: string | undefined;
    body?: unknown;
    headers?: Record<string, string>;
    /** In the place of some of the environment's. */
    bindings?: object;
  } = {},
) {
  const response = await app.request(
    path,
    {
      method,
      headers: {
        ...(options.token !== undefined && { Authorization: `Bearer ${options.token}` }),
        ...(options.body !== undefined && { 'Content-Type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    },
    { ...env, ...options.bindings },
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
