/** The document's own examples, sent as they are (ids of things made for it in the place of invented ones): they work. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleOf, exampleOfParameter, platform, type Operation } from './support/document';
import { fill } from './support/fill';
import { SPECIAL } from './support/special';
import { Tenant } from './support/tenant';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await Tenant.make('0101');
  await tenant.addBridge(['E1', 'E2', 'E3', 'E4', 'E5', 'E6']);
});
afterAll(() => {
  for (const bridge of tenant.bridges) expect(bridge.problems).toEqual([]);
  tenant.hangUp();
});

/** What an example stands for can't be had here: the answer it gets instead, and why. */
const INSTEAD: Readonly<Record<string, [number, string, string]>> = {
  'POST /api/auth/login': [401, 'AUTH_FAIL', 'nobody has that password'],
  'POST /bridge/enrol': [401, 'AUTH_FAIL', 'a code is used once'],
};

/** Successes an operation names. */
const successes = ({ raw }: Operation): number[] =>
  Object.keys(raw.responses ?? {})
    .map(Number)
    .filter((status) => status < 400);

describe('the examples of', () => {
  it('every body, and every parameter that has to be there, are in the document', () => {
    const missing = platform.flatMap((operation) => [
      ...(operation.json !== undefined && exampleOf(operation.json) === undefined
        ? [`${operation.key}: body`]
        : []),
      ...operation.parameters
        .filter((one) => one.in === 'path' || one.required === true)
        .filter((one) => exampleOfParameter(one) === undefined)
        .map((one) => `${operation.key}: ${one.in} ${one.name}`),
    ]);
    expect(missing).toEqual([]);
  });

  it('every answer are in the document', () => {
    const missing = platform.flatMap((operation) =>
      Object.entries(operation.raw.responses ?? {}).flatMap(([status, response]) => {
        const media = response.content?.['application/json'];
        return media !== undefined && exampleOf(media) === undefined ? [`${operation.key} ${status}`] : [];
      }),
    );
    expect(missing).toEqual([]);
  });

  it.each(platform)('$key work', async (operation) => {
    const filled = await fill(tenant, operation);
    const { bindings, ...asked } = { ...filled, ...(await SPECIAL[operation.key]?.(tenant, filled)) };
    const answer = await tenant.ask(operation, asked, 'admin', bindings);
    const instead = INSTEAD[operation.key];
    const got = `${answer.status} ${answer.text.slice(0, 300)}`;
    if (instead === undefined) expect(successes(operation), got).toContain(answer.status);
    else expect([answer.status, answer.json['code']], got).toEqual(instead.slice(0, 2));
  });

  it('nothing that is no longer there have special needs', () => {
    const keys = new Set(platform.map(({ key }) => key));
    expect([...Object.keys(SPECIAL), ...Object.keys(INSTEAD)].filter((key) => !keys.has(key))).toEqual([]);
  });
});
