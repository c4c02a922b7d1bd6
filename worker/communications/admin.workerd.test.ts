import { beforeAll, describe, expect, it } from 'vitest';
import { ask, TestProvider } from '../../test/worker/support/communications';
import { addUser } from '../../test/worker/support/people';
import { verifyClientToken } from './client-token';
import { env } from 'cloudflare:workers';

const ROOT = '/api/communications/providers';

async function signedIn(link: TestProvider): Promise<string> {
  await addUser(link.tenantId, 'admin', 'admin');
  const body = { username: `admin@${link.tenantId}`, password: 'pw-admin' };
  const { json } = await ask('POST', '/api/auth/login', { body });
  return String(json.token);
}

describe('a tenant’s people', () => {
  let link: TestProvider;
  let admin = '';
  beforeAll(async () => {
    link = await new TestProvider().install();
    admin = await signedIn(link);
  });
  const as = (method: string, path: string, body?: unknown) =>
    ask(method, `${ROOT}/${link.provider}${path}`, { token: admin, body });

  it('activate a provider by a token that is shown once, and end it with the last one', async () => {
    expect((await as('GET', '')).json).toMatchObject({ link: { state: 'installed' }, tokens: [] });
    expect(await as('POST', '/synchronise')).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    const made = await as('POST', '/tokens');
    expect(made.status).toBe(201);
    const token = String(made.json.token);
    expect(await verifyClientToken(env, token)).toMatchObject({ tenantId: link.tenantId });
    const shown = await as('GET', '');
    expect(shown.json).toMatchObject({
      link: { state: 'active' },
      active_tokens: 1,
      tokens: [{ hint: token.slice(-4), revoked_at: null, created_by: expect.any(String) as string }],
      configurations: [{ configurationVersion: '1.0.0', active: true, tied: true }],
    });
    expect(JSON.stringify(shown.json)).not.toContain(token);
    await link.alarm();
    expect(link.paths()).toEqual(['/channels']);
    expect((await as('DELETE', `/tokens/${String(made.json.id)}`)).status).toBe(204);
    expect((await ask('GET', '/communications/v1/webhooks', { token })).status).toBe(401);
    await link.alarm();
    expect(link.paths()).toEqual(['/channels', '/disconnect']);
    expect((await as('GET', '')).json).toMatchObject({ link: { state: 'installed' } });
  });

  it('have at most five good tokens', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => as('POST', '/tokens')));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(await as('POST', '/tokens')).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
  });

  it('see what could not be delivered, and try it again or throw it away', async () => {
    link.replies.set('/send', () => new Response('no such chat', { status: 404 }));
    await link.stub.takeDeliveries([link.send(1), link.send(2), link.send(3)]);
    await link.alarm();
    const first = await as('GET', '/deliveries?state=dead&limit=2');
    expect(first.json).toMatchObject({
      items: [{ id: 'm-3', error: 'HTTP 404: no such chat' }, { id: 'm-2' }],
    });
    const rest = await as('GET', `/deliveries?state=dead&limit=2&cursor=${String(first.json.next)}`);
    expect(rest.json).toMatchObject({ items: [{ id: 'm-1' }], next: null });
    const found = async (query: string) =>
      ((await as('GET', `/deliveries?${query}`)).json.items as { id: string }[]).map(({ id }) => id);
    expect(await found('kind=send_message&q=M-2')).toEqual(['m-2']);
    expect(await found('q=NO+SUCH')).toHaveLength(3);
    expect(await found('kind=mark_read')).toEqual([]);
    expect(await found('state=waiting')).toEqual([]);
    expect((await as('GET', '/deliveries?kind=A%27')).status).toBe(400);
    link.replies.delete('/send');
    expect((await as('POST', '/deliveries/replay', { ids: ['m-2'] })).json).toEqual({ replayed: 1 });
    expect((await as('POST', '/deliveries/discard')).json).toEqual({ discarded: 2 });
    await link.alarm();
    expect(link.news.at(-1)).toMatchObject({ kind: 'delivered', deliveryId: 'm-2' });
    expect((await as('POST', '/resume')).json).toMatchObject({ breaker: 'closed', waiting: 0, dead: 0 });
  });
});
