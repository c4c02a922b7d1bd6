import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSemver, isSemver } from './semver';

/** The order of semver.org's own example, and of numbers that text would sort wrongly. */
const ASCENDING = [
  '0.9.9',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.9.0',
  '1.10.0',
  '10.0.0',
];

describe('a semantic version', () => {
  it.each(['1', '1.0', '01.0.0', '1.0.0-', '1.0.0-01', '1.0.0+', 'v1.0.0', '1.0.0 ', ''])(
    'is not %j',
    (text) => {
      expect(isSemver(text)).toBe(false);
    },
  );

  it('stands where the specification puts it', () => {
    for (const [i, a] of ASCENDING.entries())
      for (const [j, b] of ASCENDING.entries())
        expect(Math.sign(compareSemver(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
    expect(compareSemver('1.0.0+one', '1.0.0+two')).toBe(0);
  });

  it('is in one order only, whatever is compared with whatever', () => {
    const part = fc.oneof(fc.nat(20).map(String), fc.constantFrom('alpha', 'rc', 'x-1'));
    const version = fc
      .tuple(fc.nat(12), fc.nat(12), fc.nat(12), fc.array(part, { maxLength: 3 }))
      .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre.length === 0 ? '' : `-${pre.join('.')}`}`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(isSemver(a)).toBe(true);
        expect(Math.sign(compareSemver(a, b))).toBe(-Math.sign(compareSemver(b, a)) + 0);
        if (compareSemver(a, b) < 0 && compareSemver(b, c) < 0) expect(compareSemver(a, c)).toBeLessThan(0);
        expect(compareSemver(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
