/** Words by which people find things: expressions for an FTS5 table of two columns, `words` and `facets`. Pure. */

/** A number is found by its beginning, with or without the country code, and by its last 4 to 10 digits. */
const SHORTEST_END = 4;
const LONGEST_END = 10;
/** What nobody types, and a search would only be slower for. */
const MOST_WORDS = 8;
const LONGEST_WORD = 40;

/**
 * Words that begin as one does; null: find whatever does. Where it says them, they are looked up as they are, besides the
 * beginning itself.
 */
export type Complete = (beginning: string) => readonly string[] | null;

/** The digits of a number and its ends, each a word of its own. */
export function digitsOf(number: string): string[] {
  const digits = number.replaceAll(/\D/g, '');
  const words = [digits];
  for (let length = SHORTEST_END; length <= LONGEST_END && length < digits.length; length += 1)
    words.push(digits.slice(-length));
  return words;
}

/**
 * The FTS5 expression for what a person typed, null where it says nothing. Each word may be the beginning of one;
 * text of nothing but digits and their punctuation is one number. `whole` is the same read as a whole number, E.164.
 * `facets`: tokens of which each group must have one.
 */
export function matchOf(
  typed: string,
  whole: string | null,
  facets: readonly (readonly string[])[],
  complete: Complete = () => null,
): string | null {
  const beginning = (token: string) => beginningOf(token, complete);
  const words = /^[\d\s()+.-]+$/.test(typed) ? numberOf(typed, whole, beginning) : wordsOf(typed, beginning);
  if (words === null) return null;
  return [words, ...facets.map((group) => `(facets : ${group.map(quoted).join(' OR ')})`)].join(' AND ');
}

const quoted = (token: string): string => `"${token}"`;

function beginningOf(token: string, complete: Complete): string {
  const words = complete(token);
  if (words === null) return `words : "${token}" *`;
  return `words : (${[...new Set([token, ...words])].map(quoted).join(' OR ')})`;
}

type Beginning = (token: string) => string;

/** Cut where FTS5 cuts: a mark that is no part of its letter stands between words, an accent is nothing. */
function wordsOf(typed: string, beginning: Beginning): string | null {
  const words = typed
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .match(/[\p{L}\p{N}]+/gu);
  if (words === null) return null;
  return words
    .slice(0, MOST_WORDS)
    .map((word) => `(${beginning(word.slice(0, LONGEST_WORD))})`)
    .join(' AND ');
}

function numberOf(typed: string, whole: string | null, beginning: Beginning): string | null {
  const digits = typed.replaceAll(/\D/g, '').slice(0, LONGEST_WORD);
  if (digits === '') return null;
  const forms = new Set([digits]);
  if (whole !== null) forms.add(whole.replaceAll(/\D/g, ''));
  // Trunk prefixes, which a number with a country code has not: 80, 8, 0.
  const rest = digits.replace(/^(?:80|8|0)/, '');
  if (rest.length >= 3 && !typed.trim().startsWith('+')) forms.add(rest);
  return `(${[...forms].map((form) => beginning(form)).join(' OR ')})`;
}
