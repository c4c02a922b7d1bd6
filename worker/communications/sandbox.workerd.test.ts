import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { addCredential, ask, KEY } from '../../test/worker/support/communications';
import { Developer, MESSAGE, ROOT, type Json } from '../../test/worker/support/sandbox';

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

  it('refuses what is none of its own, each with its code', async () => {
    const developer = await Developer.start();
    const bare = developer.path.replace('1.0.0', '2.0.0');
    await ask('POST', '/internal/v1/app-versions', {
      token: developer.service,
      body: { appCode: developer.app, appVersion: '2.0.0' },
    });
    await ask(
      'DELETE',
      `${ROOT}/provider-configurations?appCode=${developer.app}&appVersion=2.0.0&configurationVersion=1.0.0`,
      { token: developer.token },
    );
    expect(await ask('POST', bare, { token: developer.token, body: {} })).toMatchObject({
      status: 409,
      json: { code: 'no_configuration' },
    });
    const closed = { status: 409, json: { code: 'sandbox_closed' } };
    for (const path of ['/chats', '/chats/chat_1/messages', '/events'])
      expect(await developer.get(path)).toMatchObject(closed);
    for (const path of ['/tokens', '/retry', '/runs', '/chats/chat_1/seen'])
      expect(await developer.post(path)).toMatchObject(closed);
    expect(await developer.post('/chats/chat_1/messages', { text: 'x' })).toMatchObject(closed);
    expect(await ask('DELETE', developer.path, { token: developer.token })).toMatchObject(closed);
    const client = await developer.open();
    const none = { status: 404, json: { code: 'not_found' } };
    expect(await developer.get('/chats/chat_1/messages')).toMatchObject(none);
    expect(await developer.post('/chats/chat_1/messages', { text: 'x' })).toMatchObject(none);
    expect(await developer.post('/chats/chat_1/seen')).toMatchObject(none);
    const edit = (id: string) =>
      ask('PATCH', `${developer.path}/messages/${id}`, { token: developer.token, body: { text: 'x' } });
    expect(await edit('msg_1')).toMatchObject(none);
    expect(await developer.get('/chats?cursor=nonsense')).toMatchObject({ status: 400 });
    expect(await developer.get('/runs?cursor=nonsense')).toMatchObject({ status: 400 });
    await ask('POST', '/communications/v1/messages', { token: client, body: MESSAGE });
    const { json } = await developer.get('/chats');
    const [chat] = json['items'] as { id: string; last: { id: string } }[];
    expect(await edit(chat?.last.id ?? '')).toMatchObject({ status: 409, json: { code: 'inbox_refused' } });
    await ask('DELETE', '/communications/v1/channels/c1', { token: client });
    expect(await developer.post(`/chats/${chat?.id}/messages`, { text: 'x' })).toMatchObject({
      status: 409,
      json: { code: 'inbox_refused', detail: 'The channel is not connected.' },
    });
  });

  it('takes no more by hand than a person tries', async () => {
    const developer = await Developer.start();
    await developer.open();
    const answers = await Promise.all(Array.from({ length: 40 }, () => developer.post('/retry')));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(5);
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});
