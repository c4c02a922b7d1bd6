/** Whatever is sent to any route of the API document: its own API's error shape, never a 500, a redirect or HTML. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiOf } from '../../worker/http/families.ts';
import { signIn, type Client, type Reply } from './support/client.ts';
import { Handset } from './support/handset.ts';
import { TestServer } from './support/server.ts';

interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  parameters: string[];
  hasBody: boolean;
}

let server: TestServer;
let admin: Client;
let phone: Client;
let operations: Operation[];

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  phone = (await Handset.signIn(admin)).client;
  const document = (await admin.get('/api/openapi.json')).json;
  const paths = document['paths'] as Record<string, Record<string, Record<string, unknown>>>;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase() as Operation['method'],
      path,
      parameters: ((operation['parameters'] ?? []) as { in: string; name: string }[])
        .filter((parameter) => parameter.in === 'query')
        .map((parameter) => parameter.name),
      hasBody: operation['requestBody'] !== undefined,
    })),
  );
});
afterAll(() => server.stop());

const clientFor = (path: string): Client =>
  apiOf(path) === 'dialer' ? phone : apiOf(path) === 'pbx' ? admin.as(null) : admin;
/** Signing out or polling is no bad input, and would end or slow the rest; telephony the demo has none of is 502. */
const harmless = ({ path }: Operation): boolean =>
  !/logout|sessions|calls\/pull|__demo|telephony\/check/.test(path) && apiOf(path) !== 'app';
/** A CRM shows these answers to its people as they are. */
const inPlainText = (path: string): boolean => ['/retailcrm/make-call', '/retailcrm/status'].includes(path);

/** What is wrong with a refusal's shape; null for a good one. */
function misshapen(path: string, reply: Reply): string | null {
  const said = `${reply.status} ${reply.headers['content-type'] ?? ''} ${reply.text.slice(0, 200)}`;
  if (reply.status >= 500 || (reply.status >= 300 && reply.status < 400)) return said;
  if (reply.status < 300) return null;
  if (inPlainText(path)) return reply.text === '' ? said : null;
  const type = apiOf(path) === 'communications' ? 'application/problem+json' : 'application/json';
  if (!String(reply.headers['content-type']).startsWith(type)) return said;
  const { json } = reply;
  const fields = Object.values(json).every((value) => typeof value === 'string' || Array.isArray(value));
  switch (apiOf(path)) {
    case 'dialer':
      return typeof json['detail'] === 'string' || (reply.status === 400 && fields && reply.text !== '{}')
        ? null
        : said;
    case 'pbx':
      return 'error' in json ? null : said;
    case 'service':
      return 'detail' in json ? null : said;
    case 'engine':
      return typeof json['code'] === 'number' && typeof json['message'] === 'string' ? null : said;
    case 'operators':
      return typeof json['code'] === 'string' && typeof json['message'] === 'string' ? null : said;
    case 'communications':
      return json['status'] === reply.status && typeof json['code'] === 'string' ? null : said;
    case 'platform':
    case 'app':
      return json['error'] === true && typeof json['code'] === 'string' && typeof json['message'] === 'string'
        ? null
        : said;
  }
}

async function sweep(
  send: (operation: Operation) => Promise<Reply>[],
  which: (operation: Operation) => boolean,
) {
  const faults: string[] = [];
  for (const operation of operations.filter(harmless).filter(which)) {
    for (const reply of await Promise.all(send(operation))) {
      const fault = misshapen(operation.path, reply);
      if (fault !== null) faults.push(`${operation.method} ${operation.path}: ${fault}`);
    }
  }
  return faults;
}

const template = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
const filled = (path: string, value: string): string => path.replaceAll(/\{[^}]+\}/g, value);
const ask = (operation: Operation, path: string, extra: Parameters<Client['send']>[2] = {}): Promise<Reply> =>
  clientFor(operation.path).send(operation.method, path, extra);
const JSON_TYPE = { 'content-type': 'application/json' };

const BODIES: [string, string][] = [
  ['nothing', ''],
  ['broken JSON', '{"a":'],
  ['no object', 'null'],
  ['a list', '[1,2]'],
  ['a text', '"x"'],
  ['a number', '1e400'],
  ['an empty object', '{}'],
  [
    'every type wrong',
    JSON.stringify({
      number: {},
      phone: [],
      text: 7,
      username: {},
      password: [],
      refresh: {},
      token: 9,
      via: [],
      call_id: {},
      device_id: {},
      device_name: [],
      items: 'x',
      call_request_id: 5,
      call_status: [],
      settings: 3,
      Token: {},
      UniqueId: [],
    }),
  ],
  [
    'NUL characters',
    JSON.stringify({
      number: '\0',
      phone: '\0',
      text: 'a\0b',
      username: '\0',
      device_id: '\0',
      token: '\0',
      refresh: '\0',
      call_id: '\0',
      call_request_id: '\0',
      Token: '\0',
    }),
  ],
  [
    'lone surrogates',
    '{"text":"\\ud800","username":"\\udfff","device_id":"\\ud800","phone":"\\ud800","token":"\\ud800"}',
  ],
  [
    'names of the language',
    '{"__proto__":{"a":1},"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":2}',
  ],
  ['deep nesting', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
];

describe('the API document', () => {
  it('lists what there is', () => {
    expect(operations.length).toBeGreaterThan(30);
    for (const path of [
      '/api/call/start',
      '/api/calls/feed',
      '/api/phone/calls/pull/',
      '/api/phones',
      '/asterisk/{event}',
    ]) {
      expect(operations.map((operation) => operation.path)).toContain(path);
    }
  });
});

describe('every route', () => {
  it.each(BODIES)('bears a body of %s', async (_, raw) => {
    const faults = await sweep(
      (operation) => [ask(operation, filled(operation.path, '0'), { raw, headers: JSON_TYPE })],
      (operation) => operation.hasBody,
    );
    expect(faults).toEqual([]);
  });

  it('bears other content types and broken UTF-8', async () => {
    const faults = await sweep(
      (operation) =>
        ['text/plain', 'application/xml', 'multipart/form-data', 'application/json; charset=utf-16'].map(
          (type) =>
            ask(operation, filled(operation.path, '0'), { raw: 'a=b&c', headers: { 'content-type': type } }),
        ),
      (operation) => operation.hasBody,
    );
    expect(faults).toEqual([]);
  });

  it('bears any id in its path', async () => {
    const ids = [
      '%00',
      '%ff',
      '..%2f..',
      '%F0%9F%98%80',
      "'--",
      'a'.repeat(2_000),
      '0b54f3a2-6a3f-4f43-9d0e-0f6a3c1e5d11',
      'c_01',
    ];
    const faults = await sweep(
      (operation) =>
        ids.map((id) => ask(operation, filled(operation.path, id), operation.hasBody ? { body: {} } : {})),
      (operation) => operation.path.includes('{'),
    );
    expect(faults).toEqual([]);
  });

  it('bears any value in its query', async () => {
    const values = [
      '',
      '%00',
      '%ff',
      '-1',
      '1e9',
      'x'.repeat(2_000),
      '9999-99-99',
      'a:b',
      ':',
      '0:99999999999999999999',
    ];
    const faults = await sweep(
      (operation) =>
        values.map((value) =>
          ask(
            operation,
            `${filled(operation.path, '0')}?${operation.parameters.map((name) => `${name}=${value}`).join('&')}`,
          ),
        ),
      (operation) => operation.method === 'GET' && operation.parameters.length > 0,
    );
    expect(faults).toEqual([]);
  });

  it('refuses a body over its limit with 413', async () => {
    // More than the greatest limit of a JSON body; files are streamed, tenants and credentials of the marketplace are not
    // this user's to make, and a dialplan is never answered anything but 200 and 401.
    const raw = JSON.stringify({ payload: 'x'.repeat(9 * 1_024 * 1_024) });
    const isOther = (path: string): boolean =>
      /builds|\/file$|\/import$|^\/api\/(?:tenants|marketplace)|getcustomerdata/.test(path);
    const answers: string[] = [];
    for (const operation of operations
      .filter(harmless)
      .filter(({ hasBody, path }) => hasBody && !isOther(path))) {
      const reply = await ask(operation, filled(operation.path, '0'), { raw, headers: JSON_TYPE });
      const fault = misshapen(operation.path, reply);
      if (reply.status !== 413 || fault !== null)
        answers.push(`${operation.method} ${operation.path}: ${reply.status} ${fault ?? ''}`);
    }
    expect(answers).toEqual([]);
  });

  it('asks for a sign-in where it is not public, and never breaks on a bad one', async () => {
    const tokens = ['', 'x', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(5_000)];
    const faults = await sweep(
      (operation) =>
        tokens.map((token) =>
          ask(operation, filled(operation.path, '0'), { token, ...(operation.hasBody ? { body: {} } : {}) }),
        ),
      () => true,
    );
    expect(faults).toEqual([]);
  });

  it('knows only its own methods', async () => {
    const known = new Set(operations.map(({ path }) => path));
    const faults: string[] = [];
    for (const path of known) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        // `GET /api/call/start` is the call whose id is "start".
        if (operations.some((other) => other.method === method && template(other.path).test(path))) continue;
        const reply = await clientFor(path).send(method, filled(path, '0'));
        const fault = misshapen(path, reply);
        if (![405, 404].includes(reply.status) || fault !== null)
          faults.push(`${method} ${path}: ${reply.status} ${fault ?? ''}`);
      }
    }
    expect(faults).toEqual([]);
  });
});
