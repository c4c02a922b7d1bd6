/** The table of `--check`. */
import type { CheckRow } from './part.ts';

const MARKS = { true: 'ok', warn: 'warn', false: 'FAIL' } as const;
const WIDEST_FOUND = 70;

/** Lines of the table. Long cells are wrapped within their column, so that it can be read in any terminal. */
export function checkTable(rows: readonly CheckRow[]): string[] {
  const cells = rows.map((row) => [
    row.what,
    MARKS[`${row.ok}`],
    row.found,
    row.ok === true ? '' : (row.remedy ?? ''),
  ]);
  const all = [['what', '', 'found', 'remedy'], ...cells];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.min(column < 2 ? 40 : WIDEST_FOUND, Math.max(...all.map((row) => row[column]?.length ?? 0))),
  );
  return all.flatMap((row) => {
    const wrapped = row.map((cell, column) => wrap(cell, widths[column] ?? WIDEST_FOUND));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((lines, column) => (lines[line] ?? '').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  });
}

/** What a caller of `--check` needs to know: nothing of it fails. */
export const passes = (rows: readonly CheckRow[]): boolean => rows.every(({ ok }) => ok !== false);

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
