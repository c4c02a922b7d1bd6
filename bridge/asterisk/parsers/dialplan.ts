/**
 * Reads `dialplan show <context>`: whether the context is there and takes the extension, by its number or by a pattern.
 * What it includes is not followed: a context made for one line and one phone has the line's number itself.
 */
export function hasExtension(output: string, context: string, exten: string): boolean {
  if (!output.includes(`[ Context '${context}' created by `)) return false;
  // The first priority's line names the extension, those after it only their own.
  const names = [...output.matchAll(/^ {2}'([^']+)' =>/gm)].map((match) => match[1] ?? '');
  return names.some((name) => (name.startsWith('_') ? matches(name, exten) : name === exten));
}

/** Asterisk's patterns: `X` 0–9, `Z` 1–9, `N` 2–9, `[…]` one of these, `.` one or more, `!` any number of anything. */
function matches(pattern: string, exten: string): boolean {
  const source = pattern
    .slice(1)
    .replaceAll(
      /\[[^\]]*\]|./g,
      (part) => PARTS[part.toUpperCase()] ?? (part.startsWith('[') ? oneOf(part) : literal(part)),
    );
  return new RegExp(`^${source}$`).test(exten);
}

const PARTS: Readonly<Record<string, string>> = {
  X: '[0-9]',
  Z: '[1-9]',
  N: '[2-9]',
  '.': '.+',
  '!': '.*',
  // Dashes are for people.
  '-': '',
};
const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
const oneOf = (set: string): string => `[${set.slice(1, -1).replaceAll(/[\\^\]]/g, String.raw`\$&`)}]`;
