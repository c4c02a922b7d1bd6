import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_TEXT, messageTexts, withoutQuote } from './text.ts';
import { WORDS } from './words.ts';

const words = WORDS.en;
const of = (
  text: string,
  cutQuotes = false,
  attachments: { name: string; type: string; bytes: number }[] = [],
) => messageTexts({ text, subject: 'A subject', attachments, broken: false }, words, { cutQuotes });

const LETTERS = fc.constantFrom(...Array.from('ab ё🙂\n\t>-.:<&"\u200b\u00e9'));

describe('quotes at the end', () => {
  it.each([
    ['On Sat, 15 Nov 2025 at 10:30, Ann Example <ann@customer.example> wrote:', 3],
    ['сб, 15 нояб. 2025 г. в 10:30, Ann Example <ann@customer.example> пишет:', 3],
    ['Am 15.11.2025 um 10:30 schrieb Ann Example:', 3],
    ['On Sat, 15 Nov 2025 at 10:30, Ann Example\n<ann@customer.example> wrote:', 4],
  ])('go with the line before them: %s', (attribution, lines) => {
    const text = `Yes.\n\n${attribution}\n> Is it there?\n> > Hello\n\n`;
    expect(withoutQuote(text)).toEqual({ text: 'Yes.', lines });
  });

  it('stay where somebody answers below them, where they are all there is, and where there are none', () => {
    for (const text of ['> Is it there?\nYes.', '> Is it there?\n', 'a > b\nYes.\n', 'He wrote:\nno'])
      expect(withoutQuote(text)).toEqual({ text, lines: 0 });
  });

  it('of programs that put a ruler before them go as well', () => {
    const text = 'Yes.\n\n-----Original Message-----\nFrom: Ann\nIs it there?';
    expect(withoutQuote(text)).toEqual({ text: 'Yes.', lines: 3 });
  });
});

describe('the texts of a mail', () => {
  it('keep a short one to the letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: LETTERS, minLength: 1, maxLength: 60 }), (text) => {
        fc.pre(text.trim() !== '' && !text.endsWith('\n'));
        expect(of(text)).toEqual([text]);
      }),
      { numRuns: 50 },
    );
  });

  it('are parts that fit, put together again the mail', () => {
    const line = fc.string({ unit: LETTERS, maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.integer({ min: 1, max: 60 }),
        (lines, times) => {
          const text = `${Array.from({ length: times }, () => lines.join('\n')).join('\n')}.`;
          fc.pre(text.length < LONGEST_TEXT * 9);
          const texts = of(text);
          expect(texts.join('')).toBe(text);
          for (const part of texts) {
            expect(part.length).toBeLessThanOrEqual(LONGEST_TEXT);
            expect(part.isWellFormed()).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are cut after a line where there is one, else between letters', () => {
    const lines = `${'x'.repeat(99)}\n`.repeat(450);
    expect(of(`${lines}.`).map(({ length }) => length)).toEqual([20_000, 20_000, 5_001]);
    const letters = `x${'🙂'.repeat(15_000)}`;
    expect(of(letters).map(({ length }) => length)).toEqual([19_999, 10_002]);
  });

  it('say what was left out', () => {
    const text = 'Yes.\n> Is it there?';
    expect(of(text, true)).toEqual(['Yes.\n\n[1 quoted line left out]']);
    expect(of(text)).toEqual([text]);
    const attachments = [{ name: 'invoice.pdf', type: 'application/pdf', bytes: 4_100 }];
    expect(of('See there', false, attachments)).toEqual([
      'See there\n\n[Attachment, not carried over: invoice.pdf, 4 kB]',
    ]);
    const parts = of('x'.repeat(1_000_000));
    expect(parts).toHaveLength(10);
    expect(parts.at(-1)).toMatch(/The mail goes on for \d+ characters/);
    expect(parts.at(-1)?.length).toBeLessThanOrEqual(LONGEST_TEXT);
  });

  it('of a mail without one are its subject, or a word that there is none', () => {
    expect(of(' \n')).toEqual(['A subject']);
    expect(
      messageTexts({ text: '', subject: '', attachments: [], broken: false }, words, { cutQuotes: false }),
    ).toEqual([words.empty]);
  });
});
