import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialplanText, NEUTRAL, safeName } from './dialplan-text';

/** What the macro makes of an answer, by cutting text as it does: never a JSON reader. */
function macro(answer: string): { goesOn: true } | { goesOn: false; name: string; goto: string | null } {
  const cut = (text: string, at: string, nth: number): string => text.split(at)[nth - 1] ?? '';
  if (Array.from(answer).length < 30 || /<html/i.test(answer)) return { goesOn: true };
  if (!answer.startsWith('{"Name":"') || !answer.endsWith('}')) return { goesOn: true };
  const name = cut(cut(answer, ',', 1), '"', 4);
  const plan = cut(cut(answer, ',', 2), ':', 2).replaceAll(/["}]/g, '');
  return { goesOn: false, name: name.trim(), goto: plan === 'null' ? null : plan };
}

/** Names as a CRM may hold them: any text, and the characters that hurt more often. */
const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      ',',
      '\\',
      '\n',
      '\r',
      '\0',
      ':',
      '}',
      '{',
      '<html',
      '<HTML>',
      'A',
      ' ',
      '\ud800',
      'Ж',
      '😀',
      '\u2028',
    ),
  }),
);
const contexts = fc.oneof(fc.constant(null), fc.stringMatching(/^[A-Za-z0-9_]{1,40}$/), fc.string());

describe('the answer a dialplan cuts up', () => {
  it('leads to the context given or to none, under the name given, whatever is in either', () => {
    fc.assert(
      fc.property(names, contexts, (name, context) => {
        const answer = dialplanText(name, context);
        const told = macro(answer);
        const goto = context !== null && /^[A-Za-z0-9_]+$/.test(context) ? context : null;
        if (told.goesOn) {
          expect(answer).toBe(NEUTRAL);
          expect([safeName(name), goto]).toEqual(['', null]);
        } else expect(told).toEqual({ goesOn: false, name: safeName(name), goto });
      }),
      { numRuns: 2_000 },
    );
  });

  it('is compact JSON of two keys in order, whatever is in either', () => {
    fc.assert(
      fc.property(names, contexts, (name, context) => {
        const answer = dialplanText(name, context);
        const read = JSON.parse(answer) as { Name: string; DialPlan: string | null };
        expect(Object.keys(read)).toEqual(['Name', 'DialPlan']);
        expect(JSON.stringify(read)).toBe(answer);
        expect(read.Name).not.toMatch(/[,"\\\p{Cc}\p{Cs}]/u);
        expect(answer).not.toMatch(/<html/i);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['Ann Example', 'mngr12_0001001_1', '{"Name":"Ann Example","DialPlan":"mngr12_0001001_1"}'],
    ['Example, Ann "A"', null, '{"Name":"Example Ann A","DialPlan":null}'],
    ['', null, NEUTRAL],
    [',"\n', null, NEUTRAL],
    // Blanks make them long enough to count.
    ['Al', null, '{"Name":"Al ","DialPlan":null}'],
    ['', 'a', '{"Name":"    ","DialPlan":"a"}'],
    ['Ann', 'mngr 12', '{"Name":"Ann","DialPlan":null}'],
    ['A: <b>}', null, '{"Name":"A: <b>}","DialPlan":null}'],
  ])('%j and %j', (name, context, answer) => {
    expect(dialplanText(name, context)).toBe(answer);
  });

  it('cuts a name no phone would show', () => {
    expect(safeName('Ж'.repeat(500))).toHaveLength(80);
  });
});
