import fc from 'fast-check';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { seedPeople, send, signInPhone } from '../../test/worker/support/dialer';
import { canonicalPath } from './room';

beforeAll(seedPeople);

/** Every call of the app's protocol and whether it needs a token. */
const CALLS = [
  ['POST', '/api/token/', false],
  ['POST', '/api/token/refresh/', false],
  ['POST', '/api/phone/qr/create/', true],
  ['POST', '/api/phone/qr/exchange/', false],
  ['GET', '/api/phone/qr/status/', true],
  ['GET', '/api/phone/user/info/', true],
  ['POST', '/api/phone/devices/register/', true],
  ['POST', '/api/phone/devices/heartbeat/', true],
  ['GET', '/api/phone/calls/pull/', true],
  ['POST', '/api/phone/calls/update/', true],
  ['POST', '/api/phone/telemetry/', true],
  ['POST', '/api/phone/logs/', true],
  ['POST', '/api/phone/logout/', true],
  ['POST', '/api/phone/logout/all/', true],
  ['GET', '/api/phone/app/latest/', true],
  ['POST', '/api/phone/calls/', true],
] as const;

const spellings = (path: string): string[] => {
  const bare = path.slice(0, -1);
  const v1 = path.replace('/api/', '/api/v1/');
  return [path, bare, v1, v1.slice(0, -1)];
};

describe('every path', () => {
  it.each(CALLS)(
    '%s %s answers the same in every spelling, without a redirect',
    async (method, path, signed) => {
      const answers = await Promise.all(
        spellings(path).map((spelling) =>
          send(method, spelling, method === 'POST' ? { body: { nothing: 1 } } : {}),
        ),
      );
      for (const answer of answers) {
        expect(answer.status).toBe(answers[0]?.status);
        expect(answer.json).toEqual(answers[0]?.json);
        expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      }
      if (signed)
        expect(answers[0]).toMatchObject({
          status: 401,
          json: { detail: 'Authentication credentials were not provided.' },
        });
      else expect([400, 401]).toContain(answers[0]?.status);
    },
  );

  it.each(CALLS)('%s %s refuses other methods with Allow', async (method, path) => {
    const { access: token } = await signInPhone('op12', null);
    for (const other of ['PUT', 'DELETE', 'PATCH', method === 'POST' ? 'GET' : 'POST']) {
      for (const spelling of spellings(path)) {
        const answer = await send(other, spelling, { token });
        expect(answer.status).toBe(405);
        expect(answer.json).toEqual({ detail: `Method "${other}" not allowed.` });
        expect(answer.headers.get('allow')).toContain(method);
      }
    }
  });

  it('is 404 in the dialer’s shape where there is none', async () => {
    for (const path of ['/api/phone/nothing/', '/api/phone/', '/api/token/nothing', '/api/v1/phone/x/y']) {
      expect(await send('GET', path)).toMatchObject({ status: 404, json: { detail: 'Not found.' } });
    }
  });

  it('answers HEAD as GET without a body', async () => {
    const { access: token } = await signInPhone('op12', null);
    expect(await send('HEAD', '/api/phone/user/info/', { token })).toMatchObject({ status: 200, text: '' });
    expect(await send('HEAD', '/api/phone/user/info')).toMatchObject({ status: 401, text: '' });
    expect((await send('HEAD', '/api/token/')).status).toBe(405);
  });

  it('has one canonical spelling', () => {
    expect(canonicalPath('/api/v1/phone/logs/')).toBe('/api/phone/logs');
    expect(canonicalPath('/phone/call')).toBe('/phone/call');
    expect(canonicalPath('/')).toBe('/');
  });
});

const POSTS = CALLS.filter(
  ([method, path]) => method === 'POST' && !path.includes('logout') && !path.includes('qr/create'),
);

describe('every body', () => {
  it.each(POSTS)('%s %s refuses broken JSON, other types and too much of it', async (method, path) => {
    const { access: token } = await signInPhone('op12', 'dev');
    const json = { 'content-type': 'application/json; charset=utf-8' };
    for (const raw of ['{', '{"a":}', 'nonsense', '"\ud800', "{'a':1}"]) {
      const broken = await send(method, path, { token, raw, headers: json });
      expect(broken.status).toBe(400);
      expect(broken.json.detail).toEqual(expect.stringMatching(/^JSON parse error - /));
    }
    const bytes = await send(method, path, { token, raw: new Uint8Array([0x7b, 0xff, 0x7d]), headers: json });
    expect(bytes).toMatchObject({ status: 400, json: { detail: expect.any(String) } });
    const xml = await send(method, path, {
      token,
      raw: '<a/>',
      headers: { 'content-type': 'application/xml' },
    });
    expect(xml).toMatchObject({
      status: 415,
      json: { detail: 'Unsupported media type "application/xml" in request.' },
    });
    const big = await send(method, path, { token, raw: `"${'x'.repeat(2 * 1024 * 1024)}"`, headers: json });
    expect(big).toMatchObject({ status: 413, json: { detail: expect.any(String) } });
  });

  it('never makes a fault of ours, and every refusal can be parsed', async () => {
    const { access: token } = await signInPhone('op12', 'dev');
    const word = fc.constantFrom(
      'device_id',
      'items',
      'payload',
      'ts',
      'type',
      'call_request_id',
      'call_status',
      'call_started_at',
      'refresh',
      'token',
      'username',
      'password',
      'phone',
      'queue_stuck',
      'stuck_by_type',
      '__proto__',
      'toString',
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(
        '\0',
        '\ud83d',
        '9'.repeat(400),
        '1e999',
        '2026-11-15T10:30:00Z',
        crypto.randomUUID(),
        1e308,
        -0,
      ),
    );
    const body = fc.oneof(
      fc.dictionary(word, value),
      fc.array(fc.dictionary(word, value), { maxLength: 3 }),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...POSTS), body, async ([method, path], sent) => {
        const answer = await send(method, path, {
          token,
          raw: JSON.stringify(sent),
          headers: { 'content-type': 'application/json' },
        });
        expect([200, 400, 401, 404, 409, 423]).toContain(answer.status);
        if (answer.status === 200) return;
        for (const problem of Object.values(answer.json)) {
          const texts = Array.isArray(problem) ? problem : [problem];
          for (const text of texts) if (answer.status === 400) expect(typeof text).toBe('string');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the OpenAPI document', () => {
  it('holds every path with an answer and its refusals', async () => {
    const response = await exports.default.fetch('http://dialer.example/api/openapi.json');
    const document = (await response.json()) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    for (const [method, path] of CALLS) {
      const entry = document.paths[path]?.[method.toLowerCase()];
      expect(entry, `${method} ${path}`).toBeDefined();
      expect(Object.keys(entry?.responses ?? {})).toEqual(expect.arrayContaining(['200', '405']));
    }
    expect(env.DEMO).toBeUndefined();
  });
});
