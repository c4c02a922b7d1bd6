/** How a text is typed by Android's `input`, which knows the keys of a plain keyboard and nothing else. */
import { Refusal } from '../../part.ts';

export type Typed = { text: string } | { key: string };

const KEYS: Record<string, string> = { '\n': 'KEYCODE_ENTER', '\t': 'KEYCODE_TAB' };
/** `input text` of a long text takes seconds; a stop is felt between the pieces. */
const PIECE = 40;

/**
 * `input text` writes a space for `%s`, so a space becomes that, and a literal `%s` is typed in two pieces.
 * @throws Refusal SLOT_FAILED for a character that no key of it has
 */
export function typing(text: string): Typed[] {
  const typed: Typed[] = [];
  let piece = '';
  const flush = (): void => {
    if (piece !== '') typed.push({ text: piece });
    piece = '';
  };
  for (const character of text.replaceAll('\r\n', '\n')) {
    const key = KEYS[character];
    if (key !== undefined) {
      flush();
      typed.push({ key });
      continue;
    }
    if (!/^[\x20-\x7e]$/.test(character)) {
      throw new Refusal(
        'SLOT_FAILED',
        `“${character}” (U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}) can't be typed: Android's input command knows Latin letters, digits and ASCII signs only.`,
      );
    }
    if (character === 's' && piece.endsWith('%')) flush();
    piece += character === ' ' ? '%s' : character;
    if (piece.length >= PIECE && character !== '%') flush();
  }
  flush();
  return typed;
}
