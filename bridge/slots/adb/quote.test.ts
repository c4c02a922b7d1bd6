import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, quote } from './quote.ts';

describe('quote', () => {
  it('leaves plain words as they are', () => {
    expect(commandLine(['am', 'start', '-d', 'tel:+375290000000'])).toBe(
      'exec am start -d tel:+375290000000',
    );
  });

  it('refuses a NUL', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
  });

  it('gives a shell back exactly the arguments, whatever is in them', () => {
    const nasty = fc.array(
      fc.oneof(
        fc.constantFrom(
          "'",
          '"',
          '`',
          '$(id)',
          ';',
          '\n',
          '\\',
          '&&',
          '|',
          '*',
          '~',
          '{{x}}',
          ' ',
          '#',
          '=',
          '-n',
        ),
        fc.string({ minLength: 1, maxLength: 4 }),
      ),
      { minLength: 1, maxLength: 6 },
    );
    const word = nasty.map((parts) => parts.join('').replaceAll('\0', '') || 'x');
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const line = commandLine(['printf', String.raw`%s\0`, ...words]);
        const printed = execFileSync('/bin/sh', ['-c', line], { env: { PATH: '/usr/bin:/bin' } });
        expect(printed).toEqual(Buffer.from(words.map((text) => `${text}\0`).join('')));
      }),
      { numRuns: 60 },
    );
  });
});
