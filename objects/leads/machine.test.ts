import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadFields, LeadViewer } from './contract';
import { difference, EMPTY, mayHandOver, mergeOf, sees } from './machine';
import { digitsOf, matchOf } from '../lib/search-terms';

const text = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null });
const given = fc.record(
  {
    name: text,
    email: text,
    comment: text,
    status: fc.constantFrom('new', 'won'),
    owner: fc.option(fc.constantFrom('olga', 'ivan'), { nil: null }),
    nextAt: fc.option(fc.nat(3), { nil: null }),
    nextText: text,
    extra: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
  },
  { requiredKeys: [] },
);
const lead = given.map((fields): LeadFields => ({
  number: '+375290000001',
  ...EMPTY,
  status: 'new',
  ...fields,
}));
const rule = fc.constantFrom('fill' as const, 'overwrite' as const);
const changed = (before: LeadFields, change: Partial<LeadFields>): LeadFields => ({
  ...before,
  ...difference(before, change)?.after,
});

describe('difference', () => {
  it('is what was asked for and nothing else, and nothing the second time', () => {
    fc.assert(
      fc.property(lead, given, (before, change) => {
        const after = changed(before, change);
        expect(difference(after, change)).toBe(null);
        for (const [field, value] of Object.entries(difference(before, change)?.before ?? {}))
          expect(before[field as keyof LeadFields]).toEqual(value);
        if (after.nextAt === null && before.nextAt !== null) expect(after.nextText).toBe(null);
      }),
    );
  });
});

describe('mergeOf', () => {
  it('changes nothing when the same lead comes again, however it is merged', () => {
    fc.assert(
      fc.property(lead, given, rule, (first, second, how) => {
        const merged = changed(first, mergeOf(first, second, how));
        expect(difference(merged, mergeOf(merged, second, how))).toBe(null);
      }),
    );
  });

  it('never empties a field nor moves a number, and fills without touching what is there', () => {
    fc.assert(
      fc.property(lead, given, rule, (first, second, how) => {
        const merged = changed(first, mergeOf(first, { ...second, number: '+375290000009' }, how));
        expect(merged.number).toBe(first.number);
        for (const field of ['name', 'email', 'comment', 'owner', 'nextAt'] as const) {
          if (first[field] === null) expect(merged[field]).toBe(second[field] ?? null);
          else if (how === 'fill') expect(merged[field]).toBe(first[field]);
          else expect(merged[field]).toBe(second[field] ?? first[field]);
        }
        if (how === 'fill') expect(merged).toMatchObject({ status: first.status, extra: first.extra });
        else expect(merged.extra).toMatchObject({ ...second.extra });
      }),
    );
  });
});

describe('whose a lead is', () => {
  const people = fc.option(fc.constantFrom('olga', 'ivan', 'ann'), { nil: null });
  const seller: LeadViewer = { userId: 'olga', scope: 'own', manages: false };

  it('never lets a seller see or hand over what is another’s', () => {
    fc.assert(
      fc.property(people, people, (from, to) => {
        const isOthers = (owner: string | null): boolean => owner !== null && owner !== 'olga';
        expect(sees(seller, from)).toBe(!isOthers(from));
        expect(mayHandOver(seller, from, to)).toBe(from === to || (!isOthers(from) && !isOthers(to)));
        expect(mayHandOver({ ...seller, manages: true }, from, to)).toBe(true);
      }),
    );
  });
});

describe('terms', () => {
  it('finds a number by its ends', () => {
    expect(digitsOf('+375291234567')).toEqual([
      '375291234567',
      '4567',
      '34567',
      '234567',
      '1234567',
      '91234567',
      '291234567',
      '5291234567',
    ]);
    expect(digitsOf('+1234')).toEqual(['1234']);
  });

  it('makes an expression of anything typed that holds only words of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (typed) => {
        const match = matchOf(typed, null, [['s1'], ['o2', 'o0']]);
        if (match === null) return;
        expect(match.endsWith(' AND (facets : "s1") AND (facets : "o2" OR "o0")')).toBe(true);
        expect(match).toMatch(/^(?:[\p{L}\p{N}\p{M}]|words : "|" \*|[() ]|AND|OR|facets : "|")+$/u);
      }),
    );
    expect(matchOf('Ann  B.', null, [])).toBe('(words : "ann" *) AND (words : "b" *)');
    expect(matchOf('80 29', '+37529', [])).toBe('(words : "8029" * OR words : "37529" *)');
    expect(matchOf('8029123', null, [])).toBe('(words : "8029123" * OR words : "29123" *)');
    expect(matchOf(' +- ', null, [])).toBe(null);
    expect(matchOf('«»', null, [])).toBe(null);
  });
});
