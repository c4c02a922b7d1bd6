import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiDocument } from './document.ts';
import { linesOf } from './day.ts';
import { readFault } from './faults.ts';
import { historyMessage } from './history.ts';
import { readOptions } from './options.ts';
import { ProviderSim, type SimOptions } from './sim.ts';
import { readEvent } from './webhook.ts';

const KEY = 'demo-provider-key';
const chat = { id: 'c-1', channelId: 'tg-main' };
const at = (second: number): string => new Date(1_700_000_000_000 + second * 1_000).toISOString();
const message = (id: string, second = 0) => ({
  tenant: '0101',
  chat,
  message: { id, text: `text of ${id}`, sentAt: at(second) },
});

class Provider {
  readonly sim: ProviderSim;
  constructor(options: SimOptions = {}) {
    this.sim = new ProviderSim({ now: () => 1_700_000_000_000, ...options });
    this.sim.ledger.chats.add(chat.id);
  }
  async ask(
    path: string,
    {
      body,
      key = 'k-1',
      method = 'POST',
      apiKey = KEY,
    }: Partial<Record<'key' | 'method' | 'apiKey', string>> & { body?: unknown },
  ): Promise<{ status: number | 'hang' | 'cut'; code?: unknown; json: Record<string, unknown> }> {
    const outcome = await this.sim.handle(
      new Request(`http://provider${path}`, {
        method,
        headers: {
          'x-api-key': apiKey,
          ...(key !== '' && { 'idempotency-key': key }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
    if (typeof outcome === 'string') return { status: outcome, json: {} };
    const text = await outcome.text();
    const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: outcome.status, code: json.code, json };
  }
  send = (id: string, second = 0, key = id) => this.ask('/send', { body: message(id, second), key });
  get taken(): string[] {
    return this.sim.ledger.taken.map(({ id }) => id);
  }
}

describe('what it refuses', () => {
  it.each([
    ['another key', '/send', { body: message('m'), apiKey: 'wrong' }, 401, 'wrong_key'],
    ['another method', '/send', { method: 'GET' }, 405, 'wrong_method'],
    ['another path', '/other', { body: {} }, 404, 'no_such_endpoint'],
    ['no Idempotency-Key', '/send', { body: message('m'), key: '' }, 400, 'no_idempotency_key'],
    ['a field nobody knows', '/send', { body: { ...message('m'), more: 1 } }, 400, 'invalid'],
    ['no body', '/send', {}, 400, 'invalid'],
    [
      'a chat of nobody',
      '/read',
      { body: { tenant: '0101', chat: { ...chat, id: 'c-2' } } },
      404,
      'no_such_chat',
    ],
    [
      'a change of what was never sent',
      '/content',
      { body: { tenant: '0101', chat, message: { id: 'm', externalId: null, text: 'x' } } },
      404,
      'no_such_message',
    ],
    ['a page of another history', '/history?tenant=0101&limit=100', { method: 'GET' }, 404, 'no_such_page'],
  ] as const)('%s', async (_, path, asked, status, code) => {
    const provider = new Provider();
    expect(await provider.ask(path, asked)).toMatchObject({ status, code });
    expect(provider.sim.problems).toHaveLength(1);
    expect(provider.taken).toEqual([]);
  });

  it('the same key with another request, and a message under two keys unless it failed', async () => {
    const provider = new Provider();
    expect((await provider.send('m-1', 0, 'k')).status).toBe(200);
    expect(await provider.send('m-2', 1, 'k')).toMatchObject({ status: 422, code: 'key_reused' });
    expect(await provider.send('m-1', 0, 'k.2')).toMatchObject({ status: 409, code: 'sent_twice' });
    provider.sim.ledger.saidFailed('m-1');
    expect((await provider.send('m-1', 0, 'k.2')).status).toBe(200);
    expect(provider.taken).toEqual(['m-1', 'm-1']);
  });

  it('a message before an older one of its chat, but for one that it refused or that waited past a good-bye', async () => {
    const provider = new Provider();
    await provider.send('m-2', 2);
    expect(await provider.send('m-1', 1)).toMatchObject({ status: 409, code: 'wrong_order' });
    expect(provider.sim.problems).toHaveLength(1);
    expect((await provider.send('m-1', 1)).status).toBe(200);
    await provider.ask('/disconnect', { body: { tenant: '0101', reason: 'deactivated' }, key: 'bye' });
    expect((await provider.send('m-0', 0)).status).toBe(200);
  });

  it('a second message of a chat while the first is under way', async () => {
    const provider = new Provider();
    provider.sim.faults.add({ kind: 'slow', ms: 20 });
    const [first, second] = await Promise.all([provider.send('m-1', 1), provider.send('m-2', 2)]);
    expect(first.status).toBe(200);
    expect(second).toMatchObject({ status: 409, code: 'wrong_order' });
  });
});

describe('what it takes', () => {
  it('once per key, also when repeats come together, and answers as the first time or 409', async () => {
    const provider = new Provider();
    provider.sim.faults.add({ kind: 'slow', ms: 20 });
    const both = await Promise.all([provider.send('m-1'), provider.send('m-1')]);
    expect(both.map(({ json }) => json)).toEqual([{ id: 'sim-1' }, { id: 'sim-1' }]);
    provider.sim.repeats = 'conflict';
    expect(await provider.send('m-1')).toMatchObject({ status: 409, code: 'repeat' });
    expect(provider.taken).toEqual(['m-1']);
    expect(provider.sim.problems).toEqual([]);
  });

  it('before, after or instead of what goes wrong', async () => {
    const provider = new Provider();
    for (const kind of ['hang', 'reset_before', 'status', 'redirect', 'hang_after'] as const)
      provider.sim.faults.add({ kind, chat: 'c-1' });
    const statuses: unknown[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await provider.send('m-1')).status);
    expect(statuses).toEqual(['hang', 'cut', 503, 302, 'hang', 200]);
    expect(provider.taken).toEqual(['m-1']);
    expect(provider.sim.problems).toEqual([]);
  });

  it('several chats in one request, each message under its own key', async () => {
    const provider = new Provider({ bulk: true });
    for (const id of ['c-2', 'c-3']) provider.sim.ledger.chats.add(id);
    const one = (id: string, of: string) => ({
      idempotencyKey: id,
      chat: { ...chat, id: of },
      message: { id, text: 'x', sentAt: at(0) },
    });
    const bulk = (key: string, messages: unknown[]) =>
      provider.ask('/bulk', { body: { tenant: '0101', messages }, key });
    provider.sim.faults.add({ kind: 'status', chat: 'c-2' });
    const { json } = await bulk('b-1', [one('m-1', 'c-1'), one('m-2', 'c-2')]);
    expect(json.results).toMatchObject([
      { idempotencyKey: 'm-1', result: 'accepted', id: 'sim-1' },
      { idempotencyKey: 'm-2', result: 'error', retry: true },
    ]);
    const again = await bulk('b-2', [one('m-1', 'c-1'), one('m-2', 'c-2'), one('m-3', 'c-3')]);
    const results = again.json.results as { result: string }[];
    expect(results.map(({ result }) => result)).toEqual(['duplicate', 'accepted', 'accepted']);
    expect(provider.taken).toEqual(['m-1', 'm-2', 'm-3']);
    expect(provider.sim.problems).toEqual([]);
    expect(await bulk('b-3', [one('m-4', 'c-1'), one('m-5', 'c-1')])).toMatchObject({ status: 400 });
  });

  it('a key in the query as well', async () => {
    const provider = new Provider({ authentication: { in: 'query', name: 'key' } });
    const path = `/channels?tenant=0101&key=${KEY}`;
    expect(await provider.ask(path, { method: 'GET', apiKey: 'other' })).toMatchObject({ status: 200 });
  });
});

describe('history', () => {
  it('comes in pages, each message once, but for pages that are asked to come again', async () => {
    const plan = { total: 250, chats: 7, channel: 'tg-main' };
    const provider = new Provider({ history: plan });
    provider.sim.faults.add({ kind: 'repeat_page' });
    const ids: unknown[] = [];
    const cursors: string[] = [];
    for (let cursor = 'from-0'; cursor !== '' && cursors.length < 9;) {
      const { json } = await provider.ask(`/history?tenant=0101&limit=100&cursor=${cursor}`, {
        method: 'GET',
      });
      ids.push(...(json.items as { id: string }[]).map(({ id }) => id));
      cursor = typeof json.nextCursor === 'string' ? json.nextCursor : '';
      cursors.push(cursor);
    }
    expect(cursors).toEqual(['from-0', 'from-100', 'from-200', '']);
    expect(ids).toHaveLength(350);
    expect(new Set(ids)).toEqual(
      new Set(Array.from({ length: 250 }, (_, n) => historyMessage(plan, n, 0).id)),
    );
  });
});

describe('the webhook', () => {
  const secret = `whsec_${Buffer.from('0123456789abcdef').toString('base64')}`;
  const body = '{"type":"message.sent","data":{}}';
  const signed = (by: string) =>
    `v1,${createHmac('sha256', Buffer.from(by.slice(6), 'base64'))
      .update(`e-1.1700000000.${body}`)
      .digest('base64')}`;
  const headers = (signature: string, timestamp = '1700000000') =>
    new Headers({ 'webhook-id': 'e-1', 'webhook-timestamp': timestamp, 'webhook-signature': signature });
  const now = 1_700_000_000_000;

  it('is believed by its signature and its time', () => {
    const other = `whsec_${Buffer.from('fedcba9876543210').toString('base64')}`;
    const good = { event: { id: 'e-1', type: 'message.sent', data: {} } };
    expect(readEvent(headers(signed(secret)), body, [secret], now)).toEqual(good);
    expect(readEvent(headers(`${signed(other)} ${signed(secret)}`), body, [secret], now)).toEqual(good);
    expect(readEvent(headers(signed(other)), body, [secret], now)).toHaveProperty('problem');
    expect(readEvent(headers(signed(secret)), `${body} `, [secret], now)).toHaveProperty('problem');
    expect(readEvent(headers(signed(secret), '1600000000'), body, [secret], now)).toHaveProperty('problem');
    expect(readEvent(new Headers(), body, [secret], now)).toHaveProperty('problem');
  });
});

describe('the published document', () => {
  const schemas = {
    Thing: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    Made: {
      allOf: [
        { $ref: '#/components/schemas/Thing' },
        { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      ],
    },
  };
  const json = (name: string) => ({
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  });
  const document = new ApiDocument({
    paths: {
      '/things/{id}': {
        get: { responses: { 200: json('Thing'), 204: {} } },
        post: { responses: { 201: json('Made') } },
      },
    },
    components: { schemas },
  });
  const problem = (
    method: string,
    path: string,
    status: number,
    body: string,
    type = 'application/json; charset=utf-8',
  ) => document.problem(method, path, status, type, body);

  it('is kept to the letter', () => {
    expect(problem('GET', '/things/1', 200, '{"id":"a"}')).toBeNull();
    expect(problem('POST', '/things/1', 201, '{"id":"a","n":1}')).toBeNull();
    expect(problem('GET', '/things/1', 204, '')).toBeNull();
    expect(problem('GET', '/things/1', 200, '{"id":"a","more":1}')).toContain('more');
    expect(problem('POST', '/things/1', 201, '{"id":"a","n":1,"more":1}')).toContain('more');
    expect(problem('GET', '/things/1', 200, '{}')).toContain('id');
    expect(problem('GET', '/things/1', 200, 'no')).toContain('no JSON');
    expect(problem('GET', '/things/1', 204, '{}')).toContain('a body');
    expect(problem('GET', '/things/1', 404, '{}')).toContain('no such answer');
    expect(problem('GET', '/others', 200, '{}')).toContain('not published');
    expect(problem('GET', '/things/1', 200, '{"id":"a"}', 'text/html')).toContain('text/html');
  });
});

describe('what a person writes', () => {
  it('is a fault or a word of what is wrong with it', () => {
    expect(readFault('status,status=429,retryAfter=2,endpoint=sendMessage,times=3')).toEqual({
      kind: 'status',
      status: 429,
      retryAfter: 2,
      endpoint: 'sendMessage',
      times: 3,
    });
    for (const wrong of ['', 'odd', 'slow,ms=x', 'slow,endpoint=odd', 'slow,more=1'])
      expect(() => readFault(wrong)).toThrow();
  });

  it('is options of a run', () => {
    expect(readOptions([])).toMatchObject({ port: 8_791, tenant: '0101', story: 'honest', faults: [] });
    expect(readOptions(['--fault', 'slow', '--fault', 'hang', '--history', '500'])).toMatchObject({
      faults: [{ kind: 'slow' }, { kind: 'hang' }],
      history: 500,
    });
    for (const wrong of [
      ['--port', 'x'],
      ['--story', 'odd'],
      ['--owner', 'root'],
      ['--odd'],
      ['--server', 'x'],
      ['--fault', 'x'],
    ])
      expect(() => readOptions(wrong)).toThrow();
  });

  it('is the same day for the same seed', () => {
    const plan = { chats: 3, messages: 20 };
    expect(linesOf(plan, 0)).toEqual(linesOf(plan, 0));
    expect(linesOf({ ...plan, seed: 2 }, 0)).not.toEqual(linesOf(plan, 0));
  });
});
