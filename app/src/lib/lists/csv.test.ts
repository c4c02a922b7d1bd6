import { describe, expect, it } from 'vitest';
import { toCsv } from '#lib/lists/csv.js';

describe('toCsv', () => {
  it('quotes what would break a row', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,y', 'say "no"'],
          [null, 2],
        ],
      ),
    ).toBe('\uFEFFa,b\r\n"x,y","say ""no"""\r\n,2\r\n');
  });

  it('does not let a name become a formula', () => {
    expect(toCsv(['a'], [['=1+1'], ['@x'], ['-2'], [-2]])).toBe("\uFEFFa\r\n'=1+1\r\n'@x\r\n'-2\r\n-2\r\n");
  });
});
