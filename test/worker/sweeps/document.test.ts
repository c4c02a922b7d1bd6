/** The API document is whole: every route is in it, with what it is, who may ask, what it answers and how it refuses. */
import { describe, expect, it } from 'vitest';
import { PLATFORM_ERRORS, publicCode, type PlatformErrorCode } from '../../../worker/http/errors';
import { app, operations, platform, refusalsOf, schemas, type Operation } from './support/document';
import { request } from './support/tenant';

/** One spelling of a path: without `/v1`, the trailing slash and the names of parameters. */
const canonical = (path: string) =>
  path
    .replace(/^\/api\/v1(?=\/|$)/, '/api')
    .replace(/(.)\/$/, '$1')
    .replace(/:\w+(?:\{[^}]*\})?/g, '{}')
    .replace(/\{\w*\}/g, '{}');

/** Every status and code of the published set, as a refusal may say them; and what telephony adds for operators. */
const PUBLISHED = new Set([
  ...(Object.keys(PLATFORM_ERRORS) as PlatformErrorCode[]).map(
    (code) => `${PLATFORM_ERRORS[code].status} ${publicCode(code)}`,
  ),
  ...['IN_TELEPHONY', 'NOT_IN_TELEPHONY', 'EXTENSION_TAKEN', 'NO_EXTENSION', 'NO_AGENT', 'NOT_CONNECTED'].map(
    (code) => `409 ${code}`,
  ),
  ...['PBX_REFUSED', 'NOTHING_LEFT'].map((code) => `409 ${code}`),
  '501 NOT_SUPPORTED',
  '502 TELEPHONY_UNAVAILABLE',
  '504 TELEPHONY_UNAVAILABLE',
]);

const statusesOf = ({ raw }: Operation): string[] => Object.keys(raw.responses ?? {});

/** What is missing, by a rule that answers null where nothing is. */
const missing = (among: readonly Operation[], rule: (operation: Operation) => string | null): string[] =>
  among.flatMap((operation) => {
    const problem = rule(operation);
    return problem === null ? [] : [`${operation.key}: ${problem}`];
  });

describe('the API document', () => {
  it('has an entry for every mounted route, or one of the three APIs of communications has', async () => {
    const documented = new Set(operations.map(({ method, path }) => `${method} ${canonical(path)}`));
    for (const root of ['/communications/v1', '/internal/v1', '/internal/v1/marketplace']) {
      const { json } = await request('GET', `${root}/openapi.json`);
      for (const [path, item] of Object.entries(json['paths'] as Record<string, object>))
        for (const method of Object.keys(item)) documented.add(`${method.toUpperCase()} ${canonical(path)}`);
    }
    const routes = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/__'))
      .map(({ method, path }) => `${method} ${canonical(path)}`)
      .filter((route) => !documented.has(route));
    expect(routes).toEqual([]);
  });

  it('says of every operation what it is, what it answers and how it refuses', () => {
    expect(
      missing(operations, (operation) => {
        if (!operation.raw.summary) return 'no summary';
        if (!operation.raw.tags?.length) return 'no tag';
        if (operation.raw.security === undefined) return 'no word on who may ask';
        if (!statusesOf(operation).some((status) => /^[123]/.test(status))) return 'no success';
        // The document itself asks for nothing and stands on nothing.
        const refuses = statusesOf(operation).some((status) => /^[45]/.test(status));
        if (!refuses && operation.path !== '/api/openapi.json') return 'no refusal';
        return null;
      }),
    ).toEqual([]);
  });

  it('leaves it to who uses a schema whether it may be null', () => {
    const nullable = Object.entries(schemas).filter(([, { type = [] }]) => [type].flat().includes('null'));
    expect(nullable.map(([name]) => name)).toEqual([]);
  });

  it('shows an example of every refusal of the platform, with a code of the published set', () => {
    expect(
      missing(platform, (operation) => {
        for (const [status, response] of Object.entries(operation.raw.responses ?? {})) {
          // What is outside of a file has no body to say more (416).
          if (!/^[45]/.test(status) || status === '416') continue;
          const examples = response.content?.['application/json']?.examples ?? {};
          if (Object.keys(examples).length === 0) return `no example of ${status}`;
        }
        const unknown = refusalsOf(operation).find(([status, code]) => !PUBLISHED.has(`${status} ${code}`));
        return unknown === undefined ? null : `${unknown.join(' ')} is no code of ours`;
      }),
    ).toEqual([]);
  });

  it('names the refusals that follow from what a route takes', () => {
    expect(
      missing(platform, (operation) => {
        const has = (status: number) => statusesOf(operation).includes(String(status));
        if (!operation.isPublic && !has(401)) return 'closed, but no 401';
        if (operation.raw['x-action'] !== undefined && !has(403)) return 'asks for an action, but no 403';
        if (operation.parameters.some((one) => one.in !== 'header') && !has(400))
          return 'takes parameters, but no 400';
        if (operation.json !== undefined && !(has(400) && has(413))) return 'takes JSON, but no 400 and 413';
        return null;
      }),
    ).toEqual([]);
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
    const answer = await request(method, path);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject(body);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/[A-Z]/);
  });
});
