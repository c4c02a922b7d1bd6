/**
 * Reads the text of an ADB command into arguments. Words are split as people know it from a shell, and nothing else of
 * a shell exists: no variables, no wildcards, no pipes. `;` or `$(…)` is a text like any other.
 */

export type Tokens = { ok: true; argv: string[] } | { ok: false; problem: string };

const MAX_ARGUMENTS = 64;
const MAX_ARGUMENT = 4_000;

/**
 * `'…'` is literal; in `"…"` a backslash escapes `"` and `\`; outside of quotes it escapes any character. Empty quotes
 * are an empty argument, which no phone command takes: refused.
 *
 * @example
 * tokenise(`input text "two words"`) // { ok: true, argv: ['input', 'text', 'two words'] }
 */
export function tokenise(line: string): Tokens {
  const argv: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < line.length; i += 1) {
    const character = line.charAt(i);
    // A NUL ends a C string, and a line break starts a new command, wherever the text passes through.
    if (character === '\0' || character === '\n' || character === '\r')
      return { ok: false, problem: 'line breaks and NUL are not allowed' };
    if (quote === null && (character === ' ' || character === '\t')) {
      if (word !== null) argv.push(word);
      word = null;
    } else if (character === quote) quote = null;
    else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'") {
      const next = line.charAt(i + 1);
      if (next === '') return { ok: false, problem: 'a backslash at the end escapes nothing' };
      const escapes = quote === null || next === '"' || next === '\\';
      word = (word ?? '') + (escapes ? next : `\\${next}`);
      i += 1;
      if (next === '\n' || next === '\r' || next === '\0')
        return { ok: false, problem: 'line breaks and NUL are not allowed' };
    } else word = (word ?? '') + character;
  }
  if (quote !== null) return { ok: false, problem: `unbalanced ${quote}` };
  if (word !== null) argv.push(word);
  return checked(argv);
}

function checked(argv: string[]): Tokens {
  if (argv.length === 0) return { ok: false, problem: 'empty command' };
  if (argv.length > MAX_ARGUMENTS) return { ok: false, problem: `more than ${MAX_ARGUMENTS} arguments` };
  if (argv.includes('')) return { ok: false, problem: 'an empty argument' };
  if (argv.some((word) => word.length > MAX_ARGUMENT))
    return { ok: false, problem: `an argument of more than ${MAX_ARGUMENT} characters` };
  return { ok: true, argv };
}

/** Text that `tokenise` reads as these arguments again. */
export const quoteCommand = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** First words of commands that need no special permission. */
const OPEN_VERBS: ReadonlySet<string> = new Set([
  'input',
  'am',
  'pm',
  'dumpsys',
  'getprop',
  'settings',
  'svc',
  'wm',
  'screencap',
  'uiautomator',
  'monkey',
  'logcat',
]);

/**
 * Whether a command asks for `slot.shell`. `logcat` is open only with `-d`: without it, it never ends. A path as the
 * first word is never open, whatever its last part is called.
 */
export function needsShell(argv: readonly string[]): boolean {
  const [verb = '', ...rest] = argv;
  if (verb === 'logcat') return !rest.includes('-d');
  return !OPEN_VERBS.has(verb);
}
