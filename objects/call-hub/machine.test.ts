import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_STATUSES } from './contract';
import {
  applyChange,
  applyChanges,
  EVIDENCE,
  newCall,
  statusOf,
  TRANSITIONS,
  type CallChange,
  type Evidence,
} from './machine';

const call = newCall('c_1', 'phone', 'out', '+375290000000', 1_000);
const rank = { queued: 0, ringing: 1, connected: 2, ended: 3 };

const evidence = fc.constantFrom(...(Object.keys(EVIDENCE) as Evidence[]));
const change: fc.Arbitrary<CallChange> = fc.oneof(
  fc.record({
    type: fc.constant('reach' as const),
    state: fc.constantFrom('queued' as const, 'ringing' as const, 'connected' as const),
    at: fc.integer({ min: 0, max: 5 }),
    by: fc.constantFrom('pbx', 'phone'),
  }),
  fc
    .record({ evidence, order: fc.integer({ min: 0, max: 3 }), id: fc.uuid() })
    .map(({ evidence: kind, order, id }) => ({
      type: 'end' as const,
      ending: { evidence: kind, order, id, endAt: 9, by: 'pbx', outcome: null, answerAt: null, talkSec: 0 },
    })),
  fc.array(fc.constantFrom('u1', 'u2', 'u3')).map((userIds) => ({ type: 'show' as const, userIds })),
);

describe('a call', () => {
  it('only goes where the table allows', () => {
    for (const from of CALL_STATUSES) {
      for (const to of TRANSITIONS[from]) expect(rank[to], `${from} to ${to}`).toBeGreaterThan(rank[from]);
    }
    expect(TRANSITIONS.ended).toEqual([]);
  });

  it('never moves back, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        let known = call;
        for (const next of changes) {
          const after = applyChange(known, next);
          expect(rank[statusOf(after)]).toBeGreaterThanOrEqual(rank[statusOf(known)]);
          known = after;
        }
      }),
    );
  });

  it('ends up the same in any order and with any repeats', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(change, { maxLength: 12, selector: (item) => JSON.stringify(item) })
          .chain((changes) =>
            fc.tuple(
              fc.constant(changes),
              fc.shuffledSubarray(changes, { minLength: changes.length }),
              fc.array(fc.nat(Math.max(0, changes.length - 1)), { maxLength: changes.length === 0 ? 0 : 8 }),
            ),
          ),
        ([changes, shuffled, repeats]) => {
          const again = repeats.flatMap((index) => changes[index] ?? []);
          expect(applyChanges(call, [...shuffled, ...again])).toEqual(applyChanges(call, changes));
        },
      ),
    );
  });

  it('keeps the heavier evidence of its end', () => {
    const end = (kind: Evidence, order: number): CallChange => ({
      type: 'end',
      ending: {
        evidence: kind,
        order,
        id: kind,
        endAt: order,
        by: 'pbx',
        outcome: null,
        answerAt: null,
        talkSec: null,
      },
    });
    expect(applyChanges(call, [end('reported', 1), end('unknown', 9)]).ending?.evidence).toBe('reported');
    expect(applyChanges(call, [end('timer', 1), end('reported', 0)]).ending?.evidence).toBe('reported');
    expect(applyChanges(call, [end('reported', 2), end('reported', 1)]).ending?.order).toBe(2);
  });

  it('answers the very same record when a change says nothing new', () => {
    const rung = applyChange(call, { type: 'reach', state: 'ringing', at: 5, by: 'pbx' });
    expect(applyChange(rung, { type: 'reach', state: 'ringing', at: 6, by: 'pbx' })).toBe(rung);
    expect(applyChange(rung, { type: 'describe', fields: { number: rung.number, trunk: undefined } })).toBe(
      rung,
    );
  });
});
