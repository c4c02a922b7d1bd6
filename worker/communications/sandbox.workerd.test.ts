import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { describe, expect, it, vi } from 'vitest';
import { addCredential, ask, CONTENT, db, KEY } from '../../test/worker/support/communications';
import { providerLinkName, type ProviderContent } from '../../objects/provider-link/contract';
import { sandboxName } from '../../objects/sandbox/contract';
import { appVersions } from '../db/schema';

type Json = Record<string, unknown>;
interface Asked {
  path: string;
  key: string | null;
  idempotency: string | null;
  body: Json;
}

const ROOT = '/internal/v1/marketplace';
let made = 0;

/** An app with a configuration, its developer, and the provider behind the endpoints. */
class Developer {
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

const MESSAGE = {
  id: 'm-1',
  chat: { id: 'chat-7', channelId: 'c1', participants: [{ id: 'ann', name: 'Ann Example' }] },
  senderId: 'ann',
  text: 'Hello!',
};

/** Goes on with a run until a check waits for the provider, or it is over. */
async function played(developer: Developer, runId: string, until: (run: Json) => boolean): Promise<Json> {
  return vi.waitFor(
    async () => {
      await developer.wake();
      const { json } = await developer.get(`/runs/${runId}`);
      expect(until(json)).toBe(true);
      return json;
    },
    { timeout: 10_000, interval: 20 },
  );
}

const stateOf = (run: Json, code: string): unknown =>
  (run['checks'] as Json[]).find((check) => check['code'] === code)?.['state'];
const isOver = (run: Json): boolean => run['state'] !== 'running';

/** Everything the stand asks of a good provider. */
async function wholeRun(developer: Developer, client: string): Promise<Json> {
  const started = await developer.post('/runs');
  expect(started).toMatchObject({ status: 201, json: { state: 'running', configurationVersion: '1.0.0' } });
  expect(await developer.post('/runs')).toMatchObject({ status: 409, json: { code: 'run_in_progress' } });
  const id = String(started.json['id']);
  await played(developer, id, (run) => stateOf(run, 'incoming_message') === 'running');
  await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE });
  const waiting = await played(
    developer,
    id,
    (run) => stateOf(run, 'status_back') !== 'waiting' || isOver(run),
  );
  if (stateOf(waiting, 'status_back') === 'running') {
    const sent = developer.asked.find(
      ({ path, body }) =>
        path === '/send' && body['chat'] !== undefined && (body['chat'] as Json)['id'] === 'chat-7',
    );
    await ask('POST', `/communications/v1/messages/p-${String(sent?.idempotency)}/status`, {
      token: client,
      body: { status: 'delivered' },
    });
  }
  return played(developer, id, isOver);
}

describe('a sandbox', () => {
  it('lets a provider talk to an inbox of its own, and shows what went over the wire', async () => {
    const developer = await Developer.start();
    expect(await developer.get('')).toMatchObject({ status: 409, json: { code: 'sandbox_closed' } });
    const client = await developer.open();
    expect(developer.tenantId).toMatch(/^sandbox-/);
    expect(await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE })).toMatchObject({
      status: 201,
    });
    expect(
      await ask('POST', '/communications/v1/messages', { token: client, body: { ...MESSAGE, text: 7 } }),
    ).toMatchObject({ status: 400 });
    const { json } = await developer.get('/chats');
    const [chat] = json['items'] as Json[];
    expect(chat).toMatchObject({ externalId: 'chat-7', unread: 1, last: { text: 'Hello!' } });
    const sent = await developer.post(`/chats/${String(chat?.['id'])}/messages`, { text: 'Good morning!' });
    expect(sent).toMatchObject({ status: 201, json: { status: 'queued' } });
    await developer.wake();
    const thread = await developer.get(`/chats/${String(chat?.['id'])}/messages`);
    expect(thread.json['items']).toMatchObject([
      { text: 'Hello!', direction: 'incoming' },
      { text: 'Good morning!', status: 'sent', externalId: `p-${String(sent.json['id'])}` },
    ]);
    const edited = await ask('PATCH', `${developer.path}/messages/${String(sent.json['id'])}`, {
      token: developer.token,
      body: { text: 'Good evening!' },
    });
    expect(edited).toMatchObject({ status: 200, json: { text: 'Good evening!' } });
    expect(await developer.post(`/chats/${String(chat?.['id'])}/seen`)).toMatchObject({ json: { seen: 1 } });
    await developer.wake();
    const events = await developer.get('/events?limit=50');
    const items = events.json['items'] as Json[];
    expect(items.toReversed().map(({ kind }) => kind)).toEqual([
      'get_channels',
      'POST /messages',
      'POST /messages',
      'send_message',
      'update_message',
      'mark_read',
    ]);
    expect(items.find(({ kind }) => kind === 'send_message')).toMatchObject({
      direction: 'out',
      attempt: 1,
      deliveries: [sent.json['id']],
      answer: { status: 200 },
    });
    expect(items.map(({ answer }) => (answer as Json)['status'])).toContain(400);
    expect(JSON.stringify(events.json)).not.toContain(KEY);
    expect(JSON.stringify(events.json)).not.toContain(client);
    const [newest] = items;
    const newer = await developer.get(`/events?after=${Number(newest?.['seq']) - 1}`);
    expect(newer.json['items']).toMatchObject([{ seq: newest?.['seq'] }]);
  });

  it('keeps another developer, another app version and the marketplace’s service out', async () => {
    const developer = await Developer.start();
    await developer.open();
    const other = await addCredential('other-company');
    expect(await ask('GET', developer.path, { token: other })).toMatchObject({ status: 403 });
    expect(await ask('POST', developer.path, { token: other, body: {} })).toMatchObject({ status: 403 });
    expect(await ask('POST', developer.path, { token: developer.service, body: {} })).toMatchObject({
      status: 403,
    });
    expect(await ask('GET', developer.path, { token: developer.service })).toMatchObject({ status: 200 });
    const none = developer.path.replace('1.0.0', '9.9.9');
    expect(await ask('GET', none, { token: developer.token })).toMatchObject({ status: 404 });
  });

  it('moves to a configuration that was uploaded since, and to one that is named', async () => {
    const developer = await Developer.start();
    await developer.open();
    await developer.upload('1.1.0', { providerLabel: 'Sand Post 2' });
    expect((await developer.get('')).json).toMatchObject({
      configurationVersion: '1.0.0',
      activeConfigurationVersion: '1.1.0',
    });
    expect(await developer.post('', {})).toMatchObject({
      status: 200,
      json: { configurationVersion: '1.1.0', providerLabel: 'Sand Post 2', tenantId: developer.tenantId },
    });
    expect(await developer.post('', { configurationVersion: '1.0.0' })).toMatchObject({
      json: { configurationVersion: '1.0.0' },
    });
    expect(await developer.post('', { configurationVersion: '7.0.0' })).toMatchObject({ status: 404 });
  });

  it('is removed with everything in it, once the provider has heard of it', async () => {
    const developer = await Developer.start();
    const client = await developer.open();
    await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE });
    const { tenantId, link } = developer;
    expect(await ask('DELETE', developer.path, { token: developer.token })).toMatchObject({ status: 202 });
    expect(await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE })).toMatchObject({
      status: 401,
    });
    await developer.wake();
    await developer.wake();
    expect(developer.asked.at(-1)).toMatchObject({ path: '/disconnect', body: { tenant: tenantId } });
    expect(await developer.get('')).toMatchObject({ status: 409, json: { code: 'sandbox_closed' } });
    for (const [stub, table] of [
      [link, 'deliveries'],
      [env.INBOX.getByName(tenantId), 'chats'],
      [developer.sandbox, 'events'],
    ] as const)
      await runInDurableObject(stub as DurableObjectStub, (_, { storage }) => {
        expect(storage.sql.exec(`SELECT 1 FROM ${table}`).toArray()).toEqual([]);
      });
    await developer.open();
    expect(
      await runInDurableObject(developer.sandbox, (_, { storage }) => storage.getAlarm()),
    ).not.toBeNull();
    expect(developer.tenantId).not.toBe(tenantId);
    expect(await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE })).toMatchObject({
      status: 401,
    });
  });

  it('takes so many tokens, and refuses one that was revoked', async () => {
    const developer = await Developer.start();
    const client = await developer.open();
    for (let more = 0; more < 4; more += 1) expect((await developer.post('/tokens')).status).toBe(201);
    expect(await developer.post('/tokens')).toMatchObject({ status: 409, json: { code: 'too_many' } });
    const { tokens } = (await developer.get('')).json as { tokens: { id: string }[] };
    for (const { id } of tokens)
      expect((await ask('DELETE', `${developer.path}/tokens/${id}`, { token: developer.token })).status).toBe(
        204,
      );
    expect((await ask('DELETE', `${developer.path}/tokens/none`, { token: developer.token })).status).toBe(
      404,
    );
    expect(await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE })).toMatchObject({
      status: 401,
    });
    expect(await developer.post('/runs')).toMatchObject({ status: 409, json: { code: 'no_token' } });
  });

  it('takes no more by hand than a person tries', async () => {
    const developer = await Developer.start();
    await developer.open();
    const answers = await Promise.all(Array.from({ length: 40 }, () => developer.post('/retry')));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(5);
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

describe('the test stand', () => {
  it('passes a provider that does what is documented, and publication asks for that', async () => {
    const developer = await Developer.start();
    const run = await wholeRun(developer, await developer.open());
    const checks = (run['checks'] as Json[]).map(({ code, state, problem }) => [code, state, problem]);
    expect(checks.filter(([, state]) => state !== 'passed')).toEqual([]);
    expect(run['state']).toBe('passed');
    const sent = developer.asked.filter(
      ({ path, key, body }) => path === '/send' && key === KEY && (body['chat'] as Json)['id'] === 'chat-7',
    );
    expect(sent).toHaveLength(2);
    expect(sent[0]).toEqual(sent[1]);
    const where = `${ROOT}/apps/${developer.app}/publication`;
    const stand = { by: 'run', state: 'passed', configurationVersion: '1.0.0', runId: run['id'] };
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: true },
      testStand: stand,
    });
    await developer.upload('1.1.0');
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: false },
      testStand: stand,
    });
    await ask('PATCH', `/internal/v1/app-versions/${developer.app}/1.0.0`, {
      token: developer.service,
      body: { testStand: 'passed' },
    });
    expect((await ask('GET', where, { token: developer.token })).json).toMatchObject({
      conditions: { testStand: true },
      testStand: { by: 'marketplace', state: 'passed', runId: null },
    });
    expect((await developer.get('/runs')).json).toMatchObject({
      items: [{ id: run['id'] }],
      nextCursor: null,
    });
  });

  it('says what is wrong with one that does not', async () => {
    const developer = await Developer.start({
      endpoints: {
        ...CONTENT.endpoints,
        getMessageHistory: CONTENT.endpoints.getChannels.replace('channels', 'history'),
      },
    });
    developer.keyCounts = false;
    developer.replies.set('/history', () => Response.json({ items: [{ id: 'x' }] }));
    const taken = new Set<string | null>();
    developer.replies.set('/send', ({ idempotency }) => {
      const again = taken.has(idempotency);
      taken.add(idempotency);
      return Response.json({ id: `${again ? 'other' : 'p'}-${String(idempotency)}` });
    });
    developer.replies.set('/content', () => new Response('no', { status: 501 }));
    developer.replies.set('/status', () => Response.redirect('https://elsewhere.example.com/', 302));
    const run = await wholeRun(developer, await developer.open());
    expect(run['state']).toBe('failed');
    expect(
      Object.fromEntries((run['checks'] as Json[]).map(({ code, problem }) => [code, problem])),
    ).toMatchObject({
      wrong_key: 'key_accepted',
      get_channels: null,
      history: 'unreadable',
      incoming_message: null,
      wrong_key_send: 'key_accepted',
      unknown_chat: 'chat_accepted',
      send_message: null,
      repeat_send: 'other_id',
      update_content: 'status',
      mark_read: null,
      update_status: 'status',
      disconnect: null,
    });
    const [version] = await db.select().from(appVersions).where(eq(appVersions.appCode, developer.app));
    expect(version).toMatchObject({ testStand: 'failed', testStandRun: { id: run['id'] } });
  });

  it('is cancelled by hand, which says nothing of the configuration', async () => {
    const developer = await Developer.start();
    await developer.open();
    const { json } = await developer.post('/runs');
    const id = String(json['id']);
    await played(developer, id, (run) => stateOf(run, 'incoming_message') === 'running');
    expect(await developer.post(`/runs/${id}/cancel`)).toMatchObject({ json: { state: 'cancelled' } });
    expect(await developer.post('/runs/none/cancel')).toMatchObject({ status: 404 });
    expect(await developer.get('/runs/none')).toMatchObject({ status: 404 });
    await developer.wake();
    const [version] = await db.select().from(appVersions).where(eq(appVersions.appCode, developer.app));
    expect(version).toMatchObject({ testStand: 'pending', testStandRun: null });
  });
});
