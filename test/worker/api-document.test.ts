import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../worker/app';
import { actionsOf, isAction, SYSTEM_ROLES, type SystemRole } from '../../worker/auth/permissions';
import { apiOf } from '../../worker/http/families';
import { buildDocument } from '../../worker/platform/openapi';
import { addTenant, addUser } from './support/people';

/** The part of an OpenAPI operation these sweeps read. */
interface Operation {
  summary?: string;
  security?: unknown[];
  'x-action'?: string;
  requestBody?: { content?: Record<string, unknown> };
  responses?: Record<string, { content?: Record<string, { example?: unknown; examples?: unknown }> }>;
}

const app = buildApp();
const document = buildDocument(app);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method] as Operation | undefined;
    return operation === undefined ? [] : [{ method: method.toUpperCase(), path, operation }];
  }),
);
const platform = operations.filter(({ path }) => apiOf(path) === 'platform');

/** One spelling of a path: without `/v1`, the trailing slash and the names of parameters. */
const canonical = (path: string) =>
  path
    .replace(/^\/api\/v1(?=\/|$)/, '/api')
    .replace(/(.)\/$/, '$1')
    .replace(/:\w+(?:\{[^}]*\})?/g, '{}')
    .replace(/\{\w*\}/g, '{}');

/** A request for an operation, its parameters filled with an id nobody has. */
const ask = async (
  { method, path }: { method: string; path: string },
  init: { headers?: Record<string, string>; body?: BodyInit } = {},
) =>
  app.request(
    `http://localhost${path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-00000000dead')}`,
    { method, ...init },
    env,
  );

describe('the API document', () => {
  it('has an entry for every mounted route', () => {
    const documented = new Set(operations.map(({ method, path }) => `${method} ${canonical(path)}`));
    const missing = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/__'))
      .map(({ method, path }) => `${method} ${canonical(path)}`)
      .filter((route) => !documented.has(route));
    expect(missing).toEqual([]);
  });

  it('says of every operation what it is, what it answers and how it refuses', () => {
    for (const { method, path, operation } of operations) {
      const where = `${method} ${path}`;
      expect(operation.summary, where).toBeTruthy();
      const statuses = Object.keys(operation.responses ?? {});
      expect(
        statuses.some((status) => /^[123]/.test(status)),
        where,
      ).toBe(true);
      expect(
        statuses.some((status) => /^[45]/.test(status)),
        where,
      ).toBe(true);
    }
  });

  it('shows an example of every refusal of the platform', () => {
    for (const { method, path, operation } of platform) {
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        if (!/^[45]/.test(status)) continue;
        const body = response.content?.['application/json'];
        expect(body?.example ?? body?.examples, `${method} ${path} ${status}`).toBeDefined();
      }
    }
  });

  it('names actions that exist', () => {
    const named = platform.flatMap(({ operation }) => operation['x-action'] ?? []);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((action) => !isAction(action))).toEqual([]);
  });
});

const isClosed = ({ operation }: (typeof operations)[number]) =>
  operation.security === undefined || operation.security.length > 0;

describe('every operation', () => {
  it('refuses who is not signed in, in its own shape', async () => {
    for (const operation of operations.filter(isClosed)) {
      const response = await ask(operation);
      const where = `${operation.method} ${operation.path}`;
      expect(response.status, where).toBe(401);
      const body = await response.json<Record<string, unknown>>();
      if (apiOf(operation.path) === 'platform')
        expect(body, where).toMatchObject({ error: true, code: 'AUTH_FAIL' });
      else
        expect(Object.keys(body), where).toContain(apiOf(operation.path) === 'dialer' ? 'detail' : 'error');
    }
  });
});

describe('every operation of the platform', () => {
  const tokens = new Map<SystemRole, string>();

  beforeAll(async () => {
    await addTenant('0101');
    for (const role of Object.keys(SYSTEM_ROLES) as SystemRole[]) {
      if (role === 'owner') continue;
      await addUser('0101', role, role);
      const response = await app.request(
        'http://localhost/api/auth/login',
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: role, password: `pw-${role}` }),
        },
        env,
      );
      tokens.set(role, (await response.json<{ token: string }>()).token);
    }
  });

  const mapOf = (role: SystemRole) =>
    Object.fromEntries(Object.entries(SYSTEM_ROLES[role]).map(([module, verbs]) => [module, [...verbs]]));
  const headersOf = (role: SystemRole) => ({ authorization: `Bearer ${tokens.get(role) ?? ''}` });
  const withAction = platform.filter(({ operation }) => operation['x-action'] !== undefined);

  it('is open to the roles the table says, and to no other', async () => {
    for (const role of tokens.keys()) {
      const actions: ReadonlySet<string> = actionsOf(mapOf(role), 'customer');
      for (const operation of withAction) {
        const response = await ask(operation, { headers: headersOf(role) });
        const where = `${role}: ${operation.method} ${operation.path} (${operation.operation['x-action']})`;
        expect(response.status === 403, where).toBe(!actions.has(operation.operation['x-action'] ?? ''));
        expect(response.status, where).not.toBe(401);
        expect(response.status, where).toBeLessThan(500);
        await response.body?.cancel();
      }
    }
  });

  it('answers bad bodies with 400 or 413 in the one shape, never with a fault', async () => {
    const json = { 'content-type': 'application/json' };
    const bodies: [string, Record<string, string>, BodyInit, number][] = [
      ['broken JSON', json, '{"a":', 400],
      ['no JSON at all', { 'content-type': 'text/plain' }, 'a=b', 400],
      ['NUL', json, '{"a":"\\u0000"}', 400],
      ['not UTF-8', json, new Uint8Array([0x22, 0xff, 0x22]), 400],
      ['null', json, 'null', 400],
      ['a list', json, '[]', 400],
      ['a deep tree', json, '['.repeat(20_000) + ']'.repeat(20_000), 400],
      ['too large', json, `"${'x'.repeat(1_048_576)}"`, 413],
    ];
    const takesJson = platform.filter(
      ({ operation }) => operation.requestBody?.content?.['application/json'] !== undefined,
    );
    expect(takesJson.length).toBeGreaterThan(0);
    for (const operation of takesJson) {
      for (const [what, headers, body, status] of bodies) {
        const auth = headersOf('admin');
        const response = await ask(operation, { headers: { ...auth, ...headers }, body });
        const where = `${what} to ${operation.method} ${operation.path}`;
        expect(response.status, where).toBe(status);
        expect(await response.json(), where).toMatchObject({
          error: true,
          code: 'INVALID_PARAMS',
          message: expect.any(String) as string,
        });
      }
    }
  });

  it('answers nonsense in path and query without a fault', async () => {
    for (const { method, path } of platform.filter(({ path }) => path.includes('{'))) {
      for (const value of ['x', '%00', '%ff', '..%2f..', "'%20OR%201=1", '9'.repeat(400)]) {
        const response = await ask(
          { method, path: path.replace(/\{\w+\}/g, value) },
          {
            headers: { ...headersOf('admin'), 'content-type': 'application/json' },
            ...(method !== 'GET' && { body: '{}' }),
          },
        );
        expect(response.status, `${method} ${path} ${value}`).toBeLessThan(500);
        await response.body?.cancel();
      }
    }
    for (const operation of platform.filter(({ method }) => method === 'GET')) {
      const query = '?limit=-1&cursor=%00&from=x&to=%ff&since=1:2:3&action=&page=1e9&user=&state=zz';
      const response = await ask(
        { ...operation, path: `${operation.path}${query}` },
        { headers: headersOf('admin') },
      );
      expect(response.status, operation.path).toBeLessThan(500);
      await response.body?.cancel();
    }
  });
});

describe('paths no route knows', () => {
  it.each([
    ['GET', '/api/nothing', 404, { error: true, code: 'NOT_FOUND', message: expect.any(String) as string }],
    [
      'GET',
      '/api/auth/login',
      405,
      { error: true, code: 'INVALID_PARAMS', message: expect.any(String) as string },
    ],
    ['GET', '/api/phone/nothing/', 404, { detail: expect.any(String) as string }],
    ['DELETE', '/api/v1/token/', 405, { detail: expect.any(String) as string }],
    ['POST', '/asterisk', 404, { error: expect.any(String) as string }],
    [
      'POST',
      '/some/page',
      405,
      { error: true, code: 'INVALID_PARAMS', message: expect.any(String) as string },
    ],
    ['POST', '/__demo/seed', 404, { error: true, code: 'NOT_FOUND', message: expect.any(String) as string }],
  ])('%s %s is %i in the shape of its API', async (method, path, status, body) => {
    const response = await ask({ method, path });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/[A-Z]/);
  });
});
