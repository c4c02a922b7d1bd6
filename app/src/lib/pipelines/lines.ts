import type { LogEntry } from './model';

/**
 * Adds lines of a run to those that are here. Repeats are dropped; `hole` where a line between is missing: then nothing
 * is added, what is missing has to be read.
 */
export function mergeLines(
  known: readonly LogEntry[],
  added: readonly LogEntry[],
): { lines: readonly LogEntry[]; hole: boolean } {
  const lines = [...known];
  for (const entry of added) {
    const last = lines.at(-1)?.line ?? 0;
    if (entry.line === null || entry.line <= last) continue;
    if (entry.line !== last + 1) return { lines: known, hole: true };
    lines.push(entry);
  }
  return { lines: lines.length === known.length ? known : lines, hole: false };
}

/** Number of the line a link points at (`#L12`); null for any other. */
export function lineOfHash(hash: string): number | null {
  const found = /^#L(\d{1,6})$/.exec(hash)?.[1];
  return found === undefined ? null : Number(found);
}
