/** Whatever is sent in a body, a path or a query: refused in the one shape, never a fault. */
import { beforeAll, describe, expect, it } from 'vitest';
import { platform, refusalBody, refusesWith, type Operation } from './support/document';
import { placesOf, put } from './support/fill';
import { kinds } from './support/kinds';
import { exampleRequest, Tenant, type Answered, type Asked } from './support/tenant';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await Tenant.make('0101');
});

const JSON_TYPE = { 'content-type': 'application/json' };
const BODIES: [string, Record<string, string>, BodyInit, number][] = [
  ['broken JSON', JSON_TYPE, '{"a":', 400],
  ['no JSON at all', { 'content-type': 'text/plain' }, 'a=b', 400],
  ['NUL', JSON_TYPE, '{"a":"\\u0000"}', 400],
  ['not UTF-8', JSON_TYPE, new Uint8Array([0x22, 0xff, 0x22]), 400],
  ['null', JSON_TYPE, 'null', 400],
  ['a list', JSON_TYPE, '[]', 400],
  ['a deep tree', JSON_TYPE, '['.repeat(20_000) + ']'.repeat(20_000), 400],
];

/** A request for things that do not exist. */
const madeUp = (operation: (typeof platform)[number]): Asked =>
  placesOf(operation)
    .filter(({ where }) => where === 'path')
    .reduce<Asked>(
      (asked, place) =>
        put(asked, place, place.kind === undefined || place.kind === 'free' ? '1' : kinds[place.kind].madeUp),
      { ...exampleRequest(operation), body: undefined },
    );

const takesJson = platform.filter(({ json }) => json !== undefined);

describe('a body', () => {
  it.each(BODIES)('of %s is refused everywhere', async (_, headers, raw, status) => {
    expect(takesJson.length).toBeGreaterThan(20);
    for (const operation of takesJson) {
      const answer = await tenant.ask(operation, { ...madeUp(operation), headers, raw });
      expect([answer.status, answer.json], operation.key).toEqual([status, refusal(operation, answer)]);
    }
  });

  it('larger than its route takes is refused with 413', async () => {
    for (const operation of takesJson) {
      // One byte at a time nobody would send so much: the largest limit of any route is below this.
      const raw = `"${'x'.repeat(17 * 1_048_576)}"`;
      const answer = await tenant.ask(operation, { ...madeUp(operation), headers: JSON_TYPE, raw });
      expect([answer.status, answer.json], operation.key).toEqual([413, refusal(operation, answer)]);
    }
  });
});

const refusal = (operation: Operation, { json }: Answered) => ({
  ...(json['details'] === undefined ? {} : { details: json['details'] }),
  ...refusalBody(operation, 'INVALID_PARAMS'),
  message: expect.any(String) as string,
});

/** Values of the right form are no nonsense for a parameter that is any text. */
const NONSENSE = ['x', '%00', '%ff', '..%2f..', "'%20OR%201=1", '9'.repeat(400), '%0a'];

describe('nonsense', () => {
  it('in a path is no fault, and is refused as such where the route says so', async () => {
    const unheard: string[] = [];
    for (const operation of platform.filter(({ path }) => path.includes('{'))) {
      const heard = new Set<string>();
      for (const value of NONSENSE) {
        const { body } = exampleRequest(operation);
        // The path as it is: encoding it again would make good text of it.
        const path = operation.path.replaceAll(/\{\w+\}/g, value);
        const answer = await tenant.ask({ ...operation, path }, { body });
        expect(answer.status, `${operation.key} ${value}`).toBeLessThan(500);
        heard.add(String(answer.json['code']));
      }
      if (refusesWith(operation, 'INVALID_PARAMS') && !heard.has('INVALID_PARAMS'))
        unheard.push(operation.key);
    }
    expect(unheard).toEqual([]);
  });

  it('in a query is refused, not a fault', async () => {
    for (const operation of platform) {
      const names = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
      if (names.length === 0) continue;
      const heard: string[] = [];
      for (const value of ['-1', '\u0000', 'x'.repeat(3_000), '1:2:3', '1e9', '']) {
        const query = Object.fromEntries(names.map((name) => [name, value]));
        const asked = { ...madeUp(operation), query };
        const answer = await tenant.ask(operation, asked);
        expect(answer.status, `${operation.key} ${value.slice(0, 20)}`).toBeLessThan(500);
        heard.push(String(answer.json['code']));
      }
      expect(heard, operation.key).toContain('INVALID_PARAMS');
    }
  });
});
