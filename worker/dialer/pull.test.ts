import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdOf, MIN_EMPTY_MS } from './pull';

describe('holdOf', () => {
  it.each([
    ['25', 25_000],
    ['999', 25_000],
    ['1e3', 25_000],
    ['5', 5_000],
    ['1.5', 1_500],
    ['1', MIN_EMPTY_MS],
    ['0', MIN_EMPTY_MS],
    ['-5', MIN_EMPTY_MS],
  ])('holds wait_seconds=%s for %i ms', (text, ms) => {
    expect(holdOf(text, 0)).toBe(ms);
  });

  it.each([null, '', ' ', 'abc', 'NaN', 'Infinity', '5s'])('takes %j for a plain poll', (text) => {
    expect(holdOf(text, 0)).toBeNull();
  });

  it('lets long holds end up to a fifth early, and short ones when they were asked to', () => {
    expect(holdOf('25', 0.5)).toBe(22_500);
    expect(holdOf('5', 0.999)).toBe(5_000);
  });

  it('never holds near 30 s, and never so short that the app stops long-polling', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (wait, random) => {
          const hold = holdOf(String(wait), random);
          return hold === null ? !Number.isFinite(wait) : hold >= MIN_EMPTY_MS && hold <= 25_000;
        },
      ),
    );
  });
});
