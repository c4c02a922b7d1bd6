/** When what a route stands on fails: 500 in its API's shape, an id that finds the entry in the log, nothing of the inside. */
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { platform, refusalBody, refusesWith, type Operation } from './support/document';
import { placesOf, put } from './support/fill';
import { kinds } from './support/kinds';
import { SPECIAL } from './support/special';
import { exampleRequest, Tenant, type Asked } from './support/tenant';

const SECRET_WORDS = 'row 42 of table tenant_secrets';
/** A part that is down: whatever is asked of it throws. */
const broken = new Proxy(
  {},
  {
    get: () => () => {
      throw new Error(SECRET_WORDS);
    },
  },
);
const parts = Object.entries(env).flatMap(([name, binding]) =>
  typeof binding === 'object' && binding !== null && ['getByName', 'prepare', 'put'].some((f) => f in binding)
    ? [name]
    : [],
);
const nothingWorks = Object.fromEntries(parts.map((name) => [name, broken]));

let tenant: Tenant;
const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
beforeAll(async () => {
  tenant = await Tenant.make('0101');
});
afterAll(() => logged.mockRestore());

function askFor(operation: Operation): Asked {
  let asked = exampleRequest(operation);
  for (const place of placesOf(operation)) {
    if (place.where !== 'path') continue;
    asked = put(
      asked,
      place,
      place.kind === undefined || place.kind === 'free' ? '1' : kinds[place.kind].madeUp,
    );
  }
  return asked.headers === undefined
    ? asked
    : { ...asked, headers: { ...asked.headers, upgrade: 'websocket' } };
}

describe('a fault of ours', () => {
  it('is about parts there are', () => {
    expect(parts).toEqual(
      expect.arrayContaining(['DB', 'BLOBS', 'SESSION_GATE', 'CALL_HUB', 'RATE_LIMITER']),
    );
  });

  it.each(platform.filter((operation) => refusesWith(operation, 'INTERNAL')))(
    'is told in $key, and nothing else',
    async (operation) => {
      logged.mockClear();
      const special = operation.path === '/metrics' ? await SPECIAL[operation.key]?.(tenant, {}) : {};
      const { bindings, ...asked } = { ...askFor(operation), ...special };
      const answer = await tenant.ask(operation, asked, 'admin', { ...nothingWorks, ...bindings });
      expect(answer.status).toBe(500);
      expect(answer.json).toMatchObject({
        ...refusalBody(operation, 'INTERNAL'),
        request_id: expect.any(String) as string,
      });
      expect(answer.text).not.toContain(SECRET_WORDS);
      expect(answer.text).not.toMatch(/ at |Error:|worker\/|\.ts/);
      const entries = logged.mock.calls.map((line) => line.join(' '));
      expect(entries.some((line) => line.includes(String(answer.json['request_id'])))).toBe(true);
    },
  );
});
