/** For every route and every id in it: another tenant's is answered exactly as one that nothing has. */
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDb } from '../../../worker/db';
import { slots } from '../../../worker/db/schema';
import { operations, platform, type Operation } from './support/document';
import { fill, placesOf, put, type Place } from './support/fill';
import { FIELD_IDS, NARROWER, PATH_IDS } from './support/ids';
import { kinds } from './support/kinds';
import { COUNTED_INSIDE } from './support/kinds-of-campaigns';
import { madeUpLike } from './support/making';
import { Tenant, type Answered, type Asked } from './support/tenant';

let owner: Tenant;
let stranger: Tenant;

beforeAll(async () => {
  owner = await Tenant.make('0101');
  stranger = await Tenant.make('0202');
  // Numbers start anew in every tenant: the owner's are to be ones the stranger has not.
  await stranger.addBridge(['S1']);
  await owner.addBridge(['O1', 'O2']);
  const [bridge] = owner.bridges;
  await openDb(env.DB)
    .insert(slots)
    .values({
      tenantId: owner.id,
      id: 5_000,
      bridgeId: String(bridge?.record.id),
      key: 'gone',
      config: {},
      createdAt: 1,
      removedAt: 1,
    });
  await owner.addBridge(['O3']);
});
afterAll(() => {
  owner.hangUp();
  stranger.hangUp();
});

/** What a refusal says, but for the id it was asked with and what differs each time. */
const plain = ({ status, text }: Answered, id: string): [number, string] => [
  status,
  text
    .replaceAll(id, '(id)')
    .replaceAll(/"(?:timestamp|at|now|id|time)":(?:"[^"]*"|\d+)/g, '')
    .replaceAll(/"(?:epoch|offset|age_sec)":[^,}]*/g, ''),
];

async function compare(operation: Operation, place: Place): Promise<void> {
  if (place.kind === undefined || place.kind === 'free') return;
  const kind = kinds[place.kind];
  let ownersOuter: Asked = {};
  for (const outer of placesOf(operation)) {
    if (outer.where !== 'path' || outer.name === place.name) break;
    if (outer.kind === undefined || outer.kind === 'free') continue;
    ownersOuter = put(ownersOuter, outer, await kinds[outer.kind].make(owner, ownersOuter.path ?? {}));
  }
  const foreignId = await kind.make(owner, ownersOuter.path ?? {});
  // Everything else in the request is the stranger's own; what may be used up is made anew for each of the two.
  const foreign = await stranger.ask(operation, put(await fill(stranger, operation), place, foreignId));
  const madeUp = madeUpLike(kind, foreignId);
  const nothing = await stranger.ask(operation, put(await fill(stranger, operation), place, madeUp));
  expect(plain(foreign, foreignId), operation.key).toEqual(plain(nothing, madeUp));
  expect(foreign.status, operation.key).toBeLessThan(500);
  if (place.where === 'path' && !SHARED_NAMES.has(place.kind))
    expect([foreign.status, foreign.json['code']], operation.key).toEqual([404, 'NOT_FOUND']);
}

/** Names the PBX gives: the same in every tenant, each in a PBX of its own. */
const SHARED_NAMES: ReadonlySet<string> = new Set(['pbxWord', 'extension']);

const all = platform.flatMap((operation) =>
  placesOf(operation).map((place) => ({ operation, place, name: `${operation.key}: ${place.name}` })),
);
/** What is for the platform's own people alone has tenants for ids. */
const places = all.filter(
  ({ operation, place: { kind } }) =>
    !operation.ofPlatform && kind !== undefined && kind !== 'free' && !COUNTED_INSIDE.has(kind),
);

describe('the table of ids', () => {
  it('knows every id in the API', () => {
    expect(all.filter(({ place }) => place.kind === undefined).map(({ place }) => place.key)).toEqual([]);
  });

  it('knows none that is not there', () => {
    const there = new Set(operations.flatMap((operation) => placesOf(operation).map(({ key }) => key)));
    const listed = [...Object.keys(PATH_IDS), ...Object.keys(FIELD_IDS)];
    expect(listed.filter((key) => !there.has(key))).toEqual([]);
    const paths = operations.map(({ path }) => path);
    expect(Object.keys(NARROWER).filter((path) => !paths.includes(path))).toEqual([]);
  });
});

describe('another tenant’s id', () => {
  it.each(places)('is nobody’s in $name', async ({ operation, place }) => compare(operation, place));
});
