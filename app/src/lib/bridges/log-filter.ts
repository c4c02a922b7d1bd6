import type { LogLevel, LogLine } from './model';

/** Worst first: how the filter lists them. */
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info'];

/** Lines of a level (`all`: of any) that have every word of the search in their text or part. */
export function shownLines(lines: readonly LogLine[], level: string, search: string): readonly LogLine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    if (level !== 'all' && line.level !== level) return false;
    const text = `${line.part} ${line.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
