import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, TestProvider } from '../../test/worker/support/communications';
import { Tenant } from '../../test/worker/sweeps/support/tenant';
import type { Capabilities } from '../../objects/provider-link/contract';

const V1 = '/communications/v1';
const provider = new TestProvider();
let tenant: Tenant;
let token = '';
let count = 0;

beforeAll(async () => {
  token = await provider.activate();
  tenant = await Tenant.make(provider.tenantId, ['admin', 'operator', 'seller']);
  // As it is outside of tests: news go to the tenant's inbox.
  await runInDurableObject(provider.stub, (instance) => {
    const { news } = instance as unknown as { news: { parts: { listener: () => unknown } } };
    news.parts.listener = () => ({
      inbox: env.INBOX.getByName(provider.tenantId),
      provider: provider.provider,
    });
  });
  expect((await post('/channels', { id: 'main', code: 'telegram', name: 'Shop' })).status).toBe(201);
});

const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  ask('POST', V1 + path, { token, headers, ...(body !== undefined && { body }) });

const message = (over: Record<string, unknown> = {}) => {
  count += 1;
  return {
    id: `m-${count}`,
    chat: {
      id: 'ann',
      channelId: 'main',
      participants: [{ id: 'u-1', name: 'Ann Example', phone: '+375290000001' }],
    },
    senderId: 'u-1',
    text: `text ${count}`,
    ...over,
  };
};

const problem = (status: number, code: string, field?: string) => ({
  status,
  json: { status, code, ...(field !== undefined && { errors: [{ field }] }) },
});

/** The chat as people see it. */
async function chat(
  externalName = 'Ann Example',
): Promise<{ id: string; unread: number; last: { status: string } }> {
  const { json } = await tenant.send('GET', '/api/inbox/chats');
  const found = (json['chats'] as { id: string; participants: { name: string }[] }[]).find(
    ({ participants }) => participants.some(({ name }) => name === externalName),
  );
  if (found === undefined) throw new Error('no such chat');
  return found as unknown as Awaited<ReturnType<typeof chat>>;
}

describe('the public API', () => {
  it('takes a message with its chat, once, and says what is wrong with one it does not take', async () => {
    const body = message();
    expect(await post('/messages', body)).toMatchObject({
      status: 201,
      json: { duplicate: false, message: { id: body.id, chatId: 'ann', text: body.text, seen_flag: false } },
    });
    expect(await post('/messages', body)).toMatchObject({ status: 200, json: { duplicate: true } });
    expect(await post('/messages', message({ senderId: undefined }))).toMatchObject(
      problem(400, 'invalid_request', 'senderId'),
    );
    expect(await post('/messages', message({ text: '\ud800' }))).toMatchObject(
      problem(400, 'invalid_request', 'text'),
    );
    expect(await post('/messages', message({ chat: { id: 'new' } }))).toMatchObject(
      problem(400, 'invalid_request', 'chat.channelId'),
    );
    expect(await post('/messages', message({ senderId: 'ghost' }))).toMatchObject(
      problem(400, 'invalid_request', 'senderId'),
    );
    expect(await post('/messages', message({ nonsense: 1 }))).toMatchObject(
      problem(400, 'invalid_request', 'nonsense'),
    );
    expect(await ask('POST', `${V1}/messages`, { body })).toMatchObject(problem(401, 'unauthorized'));
    expect(await post('/messages', message({ text: 'x'.repeat(200_000) }))).toMatchObject(
      problem(413, 'body_too_large'),
    );
  });

  it('answers a repeat under one Idempotency-Key as the first time', async () => {
    const key = { 'Idempotency-Key': 'the-same' };
    const body = message();
    const first = await post('/messages', body, key);
    const again = await post('/messages', body, key);
    expect([again.status, again.json, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.json,
      'true',
    ]);
    expect(await post('/messages', message(), key)).toMatchObject(problem(422, 'key_reused'));
  });

  it('takes up to a hundred at once, each by itself', async () => {
    const [good, bad, twin] = [message(), message({ text: '' }), message({ senderId: 'ghost' })];
    const { status, json } = await post('/bulk/messages', { messages: [good, bad, good, twin, 'nonsense'] });
    expect(status).toBe(200);
    expect(json.results).toMatchObject([
      { id: good.id, result: 'accepted', message: { text: good.text }, problem: null },
      {
        id: bad.id,
        result: 'error',
        message: null,
        problem: { code: 'invalid_request', errors: [{ field: 'text' }] },
      },
      { id: good.id, result: 'duplicate' },
      { id: twin.id, result: 'error', problem: { code: 'invalid_request', errors: [{ field: 'senderId' }] } },
      { id: null, result: 'error', problem: { code: 'invalid_request' } },
    ]);
    const many = Array.from({ length: 101 }, () => message());
    expect(await post('/bulk/messages', { messages: many })).toMatchObject(
      problem(400, 'invalid_request', 'messages'),
    );
    const all = await post('/bulk/messages', { messages: many.slice(1) });
    expect((all.json.results as { result: string }[]).every(({ result }) => result === 'accepted')).toBe(
      true,
    );
  });

  it('creates and updates chats, and marks them as seen', async () => {
    const participants = [{ id: 'b-1', name: 'Bob Example' }];
    const body = { id: 'bob', channelId: 'main', participants };
    expect(await post('/chats', body)).toMatchObject({ status: 201, json: { id: 'bob', channelId: 'main' } });
    expect(await post('/chats', body)).toMatchObject({ status: 200 });
    expect(await post('/chats', { ...body, id: 'x', channelId: 'none' })).toMatchObject(
      problem(400, 'invalid_request', 'channelId'),
    );
    const patch = (id: string, change: object) => ask('PATCH', `${V1}/chats/${id}`, { token, body: change });
    expect(await patch('bob', { title: 'Bob' })).toMatchObject({ status: 200, json: { title: 'Bob' } });
    expect(await patch('bob', {})).toMatchObject(problem(400, 'invalid_request'));
    expect(await patch('none', { title: 'x' })).toMatchObject(problem(404, 'not_found'));
    await post('/messages', message({ chat: { id: 'bob' }, senderId: 'b-1' }));
    expect((await chat('Bob Example')).unread).toBe(1);
    expect(await post('/chats/bob/seen')).toMatchObject({ status: 200, json: { seen: 1 } });
    expect(await post('/chats/bob/seen')).toMatchObject({ json: { seen: 0 } });
    expect((await chat('Bob Example')).unread).toBe(0);
    expect(await post('/chats/none/seen')).toMatchObject(problem(404, 'not_found'));
  });

  it('changes texts and statuses of messages', async () => {
    const body = message();
    await post('/messages', body);
    const edit = (id: string) => ask('PATCH', `${V1}/messages/${id}`, { token, body: { text: 'other' } });
    expect(await edit(body.id)).toMatchObject({ status: 200, json: { text: 'other', seen_flag: false } });
    expect(await edit('none')).toMatchObject(problem(404, 'not_found'));
    const status = (id: string, to: string) => post(`/messages/${id}/status`, { status: to });
    expect(await status(body.id, 'read')).toMatchObject(problem(409, 'message_incoming'));
    expect(await status('none', 'read')).toMatchObject(problem(404, 'not_found'));
    expect(await status(body.id, 'lost')).toMatchObject(problem(400, 'invalid_request', 'status'));
  });

  it('takes nothing over a channel that is disconnected', async () => {
    await post('/channels', { id: 'side', code: 'carrier-pigeon', name: 'Pigeons' });
    const remove = (id: string) => ask('DELETE', `${V1}/channels/${id}`, { token });
    expect((await remove('side')).status).toBe(204);
    expect(await remove('none')).toMatchObject(problem(404, 'not_found'));
    const carried = { id: 'coo', channelId: 'side', participants: [{ id: 'c-1' }] };
    expect(await post('/messages', message({ chat: carried, senderId: 'c-1' }))).toMatchObject(
      problem(409, 'channel_inactive'),
    );
    expect(await post('/chats', carried)).toMatchObject(problem(409, 'channel_inactive'));
    expect((await post('/channels', { id: 'side', code: 'carrier-pigeon', name: 'Pigeons' })).status).toBe(
      201,
    );
    expect((await post('/channels', { id: 'side', code: 'carrier-pigeon', name: 'Pigeons' })).status).toBe(
      200,
    );
  });

  it('has a document of its own', async () => {
    const { json } = await ask('GET', `${V1}/openapi.json`);
    const paths = Object.keys(json.paths as object);
    for (const path of [
      '/channels',
      '/chats/{chatId}/seen',
      '/messages/{messageId}/status',
      '/bulk/messages',
    ])
      expect(paths).toContain(V1 + path);
  });
});

describe('the whole loop', () => {
  it('sends a reply to the provider, hears how far it came, and tells what was read', async () => {
    provider.replies.set('/send', () => Response.json({ id: 'theirs-1' }));
    await post('/messages', message());
    const { id } = await chat();
    const path = `/api/inbox/chats/${id}/messages`;
    const headers = { 'idempotency-key': 'reply-1' };
    const written = await tenant.send('POST', path, { body: { text: 'Hello, Ann!' }, headers });
    expect(written).toMatchObject({
      status: 201,
      json: { status: 'queued', author: { name: `admin-${tenant.id} of ${tenant.id}` } },
    });
    expect(await tenant.send('POST', path, { body: { text: 'Hello, Ann!' }, headers })).toMatchObject({
      status: 200,
      json: { id: written.json['id'] },
    });
    expect((await tenant.send('POST', path, { body: { text: 'Other' }, headers })).status).toBe(422);
    await expect.poll(() => provider.paths()).toContain('/send');
    const sent = provider.asked.find(({ path: asked }) => asked === '/send');
    expect(sent?.headers.get('idempotency-key')).toBe(written.json['id']);
    expect(sent?.body).toMatchObject({
      tenant: tenant.id,
      chat: { id: 'ann', channelId: 'main' },
      message: { id: written.json['id'], text: 'Hello, Ann!' },
    });
    await expect.poll(async () => (await chat()).last.status).toBe('sent');
    expect(await post('/messages/theirs-1/status', { status: 'read' })).toMatchObject({
      json: { id: 'theirs-1', status: 'read' },
    });
    expect((await chat()).last.status).toBe('read');

    const mine = `/api/inbox/messages/${String(written.json['id'])}`;
    expect(await tenant.send('PATCH', mine, { body: { text: 'Hello!' } })).toMatchObject({
      json: { text: 'Hello!' },
    });
    expect((await tenant.send('POST', `${mine}/resend`)).status).toBe(400);
    await tenant.send('POST', `/api/inbox/chats/${id}/seen`, { body: {} });
    await expect.poll(() => provider.paths()).toEqual(expect.arrayContaining(['/content', '/read']));
    expect(provider.asked.filter(({ path: asked }) => asked === '/send')).toHaveLength(1);
  });

  it('shows people a reply that the provider refused', async () => {
    provider.replies.set('/send', () => Response.json({ error: 'blocked by the customer' }, { status: 422 }));
    const { id } = await chat();
    await tenant.send('POST', `/api/inbox/chats/${id}/messages`, { body: { text: 'Are you there?' } });
    await expect.poll(async () => (await chat()).last.status).toBe('failed');
    provider.replies.set('/send', () => Response.json({ id: 'theirs-2' }));
    const { last } = (await chat()) as unknown as { last: { id: string } };
    expect(
      (await tenant.send('PATCH', `/api/inbox/messages/${last.id}`, { body: { text: 'x' } })).status,
    ).toBe(400);
    expect(await tenant.send('POST', `/api/inbox/messages/${last.id}/resend`)).toMatchObject({
      json: { status: 'queued' },
    });
    await expect.poll(async () => (await chat()).last.status).toBe('sent');
  });
});

describe('/api/inbox', () => {
  it('finds, lists and says what changed', async () => {
    await post('/messages', message({ text: 'Where is my parcel?' }));
    const search = await tenant.send('GET', '/api/inbox/search?q=parc');
    const [hit] = search.json['found'] as { message: { id: string; chat_id: string } }[];
    const { id } = await chat();
    expect(hit?.message.chat_id).toBe(id);
    const around = `/api/inbox/chats/${id}/messages?limit=3&around=${hit?.message.id}`;
    expect((await tenant.send('GET', around)).json['messages']).not.toHaveLength(0);
    const { rev } = (await tenant.send('GET', '/api/inbox/changes')).json as { rev: number };
    expect((await tenant.send('GET', `/api/inbox/changes?since=${rev}`)).json).toEqual({
      rev,
      chats: [],
      reset: false,
    });
    const by = async (query: string) => (await tenant.send('GET', `/api/inbox/chats?${query}`)).json['chats'];
    expect(await by('number=%2B375290000001')).toHaveLength(1);
    expect(await by('code=telegram&unread=1&q=ann')).toHaveLength(1);
    expect((await tenant.send('GET', '/api/inbox/channels')).json['items']).toEqual(
      expect.arrayContaining([expect.objectContaining({ code: 'telegram' })]),
    );
  });

  it.each([
    ['GET', '/api/inbox/chats?cursor=x', 400],
    ['GET', '/api/inbox/chats?number=nobody', 400],
    ['GET', '/api/inbox/chats?channel=chn_0', 404],
    ['GET', '/api/inbox/chats/chat_0', 404],
    ['GET', '/api/inbox/chats/chat_0/messages', 404],
    ['POST', '/api/inbox/chats/chat_0/seen', 404],
    ['POST', '/api/inbox/messages/msg_0/resend', 404],
    ['GET', '/api/inbox/search?q=x&chat=chat_0', 404],
  ])('refuses %s %s with %i', async (method, path, status) => {
    const body = method === 'POST' ? { body: {} } : {};
    expect((await tenant.send(method, path, body)).status).toBe(status);
  });

  it('lets only those reply who may, and edit only who wrote it', async () => {
    const { id } = await chat();
    const path = `/api/inbox/chats/${id}/messages`;
    const body = { text: 'Hi' };
    expect((await tenant.send('POST', path, { body }, 'seller')).status).toBe(403);
    const written = await tenant.send('POST', path, { body }, 'operator');
    expect(written.status).toBe(201);
    const edit = await tenant.send('PATCH', `/api/inbox/messages/${String(written.json['id'])}`, {
      body: { text: 'No' },
    });
    expect(edit.status).toBe(403);
    expect((await tenant.send('POST', path, { body: { text: '  ' } })).status).toBe(400);
  });

  it('says of each chat what its channel takes, and refuses with the same reason what it does not', async () => {
    const { id } = await chat();
    const { json: written } = await tenant.send('POST', `/api/inbox/chats/${id}/messages`, {
      body: { text: 'Hello' },
    });
    const own = `/api/inbox/messages/${String(written['id'])}`;
    const statusOf = async () => (await chat()).last.status;
    await expect.poll(statusOf).toBe('sent');
    const integrate = (active: boolean, telegram: Capabilities) =>
      env.INBOX.getByName(provider.tenantId).takeProviderNews(provider.provider, [
        { id: crypto.randomUUID(), at: 1, kind: 'integration', active, capabilities: { telegram } },
      ]);
    await integrate(true, { messages: { text: ['send'] }, maxTextLength: 10, replyWindowMinutes: 60 });
    const { json } = await tenant.send('GET', `/api/inbox/chats/${id}`);
    expect(json['allows']).toEqual({
      reply: true,
      why_not: null,
      reply_until: expect.stringMatching(/Z$/) as string,
      edit: false,
      read: false,
      max_text_length: 10,
    });
    const body = { text: 'Longer than ten' };
    const long = await tenant.send('POST', `/api/inbox/chats/${id}/messages`, { body });
    expect(long).toMatchObject({
      status: 409,
      json: {
        code: 'INVALID_PARAMS',
        details: { reason: 'text_too_long', allows: { max_text_length: 10 } },
      },
    });
    const edit = await tenant.send('PATCH', own, { body: { text: 'Hi' } });
    expect(edit).toMatchObject({ status: 409, json: { details: { reason: 'not_supported' } } });
    expect(await post(`/messages/${String(written['id'])}/status`, { status: 'failed' })).toMatchObject({
      status: 200,
    });
    await integrate(false, {});
    const again = await tenant.send('POST', `${own}/resend`);
    expect(again).toMatchObject({ status: 409, json: { details: { reason: 'not_connected' } } });
    await integrate(true, {});
  });

  it('slows a program down', async () => {
    const { id } = await chat();
    const path = `/api/inbox/chats/${id}/messages`;
    const answers = await Promise.all(
      Array.from({ length: 120 }, () => tenant.send('POST', path, { body: { text: 'spam' } })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    // It has nothing left for what changes a message either.
    const { json } = await tenant.send('GET', path);
    const [message] = json['messages'] as { id: string }[];
    const own = `/api/inbox/messages/${message?.id ?? ''}`;
    // What came back to it meanwhile is soon spent.
    const isRefused = async (request: () => Promise<{ status: number }>): Promise<boolean> => {
      for (let tries = 0; tries < 60; tries += 1) if ((await request()).status === 429) return true;
      return false;
    };
    expect(await isRefused(() => tenant.send('PATCH', own, { body: { text: 'more' } }))).toBe(true);
    expect(await isRefused(() => tenant.send('POST', `${own}/resend`))).toBe(true);
  });
});
