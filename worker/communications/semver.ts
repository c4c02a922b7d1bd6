/** Semantic versions (semver.org 2.0.0): what a version is, and which of two comes first. */

const PATTERN =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-((?:0|[1-9]\d*|\d*[a-z-][\da-z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-z-][\da-z-]*))*))?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?$/i;

export const isSemver = (text: string): boolean => text.length <= 64 && PATTERN.test(text);

const isNumber = (part: string): boolean => /^\d+$/.test(part);

/** Digits by their value, without the loss of large ones. */
const compareNumbers = (a: string, b: string): number =>
  a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;

function comparePart(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  // A number stands below a word.
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Below, equal or above zero, as a comparator answers. Build metadata does not count. Both must be versions. */
export function compareSemver(a: string, b: string): number {
  const [, ...left] = PATTERN.exec(a) ?? [];
  const [, ...right] = PATTERN.exec(b) ?? [];
  for (let i = 0; i < 3; i += 1) {
    const order = compareNumbers(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  const before = left[3]?.split('.') ?? [];
  const after = right[3]?.split('.') ?? [];
  // A pre-release comes before its release.
  if (before.length === 0 || after.length === 0)
    return after.length === before.length ? 0 : before.length === 0 ? 1 : -1;
  for (let i = 0; i < Math.min(before.length, after.length); i += 1) {
    const order = comparePart(before[i] ?? '', after[i] ?? '');
    if (order !== 0) return order;
  }
  return before.length - after.length;
}
