import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { anyCall, anyInside } from '../../../test/sim/pbx/any-call';
import { MemoryDesk } from '../../../test/worker/support/memory-desk';
import { playTrace, type ExpectedTelling, type PbxPost, type Trace } from '../../../test/sim/pbx/trace';
import type { CrmIntent, CrmRecord } from './contract';

const EPOCH = 1_760_000_000;
const START = EPOCH * 1_000;
const FAR = START + 24 * 3_600_000;
const RULES = { mobiles: [{ number: '375330000077', extension: null }], transferWaitSec: 20 };

// Hundreds of whole calls take a while on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

type Made = Pick<Trace, 'steps' | 'expect'>;

const postsOf = ({ steps, expect: truth }: Made, run = '1'): PbxPost[] =>
  playTrace({ about: '', steps, expect: truth }, { epoch: EPOCH, zoneMinutes: 180, token: 't', run });

const byTime = (posts: PbxPost[]): PbxPost[] => [...posts].sort((a, b) => a.after - b.after);

function tell(posts: readonly PbxPost[]): MemoryDesk {
  const desk = new MemoryDesk(RULES);
  desk.play(posts, START);
  desk.passTo(FAR);
  return desk;
}

/** What a record says, without when it was said. */
const gist = ({ call, result, extension, talkers, startedAt }: CrmRecord) => ({
  call: { ...call, callId: '' },
  result,
  extension,
  talkers,
  startedAt,
});

/** The same records; a phone that comes into the same bridge again says the same again, so one of the two is a repeat. */
function expectSame(records: readonly CrmRecord[], others: readonly CrmRecord[]): void {
  expect(records.map(gist)).toEqual(others.map(gist));
  records.forEach(({ durationSec, waitingSec }, index) => {
    expect(Math.abs((durationSec ?? 0) - (others[index]?.durationSec ?? 0))).toBeLessThanOrEqual(1);
    expect(Math.abs(waitingSec - (others[index]?.waitingSec ?? 0))).toBeLessThanOrEqual(1);
  });
}

function expectTruth(records: readonly CrmRecord[], truth: ExpectedTelling): void {
  const mine = records.filter(({ call }) => call.phone === truth.phone);
  expect(mine).toHaveLength(1);
  const [record] = mine;
  expect(record).toMatchObject({
    call: { direction: truth.direction, trunk: truth.trunk },
    result: truth.result,
    extension: truth.first,
    talkers: truth.talkers,
  });
  expect(Math.abs((record?.durationSec ?? -99) - truth.talk)).toBeLessThanOrEqual(3);
  expect(Math.abs((record?.waitingSec ?? -99) - truth.waiting)).toBeLessThanOrEqual(3);
}

/** Of each call: the numbers leave no gap, nobody is shown a card twice, nothing follows its record. */
function expectOrderly(intents: readonly CrmIntent[]): void {
  for (const callId of new Set(intents.map(({ call }) => call.callId))) {
    const mine = intents.filter(({ call }) => call.callId === callId);
    expect(mine.map(({ n }) => n)).toEqual(mine.map((_, index) => index + 1));
    const shown = mine.flatMap((intent) => (intent.kind === 'popup' ? intent.extensions : []));
    expect(new Set(shown).size).toBe(shown.length);
    const kinds = mine.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'record').length).toBeLessThanOrEqual(1);
    if (kinds.includes('record')) expect(kinds.at(-1)).toBe('record');
    const hangup = kinds.indexOf('hangup');
    expect(hangup >= 0).toBe(shown.length > 0);
    if (hangup >= 0) expect(kinds.slice(hangup + 1)).not.toContain('popup');
  }
}

const CALLER = '375290000001';
const OTHER = '375290000002';

describe('any call', () => {
  it('is one true record, and its people are shown it once', () => {
    fc.assert(
      fc.property(anyCall(CALLER), (made) => {
        const { intents } = tell(postsOf(made));
        const [truth] = made.expect.crm ?? [];
        if (!truth) throw new Error('a call without a truth');
        expectTruth(
          intents.filter((intent) => intent.kind === 'record'),
          truth,
        );
        expectOrderly(intents);
        const announced = intents.flatMap((intent) => (intent.kind === 'popup' ? intent.extensions : []));
        expect(announced.sort()).toEqual([...truth.announced].sort());
      }),
      { numRuns: 200 },
    );
  });

  it('is the same record in any order and with any repeats', () => {
    const shuffled = anyCall(CALLER).chain((made) => {
      const posts = postsOf(made);
      return fc.tuple(
        fc.constant(posts),
        fc.shuffledSubarray(posts, { minLength: posts.length }),
        fc.array(fc.constantFrom(...posts), { maxLength: 6 }),
      );
    });
    fc.assert(
      fc.property(shuffled, ([posts, order, repeats]) => {
        const desk = new MemoryDesk(RULES);
        // Each event keeps the moment it reached us; only the order in which they are taken in is another.
        for (const post of [...order, ...repeats]) desk.take(post, START + post.after, START);
        desk.passTo(FAR);
        expectSame(desk.records(), tell(posts).records());
        expectOrderly(desk.intents);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same true record when its events come late and out of order', () => {
    const late = anyCall(CALLER).chain((made) =>
      fc.tuple(
        fc.constant(made),
        fc.array(fc.nat(1_400), { minLength: made.steps.length, maxLength: made.steps.length }),
      ),
    );
    fc.assert(
      fc.property(late, ([made, delays]) => {
        const posts = byTime(
          postsOf(made).map((post, index) => ({ ...post, after: post.after + (delays[index] ?? 0) })),
        );
        const [truth] = made.expect.crm ?? [];
        const { intents } = tell(posts);
        if (truth)
          expectTruth(
            intents.filter((intent) => intent.kind === 'record'),
            truth,
          );
        expectOrderly(intents);
      }),
      { numRuns: 200 },
    );
  });

  it('gets no second record from hangups a host reads from its journal later', () => {
    fc.assert(
      fc.property(anyCall(CALLER), fc.integer({ min: 1, max: 90 }), (made, minutes) => {
        const posts = postsOf(made);
        const again = posts
          .filter(({ event }) => event === 'hangup')
          .map((post) => ({
            ...post,
            after: post.after + minutes * 60_000,
            body: { ...post.body, origin: 'download' },
          }));
        const desk = tell(byTime([...posts, ...again]));
        expectSame(desk.records(), tell(posts).records());
        expectOrderly(desk.intents);
      }),
      { numRuns: 100 },
    );
  });

  it('is told apart from another that goes on beside it', () => {
    const two = fc.tuple(anyCall(CALLER), anyCall(OTHER), anyInside, fc.nat(30_000), fc.nat(30_000));
    fc.assert(
      fc.property(two, ([one, other, inner, later, latest]) => {
        const shift = (posts: PbxPost[], by: number): PbxPost[] =>
          posts.map((post) => ({ ...post, after: post.after + by }));
        // Shifted by whole seconds of the host's clock too.
        const at = (made: Made, run: string, by: number): PbxPost[] =>
          shift(
            playTrace(
              { about: '', ...made },
              { epoch: EPOCH + Math.floor(by / 1_000), zoneMinutes: 180, token: 't', run },
            ),
            Math.floor(by / 1_000) * 1_000,
          );
        const posts = byTime([...postsOf(one, '1'), ...at(other, '2', later), ...at(inner, '3', latest)]);
        const records = tell(posts).records();
        expect(records).toHaveLength(2);
        for (const truth of [...(one.expect.crm ?? []), ...(other.expect.crm ?? [])])
          expectTruth(records, truth);
      }),
      { numRuns: 200 },
    );
  });
});
