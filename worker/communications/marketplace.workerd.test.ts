import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { addCredential, ask, CONTENT, db, TestProvider } from '../../test/worker/support/communications';
import { addTenant } from '../../test/worker/support/people';
import { auditLog, providerConfigurations } from '../db/schema';

const PUBLICATION = (app: string): string => `/internal/v1/marketplace/apps/${app}/publication`;
const CONFIGURATIONS = '/internal/v1/marketplace/provider-configurations';
const TIES = '/internal/v1/tenant-configurations';

let service = '';
let developer = '';
let other = '';

beforeAll(async () => {
  service = await addCredential();
  developer = await addCredential('dev-company');
  other = await addCredential('dev-other');
  await addTenant('0101');
  await addTenant('0202');
});

const register = (appCode: string, more: object = {}) =>
  ask('POST', '/internal/v1/providers', {
    token: service,
    body: {
      appCode,
      name: 'Chat Post',
      developer: 'dev-company',
      appVersion: '1.0.0',
      scopes: ['communications'],
      ...more,
    },
  });

const body = (appCode: string, configurationVersion = '1.0.0', more: object = {}) => ({
  appCode,
  appVersion: '1.0.0',
  configurationVersion,
  ...CONTENT,
  authentication: { ...CONTENT.authentication, value: 'key-of-chat-post' },
  ...more,
});

const upload = (appCode: string, version?: string, more: object = {}, token = developer) =>
  ask('POST', CONFIGURATIONS, { token, body: body(appCode, version, more) });

const list = async (appCode: string, query = ''): Promise<Record<string, unknown>[]> => {
  const { json } = await ask('GET', `${CONFIGURATIONS}?appCode=${appCode}${query}`, { token: developer });
  return json.items as Record<string, unknown>[];
};

const problem = (status: number, code: string) => ({ status, json: { status, code } });

describe('publication', () => {
  it('needs all four conditions, and names the missing ones', async () => {
    await register('post-one', { scopes: [] });
    const conditions = async (): Promise<unknown> =>
      (await ask('GET', PUBLICATION('post-one'), { token: service })).json.conditions;
    expect(await conditions()).toEqual({
      scope: false,
      configuration: false,
      moderation: false,
      testStand: false,
    });
    const refused = await ask('POST', PUBLICATION('post-one'), { token: service });
    expect(refused).toMatchObject(problem(409, 'not_publishable'));
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect((refused.json.errors as { field: string }[]).map(({ field }) => field)).toEqual([
      'conditions.scope',
      'conditions.configuration',
      'conditions.moderation',
      'conditions.testStand',
    ]);
    await register('post-one');
    await upload('post-one');
    const version = '/internal/v1/app-versions/post-one/1.0.0';
    await ask('PATCH', version, { token: service, body: { moderation: 'passed' } });
    expect(await conditions()).toEqual({
      scope: true,
      configuration: true,
      moderation: true,
      testStand: false,
    });
    const still = await ask('POST', PUBLICATION('post-one'), { token: developer });
    expect(still.json.errors).toMatchObject([{ field: 'conditions.testStand' }]);
    await ask('PATCH', version, { token: service, body: { testStand: 'passed' } });
    const published = await ask('POST', PUBLICATION('post-one'), { token: developer });
    expect(published).toMatchObject({ status: 200, json: { publishable: true } });
    const again = await ask('POST', PUBLICATION('post-one'), { token: developer });
    expect(again.json.publishedAt).toBe(published.json.publishedAt);
    expect(await ask('GET', PUBLICATION('post-one'), { token: other })).toMatchObject(
      problem(403, 'forbidden'),
    );
  });

  it('keeps the scope on, whichever version turned it on', async () => {
    await register('post-scope', { scopes: [] });
    const next = { appCode: 'post-scope', appVersion: '2.0.0', scopes: ['communications'] };
    const made = await ask('POST', '/internal/v1/app-versions', { token: service, body: next });
    expect(made).toMatchObject({ status: 201, json: { communicationsSince: '2.0.0' } });
    expect(await register('post-scope', { scopes: ['other'] })).toMatchObject(problem(409, 'scope_locked'));
    const off = { ...next, appVersion: '3.0.0', scopes: [] };
    expect(await ask('POST', '/internal/v1/app-versions', { token: service, body: off })).toMatchObject(
      problem(409, 'scope_locked'),
    );
    expect(await ask('POST', '/internal/v1/app-versions', { token: service, body: next })).toMatchObject(
      problem(409, 'already_exists'),
    );
  });
});

describe('configurations', () => {
  it('grow by semantic version, and only the last one is active', async () => {
    await register('post-two');
    expect(await upload('post-two', '1.9.0')).toMatchObject({ status: 201, json: { active: true } });
    expect(await upload('post-two', '1.10.0-rc.1')).toMatchObject({ status: 201 });
    for (const version of ['1.9.0', '1.10.0-beta', '1.2.0'])
      expect(await upload('post-two', version)).toMatchObject(problem(409, 'version_not_greater'));
    const put = await ask('PUT', CONFIGURATIONS, { token: developer, body: body('post-two', '1.10.0') });
    expect(put.status).toBe(200);
    expect((await list('post-two')).map((one) => [one.configurationVersion, one.active])).toEqual([
      ['1.10.0', true],
      ['1.10.0-rc.1', false],
      ['1.9.0', false],
    ]);
    expect(JSON.stringify(await list('post-two'))).not.toContain('key-of-chat-post');
  });

  it('that are uploaded at once leave one active', async () => {
    await register('post-race');
    const answers = await Promise.all(['1.0.0', '1.0.1', '1.0.2'].map((one) => upload('post-race', one)));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const rows = await db
      .select()
      .from(providerConfigurations)
      .where(eq(providerConfigurations.appCode, 'post-race'));
    expect(rows.filter(({ active }) => active)).toHaveLength(1);
  });

  it('come page by page', async () => {
    await register('post-pages');
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await upload('post-pages', version);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { json } = await ask(
        'GET',
        `${CONFIGURATIONS}?appCode=post-pages&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
        { token: service },
      );
      seen.push(...(json.items as { configurationVersion: string }[]).map((one) => one.configurationVersion));
      cursor = json.nextCursor as string | null;
    }
    expect(seen.toSorted((a, b) => a.localeCompare(b))).toEqual(['1.0.0', '1.1.0', '1.2.0']);
    const made = await ask('GET', `${CONFIGURATIONS}?appCode=post-pages&cursor=AAAA`, { token: service });
    expect(made).toMatchObject(problem(400, 'invalid_request'));
  });

  it('are the developer’s alone', async () => {
    await register('post-three');
    expect(await upload('post-three', '1.0.0', {}, other)).toMatchObject(problem(403, 'forbidden'));
    expect(await upload('post-three', '1.0.0', {}, service)).toMatchObject(problem(403, 'forbidden'));
    expect(await upload('post-three', '1.0.0', {}, 'tlm_nobody')).toMatchObject(problem(401, 'unauthorized'));
    expect(await upload('post-nothing')).toMatchObject(problem(404, 'not_found'));
    expect(await ask('PUT', CONFIGURATIONS, { token: developer, body: body('post-three') })).toMatchObject(
      problem(404, 'not_found'),
    );
  });

  it.each([
    'http://bridge.example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest',
    'https://bridge.example.com:8443/',
    'https://user:pw@bridge.example.com/',
    'https://bridge.internal/',
    'https://localhost/',
  ])('never hold the endpoint %s', async (url) => {
    await register('post-four');
    const refused = await upload('post-four', '1.0.0', {
      endpoints: { ...CONTENT.endpoints, disconnect: url },
    });
    expect(refused).toMatchObject(problem(400, 'invalid_request'));
    expect(refused.json.errors).toMatchObject([{ field: 'endpoints.disconnect' }]);
  });

  it('name every field that is missing or wrong', async () => {
    await register('post-five');
    const { sendMessage: _, ...endpoints } = CONTENT.endpoints;
    const refused = await upload('post-five', 'one', { endpoints, authentication: { type: 'OAUTH' } });
    expect(refused).toMatchObject(problem(400, 'invalid_request'));
    const fields = (refused.json.errors as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual(
      expect.arrayContaining(['configurationVersion', 'endpoints.sendMessage', 'authentication.type']),
    );
    const authentication = CONTENT.authentication;
    const keyless = await upload('post-five', '1.0.0', { authentication });
    expect(keyless.json.errors).toMatchObject([{ field: 'authentication.value' }]);
    await upload('post-five', '1.0.0');
    expect(await upload('post-five', '1.1.0', { authentication })).toMatchObject({
      status: 201,
      json: { authentication: { value: '****post' } },
    });
  });
});

describe('a tenant', () => {
  const tie = (method: string, appCode: string, appVersion: string, tenantId = '0101') =>
    ask(method, TIES, { token: service, body: { tenantId, appCode, appVersion } });

  it('runs on the configuration that was active when it installed the version, until it updates', async () => {
    await register('post-six');
    expect(await tie('POST', 'post-six', '1.0.0')).toMatchObject(problem(409, 'no_configuration'));
    await upload('post-six', '1.0.0');
    expect(await tie('POST', 'post-six', '1.0.0')).toMatchObject({
      status: 201,
      json: { configurationVersion: '1.0.0' },
    });
    expect(await tie('POST', 'post-six', '1.0.0')).toMatchObject(problem(409, 'already_exists'));
    await upload('post-six', '1.1.0');
    expect((await tie('PUT', 'post-six', '1.0.0')).json).toMatchObject({ configurationVersion: '1.0.0' });
    const removal = `${CONFIGURATIONS}?appCode=post-six&appVersion=1.0.0&configurationVersion=`;
    expect(await ask('DELETE', `${removal}1.0.0`, { token: developer })).toMatchObject(
      problem(409, 'in_use'),
    );
    const next = await ask('POST', '/internal/v1/app-versions', {
      token: service,
      body: { appCode: 'post-six', appVersion: '2.0.0' },
    });
    expect(next.json.inheritedConfiguration).toBe('1.1.0');
    expect(await list('post-six', '&appVersion=2.0.0')).toMatchObject([
      { configurationVersion: '1.1.0', active: true, inherited: true },
    ]);
    expect((await tie('PUT', 'post-six', '2.0.0')).json).toMatchObject({
      appVersion: '2.0.0',
      configurationVersion: '1.1.0',
    });
    expect((await ask('DELETE', `${removal}1.0.0`, { token: developer })).status).toBe(204);
    expect(await ask('DELETE', `${removal}1.0.0`, { token: developer })).toMatchObject(
      problem(404, 'not_found'),
    );
    expect(await upload('post-six', '1.0.5')).toMatchObject(problem(409, 'version_not_greater'));
    const logged = await db.select().from(auditLog).where(eq(auditLog.target, 'post-six'));
    expect(logged.map(({ action, tenantId }) => [action, tenantId])).toEqual([
      ['communications.install', '0101'],
      ['communications.update', '0101'],
    ]);
  });

  it('that is none, or has not installed the app, is not found', async () => {
    await register('post-seven');
    await upload('post-seven');
    expect(await tie('POST', 'post-seven', '1.0.0', '9998')).toMatchObject(problem(404, 'not_found'));
    expect(await tie('POST', 'post-seven', '7.0.0')).toMatchObject(problem(404, 'not_found'));
    expect(await tie('PUT', 'post-seven', '1.0.0', '0202')).toMatchObject(problem(404, 'not_found'));
    const gone = await ask('DELETE', `${TIES}?tenantId=0202&appCode=post-seven`, { token: service });
    expect(gone).toMatchObject(problem(404, 'not_found'));
  });

  it('that uninstalls has its tokens refused at once, and the provider told', async () => {
    const link = new TestProvider();
    const token = await link.activate();
    await link.alarm();
    const webhook = '/communications/v1/webhooks';
    expect(await ask('GET', webhook, { token })).toMatchObject(problem(404, 'not_found'));
    const removed = await ask('DELETE', `${TIES}?tenantId=${link.tenantId}&appCode=${link.provider}`, {
      token: service,
    });
    expect(removed).toMatchObject({ status: 202, json: { state: 'disconnecting' } });
    expect(await ask('GET', webhook, { token })).toMatchObject(problem(401, 'unauthorized'));
    await link.alarm();
    expect(link.paths()).toEqual(['/channels', '/disconnect']);
    expect(link.news.map(({ kind }) => kind)).toEqual(['channels', 'uninstalled']);
  });
});

describe('an Idempotency-Key', () => {
  it('answers a repeat as the first request, refuses another, and is free after a refusal', async () => {
    const headers = { 'Idempotency-Key': 'one' };
    const request = {
      token: service,
      headers,
      body: { appCode: 'post-key', name: 'K', developer: 'd', appVersion: '1.0.0', scopes: [] },
    };
    const first = await ask('POST', '/internal/v1/providers', request);
    expect(first.status).toBe(201);
    const again = await ask('POST', '/internal/v1/providers', request);
    expect(again.status).toBe(201);
    expect(again.json).toEqual(first.json);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const changed = { ...request, body: { ...request.body, name: 'L' } };
    expect(await ask('POST', '/internal/v1/providers', changed)).toMatchObject(problem(422, 'key_reused'));
    const bad = { ...request, headers: { 'Idempotency-Key': 'two' } };
    expect(await ask('POST', '/internal/v1/providers', { ...bad, body: { appCode: 'X' } })).toMatchObject(
      problem(400, 'invalid_request'),
    );
    expect((await ask('POST', '/internal/v1/providers', bad)).status).toBe(200);
    expect(
      await ask('POST', '/internal/v1/providers', { ...request, headers: { 'Idempotency-Key': 'a b' } }),
    ).toMatchObject(problem(400, 'invalid_request'));
    // Another credential has keys of its own.
    const another = await addCredential();
    expect((await ask('POST', '/internal/v1/providers', { ...changed, token: another })).status).toBe(200);
  });

  it('of a request that is still going on refuses the second', async () => {
    const keys = env.REQUEST_KEYS.getByName('market:test');
    expect(await keys.claim({ key: 'k', hash: 'h' })).toEqual({ kind: 'run' });
    expect(await keys.claim({ key: 'k', hash: 'h' })).toEqual({ kind: 'in_flight' });
    await keys.settle({ key: 'k', hash: 'h', answer: null });
    expect(await keys.claim({ key: 'k', hash: 'other' })).toEqual({ kind: 'run' });
  });
});

describe('the three documents', () => {
  it.each([
    '/communications/v1/openapi.json',
    '/internal/v1/openapi.json',
    '/internal/v1/marketplace/openapi.json',
  ])('%s is OpenAPI 3.1 with every route’s refusals as problems', async (path) => {
    const { status, json } = await ask('GET', path);
    expect(status).toBe(200);
    expect(json.openapi).toBe('3.1.0');
    const paths = json.paths as Record<string, Record<string, { responses: Record<string, unknown> }>>;
    expect(paths).toHaveProperty([path]);
    for (const item of Object.values(paths))
      for (const { responses } of Object.values(item))
        for (const [code, answer] of Object.entries(responses))
          if (/^[45]/.test(code)) expect(answer).toHaveProperty('content.application/problem+json.examples');
  });

  it('leave the rest of the paths and methods refused as problems', async () => {
    expect(await ask('GET', '/communications/v1/nothing')).toMatchObject(problem(404, 'not_found'));
    expect(await ask('PUT', '/internal/v1/providers')).toMatchObject(problem(405, 'method_not_allowed'));
    const keys = await ask('GET', '/.well-known/jwks.json');
    expect(keys.json).toMatchObject({ keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' }] });
  });
});
