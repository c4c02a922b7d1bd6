/** Apps of the marketplace in the hands of the people who run the platform. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { addCredential, ask, db, TestProvider } from '../../test/worker/support/communications';
import { addTenant, addUser } from '../../test/worker/support/people';
import { tenants } from '../db/schema';

const APPS = '/api/marketplace/apps';
let owner = '';
beforeAll(async () => {
  await db
    .insert(tenants)
    .values({ id: '0000', name: 'Platform', kind: 'platform', timeZone: 'UTC', createdAt: 1 })
    .onConflictDoNothing();
  await addUser('0000', 'root', 'owner');
  const body = { username: 'root@0000', password: 'pw-root' };
  owner = String((await ask('POST', '/api/auth/login', { body })).json.token);
});
const as = (method: string, path = '', body?: unknown) =>
  ask(method, `${APPS}${path}`, { token: owner, body });
const audit = async (action: string) =>
  (await ask('GET', `/api/audit?action=${action}`, { token: owner })).json.items as Record<string, unknown>[];

let count = 0;
/** Registered, without a configuration. */
async function registered(version = '1.0.0'): Promise<string> {
  count += 1;
  const code = `app-${count}`;
  const made = await as('POST', '', { code, name: `App ${count}`, developer: 'dev-company', version });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  return code;
}
const upload = async (appCode: string, configurationVersion: string, appVersion = '1.0.0') => {
  const endpoint = (name: string) => [name, `https://bridge.example.com/${name}`];
  const names = [
    'sendMessage',
    'updateMessageContent',
    'updateMessageStatus',
    'markChatRead',
    'disconnect',
    'getChannels',
  ];
  const body = {
    appCode,
    appVersion,
    configurationVersion,
    providerLabel: 'Post',
    endpoints: Object.fromEntries(names.map(endpoint)) as Record<string, string>,
    authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: 'key-of-the-app' },
  };
  const token = await addCredential('dev-company');
  const done = await ask('POST', '/internal/v1/marketplace/provider-configurations', { token, body });
  expect(done.status, JSON.stringify(done.json)).toBe(201);
};

describe('an app', () => {
  it('is registered once, found, changed, and leaves a trace', async () => {
    const code = await registered();
    const again = { code, name: 'Other', developer: 'someone', version: '1.0.0' };
    expect(await as('POST', '', again)).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMS' } });
    expect((await as('GET', `/${code}`)).json).toMatchObject({
      code,
      developer: 'dev-company',
      communications_since: '1.0.0',
      newest_version: '1.0.0',
      published_version: null,
      installations: 0,
    });
    const changed = await as('PATCH', `/${code}`, { name: 'Percent % mail' });
    expect(changed.json).toMatchObject({ name: 'Percent % mail', developer: 'dev-company' });
    expect((await as('GET', `?q=${encodeURIComponent('percent %')}`)).json).toMatchObject({
      items: [{ code }],
      next: null,
    });
    expect((await as('GET', '?q=%25%25')).json.items).toEqual([]);
    expect((await audit('marketplace.app.change'))[0]).toMatchObject({
      target: code,
      after: { name: 'Percent % mail' },
    });
    expect((await as('PATCH', '/app-of-nobody', { name: 'x' })).json.code).toBe('NOT_FOUND');
    expect((await as('GET', '/app-of-nobody')).json.code).toBe('NOT_FOUND');
  });

  it('becomes a provider when the scope is turned on, and stays one', async () => {
    const body = {
      code: 'app-plain',
      name: 'Plain',
      developer: 'dev',
      version: '1.0.0',
      communications: false,
    };
    expect((await as('POST', '', body)).json).toMatchObject({ communications_since: null });
    expect((await as('PATCH', '/app-plain', { name: 'Plainer' })).json).toMatchObject({
      communications_since: null,
    });
    expect((await as('PATCH', '/app-plain', { communications: true })).json).toMatchObject({
      communications_since: '1.0.0',
    });
    expect((await as('PATCH', '/app-plain', { communications: false })).status).toBe(400);
  });

  it('comes in pages', async () => {
    for (let i = 0; i < 3; i += 1) await registered();
    const first = (await as('GET', '?limit=2')).json as { items: { code: string }[]; next: string };
    const second = (await as('GET', `?limit=2&cursor=${first.next}`)).json as { items: { code: string }[] };
    const codes = [...first.items, ...second.items].map(({ code }) => code);
    expect(codes).toHaveLength(4);
    expect(codes).toEqual(codes.toSorted());
  });
});

describe('a version', () => {
  it('is published when all four conditions hold, and says which do not', async () => {
    const code = await registered();
    const path = `/${code}/versions/1.0.0`;
    expect(await as('POST', `${path}/publish`)).toMatchObject({
      status: 400,
      json: {
        code: 'INVALID_PARAMS',
        details: {
          'conditions.configuration': [expect.any(String)],
          'conditions.moderation': [expect.any(String)],
          'conditions.test_stand': [expect.any(String)],
        },
      },
    });
    await upload(code, '1.0.0');
    expect((await as('PATCH', path, { moderation: 'passed' })).json).toMatchObject({
      publishable: false,
      conditions: { scope: true, configuration: true, moderation: true, test_stand: false },
    });
    await as('PATCH', path, { test_stand: 'passed' });
    const published = await as('POST', `${path}/publish`);
    expect(published.json).toMatchObject({ publishable: true, published_at: expect.any(String) as string });
    expect((await as('POST', `${path}/publish`)).json).toEqual(published.json);
    expect((await audit('marketplace.version.publish')).filter(({ target }) => target === code)).toHaveLength(
      1,
    );
    expect((await audit('marketplace.version.judge'))[0]).toMatchObject({
      before: { version: '1.0.0', moderation: 'passed', testStand: 'pending' },
      after: { version: '1.0.0', moderation: 'passed', testStand: 'passed' },
    });
    expect((await as('GET', `/${code}`)).json).toMatchObject({ published_version: '1.0.0' });
  });

  it('inherits the configuration of the one before', async () => {
    const code = await registered();
    await upload(code, '1.0.0');
    await upload(code, '1.2.0');
    expect((await as('POST', `/${code}/versions`, { version: '2.0.0' })).json).toMatchObject({
      version: '2.0.0',
      configuration_version: '1.2.0',
      published_at: null,
    });
    expect((await as('POST', `/${code}/versions`, { version: '2.0.0' })).status).toBe(400);
    const first = (await as('GET', `/${code}/versions?limit=1`)).json;
    expect(first).toMatchObject({ items: [{ version: '2.0.0' }] });
    expect((await as('GET', `/${code}/versions?limit=1&cursor=${String(first.next)}`)).json).toMatchObject({
      items: [{ version: '1.0.0', configuration_version: '1.2.0' }],
      next: null,
    });
    const all = (await as('GET', `/${code}/configurations?limit=2`)).json;
    expect(JSON.stringify(all)).not.toContain('key-of-the-app');
    const rest = (await as('GET', `/${code}/configurations?limit=2&cursor=${String(all.next)}`)).json;
    expect([...(all.items as unknown[]), ...(rest.items as unknown[])]).toHaveLength(3);
    expect((await as('GET', `/${code}/configurations?version=2.0.0`)).json).toMatchObject({
      items: [{ inherited: true, active: true, installations: 0, authentication: { value: '****-app' } }],
    });
    expect((await as('GET', `/${code}/configurations?cursor=nonsense`)).json.code).toBe('INVALID_PARAMS');
  });

  it('that nobody has is not found', async () => {
    const code = await registered();
    for (const [method, path, body] of [
      ['GET', '/app-of-nobody/versions'],
      ['POST', '/app-of-nobody/versions', { version: '1.0.0' }],
      ['PATCH', `/${code}/versions/7.7.7`, { moderation: 'passed' }],
      ['POST', `/${code}/versions/7.7.7/publish`],
      ['GET', '/app-of-nobody/configurations'],
      ['GET', '/app-of-nobody/installations'],
      ['POST', `/${code}/installations`, { tenant: '7777', version: '1.0.0' }],
      ['PATCH', `/${code}/installations/7777`, { version: '1.0.0' }],
      ['DELETE', `/${code}/installations/7777`],
    ] as const)
      expect(await as(method, path, body), `${method} ${path}`).toMatchObject({
        status: 404,
        json: { code: 'NOT_FOUND' },
      });
  });
});

describe('a tenant’s app', () => {
  it('is installed, updated and uninstalled, told in both logs', async () => {
    await addTenant('7001');
    await addUser('7001', 'admin', 'admin');
    const code = await registered();
    const install = { tenant: '7001', version: '1.0.0' };
    // Nothing to tie it to yet.
    expect((await as('POST', `/${code}/installations`, install)).status).toBe(400);
    await upload(code, '1.0.0');
    const made = await as('POST', `/${code}/installations`, install);
    expect(made).toMatchObject({
      status: 201,
      json: { tenant: { id: '7001', disabled: false }, configuration_version: '1.0.0', active_tokens: 0 },
    });
    expect((await as('POST', `/${code}/installations`, install)).json.code).toBe('INVALID_PARAMS');
    await as('POST', `/${code}/versions`, { version: '2.0.0' });
    await upload(code, '2.0.0', '2.0.0');
    expect((await as('GET', `/${code}/configurations?version=1.0.0`)).json).toMatchObject({
      items: [{ installations: 1 }],
    });
    const moved = await as('PATCH', `/${code}/installations/7001`, { version: '2.0.0' });
    expect(moved.json).toMatchObject({ version: '2.0.0', configuration_version: '2.0.0' });
    expect((await as('PATCH', `/${code}/installations/7001`, { version: '9.9.9' })).status).toBe(404);
    expect((await as('GET', `/${code}/installations`)).json).toMatchObject({
      items: [moved.json],
      next: null,
    });
    expect(await as('DELETE', `/${code}/installations/7001`)).toMatchObject({
      status: 202,
      json: { state: 'none' },
    });
    const body = { username: 'admin@7001', password: 'pw-admin' };
    const token = String((await ask('POST', '/api/auth/login', { body })).json.token);
    const theirs = await ask('GET', '/api/audit?action=communications', { token });
    expect((theirs.json.items as { action: string }[]).map(({ action }) => action)).toEqual([
      'communications.uninstall',
      'communications.update',
      'communications.install',
    ]);
    expect((await audit('marketplace.uninstall'))[0]).toMatchObject({ target: code, after: null });
    expect((await ask('GET', APPS, { token })).status).toBe(403);
  });
});

describe('accounts of a provider', () => {
  it('are its channels, and no other provider’s', async () => {
    const [link, other] = [await new TestProvider().install(), await new TestProvider().install()];
    await addUser(link.tenantId, 'admin', 'admin');
    const body = { username: `admin@${link.tenantId}`, password: 'pw-admin' };
    const token = String((await ask('POST', '/api/auth/login', { body })).json.token);
    const channels = [
      { id: 'tg', code: 'telegram', name: 'Shop', parentId: null },
      { id: 'tg-2', code: 'telegram', name: 'Branch', parentId: 'tg' },
    ];
    const inbox = env.INBOX.getByName(link.tenantId);
    await inbox.takeProviderNews(link.provider, [{ id: 'n1', at: 1, kind: 'channels', channels }]);
    await inbox.takeProviderNews(other.provider, [
      {
        id: 'n2',
        at: 1,
        kind: 'channels',
        channels: [{ id: 'v', code: 'viber', name: 'V', parentId: null }],
      },
    ]);
    const path = `/api/communications/providers/${link.provider}/accounts`;
    expect((await ask('GET', path, { token })).json).toMatchObject({
      accounts: [
        { external_id: 'tg', name: 'Shop', parent_id: null, active: true },
        { external_id: 'tg-2', parent_id: 'tg' },
      ],
    });
    const foreign = `/api/communications/providers/${other.provider}/accounts`;
    expect((await ask('GET', foreign, { token })).json.code).toBe('NOT_FOUND');
  });
});
