import { createHash } from 'node:crypto';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { hubOf, phoneEvent } from '../../test/worker/support/call-hub';
import {
  ONE,
  seedPeople,
  send,
  signInApi,
  signInPhone,
  text,
  TWO,
  USERS,
} from '../../test/worker/support/dialer';
import { issueToken, startSession } from '../auth/sessions';

beforeAll(seedPeople);

/** A call of op12's, as if a phone of his had been asked for it. */
const addCall = (callId: string, userId: string = USERS.op12, tenant = ONE) =>
  hubOf(tenant).ingestPhone([phoneEvent({ callId, userId, creatorId: userId, type: 'queued', at: 1_000 })]);

describe('POST /api/call/start', () => {
  const startCall = async (body: unknown, user: 'op12' | 'op13' | 'view1' = 'op12') =>
    send('POST', '/api/call/start', { token: await signInApi(user), body });

  it('queues a command for the user’s phone and shows it as a call', async () => {
    await signInPhone('op12');
    const started = await startCall({ number: '8 029 000-00-00', via: 'phone', contact_id: '7' });
    expect(started).toMatchObject({
      status: 200,
      json: { slot: null, state: 'QUEUED', number: '+375290000000' },
    });
    const again = await startCall({ number: '+375290000000', via: 'phone', contact_id: '7' });
    expect(again.json).toEqual({ ...started.json, dedup: true });
    const path = `/api/call/${text(started.json.call_id)}`;
    const token = await signInApi('op12');
    await expect.poll(async () => (await send('GET', path, { token })).status).toBe(200);
    expect((await send('GET', path, { token })).json).toMatchObject({
      source: 'phone',
      direction: 'out',
      number: '+375290000000',
      user: { username: 'op12' },
      contact_id: '7',
    });
  });

  it.each([
    [{ number: 'abc', via: 'phone' }, 400, 'INVALID_PARAMS'],
    [{ number: '', via: 'phone' }, 400, 'INVALID_PARAMS'],
    [{ via: 'phone' }, 400, 'INVALID_PARAMS'],
    [{ number: '+375290000000', via: 'pigeon' }, 400, 'INVALID_PARAMS'],
    [{ number: '+375290000000', via: 'phone', slot: 3 }, 400, 'INVALID_PARAMS'],
    [{ number: '+375290000000', via: 'phone', device_id: 'not-mine' }, 404, 'NOT_FOUND'],
    [{ number: '+375290000000', slot: 'AUTO' }, 409, 'SLOT_OFFLINE'],
    [{ number: '+375290000000', slot: 44 }, 409, 'SLOT_OFFLINE'],
    [{ number: '+375290000000' }, 409, 'SLOT_OFFLINE'],
    [{ number: '+375290000000', via: 'pbx' }, 409, 'SLOT_OFFLINE'],
  ])('refuses %j with %i %s', async (body, status, code) => {
    await signInPhone('op12');
    expect(await startCall(body)).toMatchObject({ status, json: { error: true, code } });
  });

  it('answers a repeat with the first answer, 409 while that goes on, 422 for another request', async () => {
    await signInPhone('op12');
    const token = await signInApi('op12');
    const start = (key: string, number: string) =>
      send('POST', '/api/call/start', {
        token,
        body: { number, via: 'phone' },
        headers: { 'idempotency-key': key },
      });
    const first = await start('once-1', '+375290000031');
    expect(first.status).toBe(200);
    expect(await start('once-1', '+375290000031')).toMatchObject({ status: 200, text: first.text });
    expect(await start('once-1', '+375290000032')).toMatchObject({
      status: 422,
      json: { code: 'INVALID_PARAMS', details: { 'Idempotency-Key': [expect.any(String)] } },
    });
    expect(await start('not a key', '+375290000031')).toMatchObject({ status: 400 });
    // As if the first request were still going on.
    const body = { number: '+375290000033', via: 'phone' };
    const hash = createHash('sha256')
      .update(JSON.stringify({ path: '/api/call/start', body }))
      .digest('base64');
    await hubOf(ONE).claimStart({ userId: USERS.op12, key: 'once-2', hash, now: Date.now() });
    const early = await start('once-2', body.number);
    expect(early).toMatchObject({ status: 409, json: { code: 'INVALID_PARAMS' } });
    expect(early.headers.get('retry-after')).toBe('1');
    await hubOf(ONE).settleStart({ userId: USERS.op12, key: 'once-2', answer: null });
    expect((await start('once-2', body.number)).status).toBe(200);
  });

  it('says when none of the phones is signed in, and to whom it is not allowed', async () => {
    const body = { number: '+375290000000', via: 'phone' };
    expect(await startCall(body, 'op13')).toMatchObject({ status: 409, json: { code: 'SLOT_OFFLINE' } });
    expect(await startCall(body, 'view1')).toMatchObject({
      status: 403,
      json: { code: 'PERMISSION_DENIED' },
    });
  });
});

describe('GET /api/calls/feed', () => {
  it('lists live calls, then what changed since', async () => {
    await addCall('c_feed1');
    const token = await signInApi('boss');
    const first = await send('GET', '/api/calls/feed', { token });
    expect(first.json).toContainEqual(expect.objectContaining({ call_id: 'c_feed1', status: 'queued' }));
    const since = encodeURIComponent(text(first.headers.get('x-feed-cursor')));
    expect((await send('GET', `/api/calls/feed?since=${since}`, { token })).json).toEqual([]);
    await hubOf(ONE).ingestPhone([
      phoneEvent({ callId: 'c_feed1', userId: USERS.op12, type: 'cancelled', at: 2_000 }),
    ]);
    const changed = await send('GET', `/api/calls/feed?since=${since}&as=page`, { token });
    expect(changed.json).toMatchObject({ reset: false, calls: [{ call_id: 'c_feed1', status: 'ended' }] });
    const lost = await send('GET', '/api/calls/feed?since=nonsense&recent=200', { token });
    expect(lost.headers.get('x-feed-reset')).toBe('1');
    expect(lost.json).toContainEqual(expect.objectContaining({ call_id: 'c_feed1', status: 'ended' }));
  });

  it('shows an operator only his own, and nobody another tenant’s', async () => {
    await addCall('c_own1');
    await addCall('c_foreign', USERS.op21, TWO);
    for (const [user, sees] of [
      ['op12', true],
      ['op13', false],
      ['boss', true],
      ['view1', true],
      ['op21', false],
    ] as const) {
      const token = await signInApi(user);
      const feed = await send('GET', '/api/calls/feed?as=page', { token });
      const ids = (feed.json.calls as { call_id: string }[]).map((call) => call.call_id);
      expect(ids.includes('c_own1'), user).toBe(sees);
      expect(ids.includes('c_foreign'), user).toBe(user === 'op21');
      const one = await send('GET', '/api/call/c_own1', { token });
      expect(one.status, user).toBe(sees ? 200 : 404);
      if (!sees) expect(one.json).toEqual((await send('GET', '/api/call/c_madeup', { token })).json);
    }
  });
});

describe('/api/crm/note', () => {
  it('adds, lists, changes and deletes, each to whom it is allowed', async () => {
    await addCall('c_noted');
    const token = await signInApi('op12');
    const added = await send('POST', '/api/crm/note', {
      token,
      body: { call_id: 'c_noted', text: ' Hello ' },
    });
    expect(added).toMatchObject({
      status: 201,
      json: { text: 'Hello', user: { username: 'op12' }, edited: null },
    });
    const path = `/api/crm/note/${text(added.json.id)}`;
    const boss = await signInApi('boss');
    expect((await send('PATCH', path, { token: boss, body: { text: 'Mine' } })).status).toBe(403);
    expect((await send('DELETE', path, { token: boss })).status).toBe(403);
    expect(
      (await send('PATCH', path, { token: await signInApi('admin2'), body: { text: 'x' } })).status,
    ).toBe(404);
    expect((await send('PATCH', path, { token, body: { text: 'Bye' } })).json).toMatchObject({ text: 'Bye' });
    const list = await send('GET', '/api/crm/notes/c_noted', { token: await signInApi('view1') });
    expect(list.json).toMatchObject({ notes: [{ text: 'Bye', user: { username: 'op12' } }] });
    expect((await send('DELETE', path, { token })).status).toBe(204);
    expect((await send('DELETE', path, { token })).status).toBe(404);
    for (const body of [
      { call_id: 'c_noted', text: '  ' },
      { call_id: 'x', text: 'a' },
      { call_id: 'c_noted' },
    ]) {
      expect((await send('POST', '/api/crm/note', { token, body })).status).toBe(400);
    }
    const viewer = { token: await signInApi('view1'), body: { call_id: 'c_noted', text: 'a' } };
    expect((await send('POST', '/api/crm/note', viewer)).status).toBe(403);
    const others = { token: await signInApi('op13'), body: { call_id: 'c_noted', text: 'a' } };
    expect((await send('POST', '/api/crm/note', others)).status).toBe(404);
  });
});

describe('/api/live', () => {
  const open = (query: string, headers: Record<string, string>) =>
    exports.default.fetch(
      new Request(`http://localhost/api/live${query}`, {
        headers: { upgrade: 'websocket', host: 'localhost', ...headers },
      }),
    );
  const cookieOf = async (user: 'op12' | 'op13') => {
    const origin = { userAgent: null, address: null };
    const started = await startSession(env, { tenantId: ONE, userId: USERS[user] }, 'browser', origin);
    if (!started.ok) throw new Error(started.reason);
    return `tl_session=${(await issueToken(env, started.identity, started.jti)).token}`;
  };
  const firstMessage = (answer: Response) =>
    new Promise<unknown>((resolve) => {
      answer.webSocket?.addEventListener('message', (message) => {
        resolve(JSON.parse(String(message.data)));
      });
      answer.webSocket?.accept();
    });

  it('opens with the header, with the cookie from our own pages, and with a ticket, once', async () => {
    const token = await signInApi('op12');
    const byHeader = await open('', { authorization: `Bearer ${token}` });
    expect(byHeader.status).toBe(101);
    expect(await firstMessage(byHeader)).toMatchObject({ type: 'hello' });
    const cookie = await cookieOf('op12');
    expect((await open('', { cookie, origin: 'http://localhost' })).status).toBe(101);
    const made = await send('POST', '/api/live/ticket', { token });
    const query = `?ticket=${encodeURIComponent(text(made.json.ticket))}`;
    expect((await open(query, {})).status).toBe(101);
    expect((await open(query, {})).status).toBe(401);
  });

  it('refuses a token in the URL, a foreign page, a forged ticket, nobody, and plain HTTP', async () => {
    const token = await signInApi('op12');
    expect((await open(`?token=${token}`, {})).status).toBe(400);
    expect((await open(`?access_token=${token}`, { authorization: `Bearer ${token}` })).status).toBe(400);
    const cookie = await cookieOf('op12');
    expect((await open('', { cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await open('', { cookie })).status).toBe(403);
    expect((await open('', {})).status).toBe(401);
    const made = await send('POST', '/api/live/ticket', { token });
    const [, secret = '', seal = ''] = text(made.json.ticket).split('.');
    for (const forged of [
      `${TWO}.${secret}.${seal}`,
      `${ONE}.${secret}`,
      'x',
      `${ONE}.${secret}.${'0'.repeat(64)}`,
    ]) {
      expect((await open(`?ticket=${forged}`, {})).status).toBe(401);
    }
    expect((await send('GET', '/api/live', { token })).status).toBe(400);
  });

  it('says bye the moment the session is signed out', async () => {
    const token = await signInApi('op13');
    const answer = await open('', { authorization: `Bearer ${token}` });
    const messages: unknown[] = [];
    const closed = new Promise<number>((resolve) => {
      answer.webSocket?.addEventListener('message', (message) =>
        messages.push(JSON.parse(String(message.data))),
      );
      answer.webSocket?.addEventListener('close', (close) => {
        resolve(close.code);
      });
      answer.webSocket?.accept();
    });
    expect((await send('POST', '/api/auth/logout', { token })).status).toBe(204);
    expect(await closed).toBe(4401);
    expect(messages.at(-1)).toMatchObject({ type: 'bye', code: 4401, temporary: false });
  });
});
