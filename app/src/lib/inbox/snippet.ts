/** Characters shown before what was found. */
const LEAD = 30;

const folded = (text: string): string => text.toLocaleLowerCase().replaceAll('ё', 'е');

/** A text around the first word that a search found: what is before it, the word's beginning, what follows. */
export function around(text: string, q: string): [before: string, hit: string, after: string] {
  const words = folded(q).match(/[\p{L}\p{N}]+/gu) ?? [];
  const within = folded(text);
  // Folding that changes lengths (there are such letters) would point at the wrong place.
  if (within.length !== text.length) return [text, '', ''];
  const places = words.flatMap((word) => {
    const at = [...within.matchAll(/[\p{L}\p{N}]+/gu)].find(([found]) => found.startsWith(word));
    return at === undefined ? [] : [{ at: at.index, length: word.length }];
  });
  const first = places.toSorted((a, b) => a.at - b.at)[0];
  if (first === undefined) return [text, '', ''];
  const { at, length } = first;
  const start = at <= LEAD ? 0 : at - LEAD;
  const before = (start > 0 ? '…' : '') + text.slice(start, at);
  return [before, text.slice(at, at + length), text.slice(at + length)];
}
