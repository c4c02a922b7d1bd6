/** The three APIs of communications by their own documents: nobody without the right token, nothing undocumented, no bad body. */
import { beforeAll, describe, expect, it } from 'vitest';
import { addCredential, ask, TestProvider } from '../support/communications';

interface Operation {
  key: string;
  method: string;
  path: string;
  access: string;
  takesJson: boolean;
  statuses: string[];
}

interface RawOperation {
  'x-access': string;
  summary?: string;
  requestBody?: { content?: Record<string, { schema?: unknown; example?: unknown }> };
  responses: Record<string, unknown>;
}

interface ApiDocument {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, { type?: string | string[] }> };
}

const documents = await Promise.all(
  ['/communications/v1', '/internal/v1', '/internal/v1/marketplace'].map(
    async (root) => (await ask('GET', `${root}/openapi.json`)).json as unknown as ApiDocument,
  ),
);

const operationsOf = ({ paths }: ApiDocument): Operation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, raw]) => ({
      key: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/g, 'made-up-id'),
      access: raw['x-access'],
      takesJson: raw.requestBody?.content?.['application/json'] !== undefined,
      statuses: Object.keys(raw.responses),
    })),
  );

const operations = documents.flatMap(operationsOf);
const closed = operations.filter(({ access }) => access !== 'public');

const tokens: Record<string, string> = {};
beforeAll(async () => {
  tokens.client = await new TestProvider().activate();
  tokens.service = await addCredential();
  tokens.developer = await addCredential('dev-company');
});

/** Which tokens open a door. */
const OPENS: Record<string, string[]> = {
  client: ['client'],
  service: ['service'],
  developer: ['developer'],
  market: ['service', 'developer'],
};

describe('the three APIs', () => {
  it('leave it to who uses a schema whether it may be null', () => {
    const schemas = documents.flatMap(({ components }) => Object.entries(components.schemas));
    const nullable = schemas.filter(([, { type = [] }]) => [type].flat().includes('null'));
    expect(nullable.map(([name]) => name)).toEqual([]);
  });

  it('are open to everybody at their documents and public keys alone', () => {
    const open = operations.filter(({ access }) => access === 'public').map(({ key }) => key);
    expect(open.toSorted()).toEqual([
      'GET /.well-known/jwks.json',
      'GET /communications/v1/openapi.json',
      'GET /internal/v1/marketplace/openapi.json',
      'GET /internal/v1/openapi.json',
    ]);
    expect(closed.length).toBeGreaterThan(15);
  });

  it.each(closed)(
    '$key asks for a token of its own kind',
    async ({ method, path, access, takesJson, statuses }) => {
      const body = takesJson ? {} : undefined;
      for (const [kind, token] of [
        ...Object.entries(tokens),
        ['none', undefined],
        ['forged', 'x.y.z'],
      ] as const) {
        const answer = await ask(method, path, { token, body });
        if (OPENS[access]?.includes(kind) === true) {
          expect([401, 403]).not.toContain(answer.status);
          expect(statuses).toContain(String(answer.status));
          continue;
        }
        const stranger = kind !== 'none' && kind !== 'forged' && kind !== 'client' && access !== 'client';
        expect(answer, kind).toMatchObject({
          status: stranger ? 403 : 401,
          json: { code: stranger ? 'forbidden' : 'unauthorized' },
        });
        expect(statuses).toContain(String(answer.status));
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        if (!stranger) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    },
  );

  it.each(closed)(
    '$key says when to come back to whoever asks too often',
    async ({ method, path, access }) => {
      const spent = { ok: false, code: 'rate_limited', retryAfterMs: 1_500 };
      const of = (deed: string) => ({ getByName: () => ({ [deed]: () => Promise.resolve(spent) }) });
      const token = tokens[OPENS[access]?.[0] ?? ''];
      const bindings = { PROVIDER_LINK: of('admit'), RATE_LIMITER: of('take') };
      const answer = await ask(method, path, { token, bindings });
      expect(answer).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
      expect(answer.headers.get('retry-after')).toBe('2');
    },
  );

  it.each(closed.filter(({ takesJson }) => takesJson))(
    '$key refuses bodies that are none, each by its fields or in words',
    async ({ method, path, access }) => {
      const token = tokens[OPENS[access]?.[0] ?? ''];
      for (const body of [null, [], 'text', 7, { nobody: 'knows' }]) {
        const answer = await ask(method, path, { token, body });
        expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
        expect(answer.json.errors).not.toEqual([]);
      }
      const big = await ask(method, path, { token, body: { text: 'x'.repeat(8_000_000) } });
      expect(big).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
    },
  );
});
