/** Calls of every shape for property tests: who is rung, who answers, how he hands on, over which trunks. */
import fc from 'fast-check';
import { incoming, type Handing, type IncomingPlan } from './calls.ts';
import { clicked, inside, outgoing, type OutgoingPlan } from './calls-out.ts';
import type { Trace } from './trace.ts';

type Made = Pick<Trace, 'steps' | 'expect'>;

const HOUSE = ['101', '102', '103', '104', '1050'];
const extension = fc.constantFrom(...HOUSE);
const seconds = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const handing: fc.Arbitrary<Handing> = fc.oneof(
  fc.record({
    how: fc.constant('blind' as const),
    to: extension,
    taken: fc.constant(true),
    after: seconds(2, 18),
  }),
  fc.record({
    how: fc.constant('attended' as const),
    to: extension,
    after: seconds(2, 18),
    collapses: fc.boolean(),
  }),
  fc.record({
    how: fc.constant('asked' as const),
    to: extension,
    after: seconds(2, 18),
    talked: fc.boolean(),
  }),
);
const refused: fc.Arbitrary<Handing> = fc.record({
  how: fc.constant('blind' as const),
  to: extension,
  taken: fc.constant(false),
  after: seconds(20, 55),
});

/** Who hands on does not hand on to himself. */
function chain(first: string, handings: Handing[]): Handing[] {
  let now = first;
  return handings.flatMap((next) => {
    if (next.to === now) return [];
    if (next.how !== 'asked') now = next.to;
    return [next];
  });
}

/** A caller. `phone` is his number. */
export const anyIncoming = (phone: string): fc.Arbitrary<Made> =>
  fc
    .record({
      // The same dial again is a repeat to whoever hears of it.
      groups: fc.uniqueArray(fc.uniqueArray(extension, { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 3,
        selector: (group) => group.join(),
      }),
      ringSec: seconds(2, 25),
      talkSec: seconds(3, 120),
      answered: fc.constantFrom('one', 'one', 'one', 'mobile', 'nobody', 'greeting'),
      pick: fc.nat(20),
      tries: fc.constantFrom(undefined, undefined, 'group' as const, 'follow' as const),
      handings: fc.array(handing, { maxLength: 3 }),
      last: fc.option(refused),
      customerFirst: fc.boolean(),
    })
    .map(({ groups, answered, pick, handings, last, ...rest }) => {
      const rung = groups.at(-1) ?? [];
      const answerer = rung[pick % rung.length] ?? '101';
      const plan: IncomingPlan = {
        ...rest,
        phone,
        rings: groups,
        answeredBy: answered === 'one' ? answerer : answered === 'mobile' ? 'mobile' : null,
        greetingOnly: answered === 'greeting',
        handings: chain(answerer, [...handings, ...(last ? [last] : [])]),
      };
      return incoming(plan);
    });

/** One of ours calls `phone`. */
export const anyOutgoing = (phone: string): fc.Arbitrary<Made> =>
  fc
    .record({
      ext: extension,
      failover: fc.boolean(),
      ringSec: seconds(1, 40),
      answered: fc.boolean(),
      talkSec: seconds(3, 120),
      handed: fc.option(fc.record({ ext: extension, taken: fc.boolean(), after: seconds(1, 15) })),
      listed: fc.boolean(),
    })
    .map(({ handed, ...rest }) => {
      const plan: OutgoingPlan = {
        ...rest,
        phone,
        handedTo: handed && handed.ext !== rest.ext ? handed : null,
      };
      return outgoing(plan);
    });

export const anyClick = (phone: string): fc.Arbitrary<Made> =>
  fc
    .record({ ext: extension, answered: fc.boolean(), talkSec: seconds(3, 120) })
    .map((plan) => clicked({ phone, ...plan }));

export const anyInside: fc.Arbitrary<Made> = fc
  .record({
    from: fc.constantFrom('101', '102'),
    to: fc.constantFrom('103', '104'),
    answered: fc.boolean(),
    talkSec: seconds(3, 60),
  })
  .map((plan) => inside(plan));

/** Any call the outside has a part in, of this number. */
export const anyCall = (phone: string): fc.Arbitrary<Made> =>
  fc.oneof(
    { arbitrary: anyIncoming(phone), weight: 4 },
    { arbitrary: anyOutgoing(phone), weight: 3 },
    { arbitrary: anyClick(phone), weight: 1 },
  );
