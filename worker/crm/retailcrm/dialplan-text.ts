/**
 * What a dialplan's macro reads. It parses no JSON but cuts text at commas, quotes and colons: so the answer has two keys in
 * this order, no blanks between them, at least 30 characters where it is to count, and nothing in the name to cut at. A
 * comma in a name once sent every such caller to a context that is not there.
 */

/** Too short to count: the macro goes on as ever. */
export const NEUTRAL = '{"Name":"","DialPlan":null}';
const LEAST = 30;
/** More than a phone shows. */
const LONGEST_NAME = 80;

const CONTEXT = /^[A-Za-z0-9_]+$/;

/** A name with nothing in it that the macro, a JSON reader or a phone would stumble over. */
export const safeName = (name: string): string => {
  const plain = name
    // Halves of characters would be written as escapes, which begin with a backslash.
    .replaceAll(/[,"\\\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ')
    .replaceAll(/<(?=html)/gi, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return Array.from(plain).slice(0, LONGEST_NAME).join('').trim();
};

/** The answer for a name and a context of the dialplan (null: the call goes on as ever); `NEUTRAL` for neither. */
export function dialplanText(name: string, dialPlan: string | null): string {
  const shown = safeName(name);
  const context = dialPlan !== null && CONTEXT.test(dialPlan) ? dialPlan : null;
  if (shown === '' && context === null) return NEUTRAL;
  const text = (padded: string): string =>
    `{"Name":"${padded}","DialPlan":${context === null ? 'null' : `"${context}"`}}`;
  const missing = Math.max(0, LEAST - Array.from(text(shown)).length);
  // Blanks after a short name make it count.
  return text(shown + ' '.repeat(missing));
}
