/** Doors that open before anybody has said who they are: Engine.IO's own refusals, and limits by address. */
import { beforeEach, describe, expect, it } from 'vitest';
import { request, Tenant } from './support/tenant';

/** Counters that have nothing left, and a note of what they were asked for. */
const asked: string[] = [];
const empty = {
  CLIENT_ADDRESS_HEADER: 'x-test-address',
  RATE_LIMITER: {
    getByName: (name: string) => ({
      take: () => {
        asked.push(name);
        return Promise.resolve({ ok: false, retryAfterMs: 1_200 });
      },
    }),
  },
};
const FROM = { 'x-test-address': '192.0.2.3' };
beforeEach(() => (asked.length = 0));

describe.each(['/socket.io', '/socket.io/'])('%s', (path) => {
  it.each([
    ['GET', '?EIO=3&transport=polling', 5],
    ['GET', '?EIO=4&transport=pigeon', 0],
    ['GET', '?EIO=4&transport=websocket', 3],
    ['GET', '?EIO=4&transport=polling&sid=made-up', 1],
    ['POST', '?EIO=3&transport=polling', 5],
    ['POST', '?EIO=4&transport=pigeon', 0],
    ['POST', '?EIO=4&transport=websocket', 3],
    ['POST', '?EIO=4&transport=polling&sid=made-up', 1],
    ['POST', '?EIO=4&transport=polling', 2],
  ])('refuses %s %s with Engine.IO’s number %i', async (method, query, code) => {
    const answer = await request(method, `${path}${query}`, method === 'POST' ? { body: '2' } : {});
    expect([answer.status, answer.json['code']]).toEqual([400, code]);
  });

  it('refuses a packet over 100,000 bytes', async () => {
    const opened = await request('GET', `${path}?EIO=4&transport=polling`);
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
    const body = `4${'x'.repeat(100_000)}`;
    const answer = await request('POST', `${path}?EIO=4&transport=polling&sid=${sid}`, { body });
    expect(answer.status).toBe(413);
  });

  it('opens only so many sessions for one address; those that go on are no knock', async () => {
    const knock = `${path}?EIO=4&transport=polling`;
    const refused = await request('GET', knock, { headers: FROM }, empty);
    expect(refused).toMatchObject({ status: 429, json: { code: 3 } });
    expect([refused.headers.get('retry-after'), ...asked]).toEqual(['2', 'socket-io:192.0.2.3']);
    expect((await request('GET', knock, {}, empty)).status).toBe(200);
    await request('POST', `${knock}&sid=made-up`, { headers: FROM, body: '2' }, empty);
    expect(asked).toHaveLength(1);
  });
});

describe('/api/live', () => {
  const upgrade = { upgrade: 'websocket' };
  const knock = (headers: Record<string, string>, bindings: object = {}, query = '') =>
    request('GET', `/api/live${query}`, { headers: { ...upgrade, ...headers } }, bindings);

  it('opens to nobody without a session, nor for a page of others that has the cookie', async () => {
    const tenant = await Tenant.make('0101', ['admin']);
    expect(await knock({})).toMatchObject({ status: 401, json: { code: 'AUTH_FAIL' } });
    expect(await knock({}, {}, '?ticket=0101.made.up')).toMatchObject({
      status: 401,
      json: { code: 'AUTH_FAIL' },
    });
    const cookie = `tl_session=${await tenant.signIn('admin', 'browser')}`;
    const foreign = await knock({ cookie, origin: 'https://other.example' });
    expect(foreign).toMatchObject({ status: 403, json: { code: 'PERMISSION_DENIED' } });
    expect((await knock({ cookie, origin: 'http://localhost' })).status).toBe(101);
    const full = {
      CALL_HUB: { getByName: () => ({ fetch: async () => new Response(null, { status: 429 }) }) },
    };
    const late = await knock({ cookie, origin: 'http://localhost' }, full);
    expect(late).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED' } });
    expect(late.headers.get('retry-after')).toBe('30');
  });
});

describe('/metrics', () => {
  it('are off where the deployment has no token for them', async () => {
    const answer = await request('GET', '/metrics', {}, { METRICS_TOKEN: undefined });
    expect(answer).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
  });
});

describe('/bridge/connect', () => {
  it('lets one address knock only so often, whatever bridge it asks for', async () => {
    const knock = (headers: Record<string, string>) =>
      request(
        'GET',
        `/bridge/connect?bridge=${crypto.randomUUID()}`,
        { headers: { upgrade: 'websocket', ...headers } },
        empty,
      );
    const refused = await knock(FROM);
    expect(refused).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED' } });
    expect([refused.headers.get('retry-after'), ...asked]).toEqual(['2', 'bridge-connect:192.0.2.3']);
    expect((await knock({})).status).toBe(401);
  });
});
