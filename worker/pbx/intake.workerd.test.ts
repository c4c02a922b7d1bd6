import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { all, hubOf, PBX_TOKEN, seedTenant, TENANT } from '../../test/worker/support/call-hub';
import { send } from '../../test/worker/support/dialer';
import { buildApp } from '../app';
import { pbxTokenHash } from '../auth/digest';
import { openDb } from '../db';
import { pbxTokens } from '../db/schema';
import { RefusalCount } from './refusals';
import { KNOWN_MS, tenantOfPbxToken, UNKNOWN_MS } from './tenant-of-token';

beforeAll(seedTenant);
afterEach(() => vi.useRealTimers());

const ACCEPTED = { status: 'ok', message: 'Event queued for processing' };
const start = (seq: number, more: Record<string, unknown> = {}) => ({
  UniqueId: `1760000000.${seq}`,
  Phone: '375290000000',
  CallType: 0,
  Trunk: '0002001',
  ...more,
});

describe('POST /asterisk/{event}', () => {
  it('stores an event of a known token before it says so, once', async () => {
    const body = start(1, { Token: PBX_TOKEN });
    for (let n = 0; n < 2; n += 1) {
      expect(await send('POST', '/asterisk/start', { body })).toMatchObject({ status: 200, json: ACCEPTED });
    }
    const { calls } = await hubOf(TENANT).feed({ viewer: all });
    expect(calls).toMatchObject([
      { source: 'pbx', direction: 'in', status: 'ringing', number: '+375290000000' },
    ]);
  });

  it('takes the token from the header, as text or as a number, with or without a last slash', async () => {
    const headers = { token: PBX_TOKEN };
    expect((await send('POST', '/asterisk/start', { body: start(2), headers })).status).toBe(200);
    expect(
      (await send('POST', '/asterisk/start/', { body: start(3, { token: Number(PBX_TOKEN) }) })).status,
    ).toBe(200);
    const { calls } = await hubOf(TENANT).feed({ viewer: all });
    expect(calls).toHaveLength(3);
  });

  it.each([
    ['none', {}],
    ['blank', { Token: '  ' }],
    ['unknown', { Token: '999' }],
    ['no text', { Token: ['100200300400'] }],
    ['endless', { Token: '1'.repeat(5_000) }],
  ])('refuses a token that is %s', async (_, token) => {
    const answer = await send('POST', '/asterisk/start', { body: start(9, token) });
    expect(answer).toMatchObject({ status: 401, json: { error: 'Unknown token.' } });
  });

  it.each(['', '{', '[]', 'null', '"text"', '{"Phone":"\\u0000"}'])(
    'refuses the body %j with 400',
    async (raw) => {
      const answer = await send('POST', '/asterisk/start', { raw, headers: { token: PBX_TOKEN } });
      expect(answer).toMatchObject({ status: 400, json: { error: expect.any(String) as string } });
    },
  );

  it('acknowledges what says nothing about a call', async () => {
    const headers = { token: PBX_TOKEN };
    const before = (await hubOf(TENANT).feed({ viewer: all })).cursor;
    for (const [event, body] of [
      ['reboot', {}],
      ['start', {}],
      ['start', start(4, { Phone: '0001001' })],
      ['dial', { UniqueId: [1], Phone: { a: 1 }, Extensions: 5, CallType: 'x' }],
      ['hangup', { UniqueId: '1760000000.5', Phone: '<unknown>', CallType: 2, ExternalInitiated: true }],
    ] as const) {
      expect(await send('POST', `/asterisk/${event}`, { body, headers })).toMatchObject({
        status: 200,
        json: ACCEPTED,
      });
    }
    expect((await hubOf(TENANT).feed({ viewer: all })).cursor).toBe(before);
  });

  it('refuses a body over the limit', async () => {
    const raw = JSON.stringify(start(5, { Channel: 'x'.repeat(70_000) }));
    const answer = await send('POST', '/asterisk/start', { raw, headers: { token: PBX_TOKEN } });
    expect(answer.status).toBe(413);
  });

  it('is at the root of a host that is kept for it, and nothing else is there', async () => {
    const app = buildApp();
    const kept = { ...env, PBX_HOSTS: 'events.example' };
    const headers = { token: PBX_TOKEN };
    const ask = (url: string, init?: RequestInit) => app.request(url, init, kept);
    const post = (url: string) => ask(url, { method: 'POST', headers, body: JSON.stringify(start(60)) });
    const before = (await hubOf(TENANT).feed({ viewer: all })).calls.length;
    const answer = await post('https://events.example/start');
    expect([answer.status, await answer.json()]).toEqual([200, ACCEPTED]);
    expect((await hubOf(TENANT).feed({ viewer: all })).calls).toHaveLength(before + 1);
    for (const [path, status] of Object.entries({ '/': 404, '/api/nothing': 404, '/sign-in': 405 })) {
      const nothing = await ask(`https://events.example${path}`);
      expect([nothing.status, await nothing.json()]).toEqual([
        status,
        { error: expect.any(String) as string },
      ]);
    }
    expect((await post('https://elsewhere.example/start')).status).toBe(405);
  });

  it('answers another method in its own shape', async () => {
    const answer = await send('GET', '/asterisk/start');
    expect(answer).toMatchObject({ status: 405, json: { error: expect.any(String) as string } });
    expect(answer.headers.get('allow')).toContain('POST');
  });
});

describe('POST /retailcrm/api/events', () => {
  const wrapped = (seq: number, more: Record<string, unknown> = {}, token: unknown = PBX_TOKEN) => ({
    enterprise_number: TENANT,
    event_type: 'start',
    payload: start(seq, { Token: token }),
    ...more,
  });
  const calls = async () => (await hubOf(TENANT).feed({ viewer: all })).calls.length;

  it.each(['/retailcrm/api/events', '/retailcrm-admin/api/events'])(
    'stores what %s is told, once, and the same event by its own path is the same',
    async (path) => {
      const before = await calls();
      const body = wrapped(path.length);
      for (let n = 0; n < 2; n += 1)
        expect(await send('POST', path, { body })).toMatchObject({ status: 200, json: ACCEPTED });
      expect((await send('POST', '/asterisk/start', { body: body.payload })).status).toBe(200);
      expect(await calls()).toBe(before + 1);
    },
  );

  it('takes the token of the envelope or the header, and a number without its zeros', async () => {
    const before = await calls();
    const body = {
      ...wrapped(501, { enterprise_number: Number(TENANT), token: PBX_TOKEN }),
      payload: start(501),
    };
    expect((await send('POST', '/retailcrm/api/events', { body })).status).toBe(200);
    const bare = { event_type: 'START', payload: start(502) };
    const headers = { token: PBX_TOKEN };
    expect((await send('POST', '/retailcrm/api/events', { body: bare, headers })).status).toBe(200);
    expect(await calls()).toBe(before + 2);
  });

  it('refuses an unknown token, and one that is another enterprise’s', async () => {
    for (const body of [
      wrapped(503, {}, '999'),
      wrapped(503, {}, ''),
      wrapped(503, { enterprise_number: '0202' }),
      { enterprise_number: TENANT, event_type: 'start', payload: start(503) },
      {},
    ]) {
      const answer = await send('POST', '/retailcrm/api/events', { body });
      expect(answer).toMatchObject({ status: 401, json: { error: 'Unknown token.' } });
    }
  });

  it.each([
    ['no payload', { event_type: 'start', token: PBX_TOKEN }],
    ['a list for a payload', { event_type: 'start', token: PBX_TOKEN, payload: [] }],
    ['no event', { token: PBX_TOKEN, payload: start(504) }],
  ])('says what is wrong with %s', async (_, body) => {
    const answer = await send('POST', '/retailcrm/api/events', { body });
    expect(answer).toMatchObject({ status: 400, json: { error: expect.any(String) as string } });
  });

  it('acknowledges events it does not know, and refuses another method in its own shape', async () => {
    const body = wrapped(505, { event_type: 'reboot' });
    expect(await send('POST', '/retailcrm/api/events', { body })).toMatchObject({
      status: 200,
      json: ACCEPTED,
    });
    const answer = await send('GET', '/retailcrm/api/events');
    expect(answer).toMatchObject({ status: 405, json: { error: expect.any(String) as string } });
  });
});

describe('tenantOfPbxToken', () => {
  it('goes by what it knew while D1 is away, and takes nobody it never knew', async () => {
    const away = new Proxy(env.DB, {
      get: () => () => {
        throw new Error('D1 is away');
      },
    });
    const now = Date.now();
    expect(await tenantOfPbxToken(env, PBX_TOKEN, now)).toBe(TENANT);
    expect(await tenantOfPbxToken({ ...env, DB: away }, PBX_TOKEN, now + 10 * KNOWN_MS)).toBe(TENANT);
    await expect(tenantOfPbxToken({ ...env, DB: away }, '100200300999', now)).rejects.toThrow();
  });

  it('notices a new token and a revoked one within its time, and asks D1 no sooner', async () => {
    const now = 1_000_000;
    const token = '424242';
    expect(await tenantOfPbxToken(env, token, now)).toBeNull();
    const db = openDb(env.DB);
    await db.insert(pbxTokens).values({
      id: 'p2',
      tenantId: TENANT,
      tokenHash: pbxTokenHash(env, token),
      hint: '4242',
      createdAt: 1,
    });
    expect(await tenantOfPbxToken(env, token, now + UNKNOWN_MS - 1)).toBeNull();
    expect(await tenantOfPbxToken(env, token, now + UNKNOWN_MS)).toBe(TENANT);
    await db.update(pbxTokens).set({ revokedAt: 2 }).where(eq(pbxTokens.id, 'p2'));
    expect(await tenantOfPbxToken(env, token, now + UNKNOWN_MS + KNOWN_MS - 1)).toBe(TENANT);
    expect(await tenantOfPbxToken(env, token, now + UNKNOWN_MS + KNOWN_MS)).toBeNull();
  });
});

describe('RefusalCount', () => {
  it('says how many there were, once a minute', () => {
    const said: string[] = [];
    const count = new RefusalCount((line) => said.push(line));
    for (const at of [0, 1, 2, 59_999, 60_000, 60_001]) count.add(at);
    expect(said).toEqual([
      'pbx: 1 event(s) refused, their token is unknown',
      'pbx: 4 event(s) refused, their token is unknown',
    ]);
  });
});
