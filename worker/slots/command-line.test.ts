import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsShell, quoteCommand, tokenise } from './command-line';

const argv = (line: string): string[] => {
  const tokens = tokenise(line);
  if (!tokens.ok) throw new Error(tokens.problem);
  return tokens.argv;
};

describe('tokenise', () => {
  it.each([
    ['input tap 200 400', ['input', 'tap', '200', '400']],
    ['  input \t tap  1   2 ', ['input', 'tap', '1', '2']],
    [`input text 'two words'`, ['input', 'text', 'two words']],
    [`input text "two words"`, ['input', 'text', 'two words']],
    [`input text two\\ words`, ['input', 'text', 'two words']],
    [`input text a'b c'"d e"f`, ['input', 'text', 'ab cd ef']],
    [`input text "say \\"hi\\" \\\\ \\n"`, ['input', 'text', 'say "hi" \\ \\n']],
    [`input text 'a\\b'`, ['input', 'text', 'a\\b']],
    [`input text '"'`, ['input', 'text', '"']],
    ['am start -a x; reboot', ['am', 'start', '-a', 'x;', 'reboot']],
    [
      'dumpsys $(reboot) `reboot` && reboot | sh > /x',
      ['dumpsys', '$(reboot)', '`reboot`', '&&', 'reboot', '|', 'sh', '>', '/x'],
    ],
    ['input text +375290000000', ['input', 'text', '+375290000000']],
    ['input text привет', ['input', 'text', 'привет']],
  ])('%j', (line, expected) => {
    expect(argv(line)).toEqual(expected);
  });

  it.each([
    [`input text "two words`, 'unbalanced "'],
    [`input text 'two words`, "unbalanced '"],
    [`input text \\`, 'a backslash at the end escapes nothing'],
    ['', 'empty command'],
    ['  \t ', 'empty command'],
    [`input text ''`, 'an empty argument'],
    ['input tap 1 2\nreboot', 'line breaks and NUL are not allowed'],
    ['input tap 1 2\rreboot', 'line breaks and NUL are not allowed'],
    ['input tap 1 2\\\nreboot', 'line breaks and NUL are not allowed'],
    [`input text 'a\nb'`, 'line breaks and NUL are not allowed'],
    ['input\0tap', 'line breaks and NUL are not allowed'],
    [`x ${'y '.repeat(64)}`, 'more than 64 arguments'],
    [`x ${'y'.repeat(4_001)}`, 'an argument of more than 4000 characters'],
  ])('refuses %j', (line, problem) => {
    expect(tokenise(line)).toEqual({ ok: false, problem });
  });

  it('reads back what it quotes, whatever the arguments are', () => {
    const word = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .filter((text) => !/[\0\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        expect(tokenise(quoteCommand(words))).toEqual({ ok: true, argv: words });
      }),
    );
  });
});

describe('needsShell', () => {
  it.each(['input tap 1 2', 'am start -n a/b', 'dumpsys battery', 'logcat -d -t 100', 'wm size'])(
    'is false for %j',
    (line) => expect(needsShell(argv(line))).toBe(false),
  );
  it.each([
    'reboot',
    'sh -c id',
    'logcat',
    '/system/bin/input tap 1 2',
    'INPUT tap 1 2',
    'rm -rf /sdcard',
    'su',
  ])('is true for %j', (line) => expect(needsShell(argv(line))).toBe(true));
});
