/** An app of the marketplace in its sandbox: its developer, and the provider behind the endpoints. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { providerLinkName, type ProviderContent } from '../../../objects/provider-link/contract';
import { sandboxName } from '../../../objects/sandbox/contract';
import { addCredential, ask, CONTENT, KEY } from './communications';

export type Json = Record<string, unknown>;
interface Asked {
  path: string;
  key: string | null;
  idempotency: string | null;
  body: Json;
}

export const ROOT = '/internal/v1/marketplace';
let made = 0;

/** An app with a configuration, its developer, and the provider behind the endpoints. */
export class Developer {
  readonly app = `sand-post-${(made += 1)}`;
  readonly path = `${ROOT}/apps/${this.app}/versions/1.0.0/sandbox`;
  readonly asked: Asked[] = [];
  token = '';
  service = '';
  tenantId = '';
  /** What stands behind an endpoint, after the key was found good. */
  readonly replies = new Map<string, (asked: Asked) => Response>();
  keyCounts = true;

  static async start(content: Partial<ProviderContent> = {}): Promise<Developer> {
    const one = new Developer();
    one.token = await addCredential('dev-company');
    one.service = await addCredential();
    const registered = await ask('POST', '/internal/v1/providers', {
      token: one.service,
      body: {
        appCode: one.app,
        name: 'Sand Post',
        developer: 'dev-company',
        appVersion: '1.0.0',
        scopes: ['communications'],
      },
    });
    expect(registered.status).toBe(201);
    await one.upload('1.0.0', content);
    return one;
  }

  async upload(configurationVersion: string, content: Partial<ProviderContent> = {}): Promise<void> {
    const { authentication, ...rest } = { ...CONTENT, ...content };
    const answer = await ask('POST', `${ROOT}/provider-configurations`, {
      token: this.token,
      body: {
        appCode: this.app,
        appVersion: '1.0.0',
        configurationVersion,
        ...rest,
        authentication: { ...authentication, value: KEY },
      },
    });
    expect(answer).toMatchObject({ status: 201 });
  }

  post = (path: string, body?: unknown) => ask('POST', `${this.path}${path}`, { token: this.token, body });
  get = (path: string) => ask('GET', `${this.path}${path}`, { token: this.token });

  get sandbox() {
    return env.SANDBOX.getByName(sandboxName(this.app, '1.0.0'));
  }
  get link() {
    return env.PROVIDER_LINK.getByName(providerLinkName(this.tenantId, this.app));
  }

  /** Opens the sandbox with a token of it, and stands behind its link. */
  async open(): Promise<string> {
    const opened = await this.post('', {});
    expect(opened.status).toBe(201);
    this.tenantId = String(opened.json['tenantId']);
    await runInDurableObject(this.link, (instance) => {
      (instance as unknown as { fetcher: unknown }).fetcher = (url: string, init: RequestInit) =>
        Promise.resolve(this.#answer(url, init));
    });
    const token = await this.post('/tokens');
    expect(token.status).toBe(201);
    await this.wake();
    return String(token.json['token']);
  }

  /** Does what the link and the sandbox have to do by themselves. */
  async wake(): Promise<void> {
    await runDurableObjectAlarm(this.link);
    await runInDurableObject(this.sandbox, (_, { storage }) => {
      storage.sql.exec("UPDATE timers SET at = 1 WHERE name <> 'expire'");
    });
    await runInDurableObject(this.sandbox, async (instance) => {
      await (instance as unknown as { alarm(): Promise<void> }).alarm();
    });
  }

  #answer(url: string, init: RequestInit): Response {
    const headers = new Headers(init.headers);
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Json) : {};
    const { pathname: path } = new URL(url);
    const asked = { path, key: headers.get('x-api-key'), idempotency: headers.get('idempotency-key'), body };
    this.asked.push(asked);
    if (this.keyCounts && asked.key !== KEY) return new Response('who?', { status: 401 });
    const reply = this.replies.get(path);
    if (reply !== undefined) return reply(asked);
    if (path === '/channels') return Response.json({ items: [{ id: 'c1', code: 'telegram', name: 'Shop' }] });
    const { id } = (body['chat'] ?? {}) as { id?: string };
    if (path === '/send' && id !== 'chat-7') return Response.json({ error: 'no such chat' }, { status: 404 });
    return Response.json(path === '/send' ? { id: `p-${String(asked.idempotency)}` } : {});
  }
}

export const MESSAGE = {
  id: 'm-1',
  chat: { id: 'chat-7', channelId: 'c1', participants: [{ id: 'ann', name: 'Ann Example' }] },
  senderId: 'ann',
  text: 'Hello!',
};
