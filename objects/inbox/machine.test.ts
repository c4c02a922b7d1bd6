import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasFailed, isAfter, join, placeOf, placeText, sentAtOf, statusOf, type Progress } from './machine';

const progress = fc.constantFrom<Progress>('queued', 'unsent', 'sent', 'failed', 'delivered', 'read');

describe('how far a message has come', () => {
  it('does not depend on the order in which it is heard, nor on how often', () => {
    fc.assert(
      fc.property(
        fc
          .array(progress, { minLength: 1, maxLength: 8 })
          .chain((heard) =>
            fc.tuple(
              fc.constant(heard),
              fc.shuffledSubarray([...heard, ...heard], { minLength: heard.length * 2 }),
            ),
          ),
        ([heard, shuffled]) => {
          expect(shuffled.reduce(join)).toBe(heard.reduce(join));
        },
      ),
    );
  });

  it('never goes back', () => {
    fc.assert(
      fc.property(progress, progress, (one, other) => {
        const after = join(one, other);
        expect([one, other]).toContain(after);
        expect(join(after, one)).toBe(after);
        if (one === 'read') expect(after).toBe('read');
        if (one === 'delivered') expect(hasFailed(after)).toBe(false);
      }),
    );
  });

  it('shows what was given up as failed, and believes an acknowledgement that comes all the same', () => {
    expect(statusOf('unsent')).toBe('failed');
    expect(statusOf(join('unsent', 'sent'))).toBe('sent');
    expect(statusOf(join('failed', 'sent'))).toBe('failed');
    expect(statusOf(join('failed', 'delivered'))).toBe('delivered');
  });
});

describe('a place in a chat', () => {
  const place = fc.record({ at: fc.integer({ min: -1e12, max: 9e14 }), seq: fc.nat() });
  it('is read back as it was written, and nothing else is', () => {
    fc.assert(
      fc.property(place, (one) => {
        expect(placeOf(placeText(one))).toEqual(one);
      }),
    );
    for (const text of ['', 'x', '1', '1_', '_1', '1_2_3', '1e3_2', ' 1_2']) expect(placeOf(text)).toBe(null);
  });
  it('stands before or behind every other', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const same = one.at === other.at && one.seq === other.seq;
        expect(Number(isAfter(one, other)) + Number(isAfter(other, one))).toBe(same ? 0 : 1);
      }),
    );
  });
  it('never lies in the future', () => {
    expect([sentAtOf(undefined, 10), sentAtOf(5, 10), sentAtOf(11, 10)]).toEqual([10, 5, 10]);
  });
});
