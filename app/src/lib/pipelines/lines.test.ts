import { describe, expect, it } from 'vitest';
import { lineOfHash, mergeLines } from './lines';
import type { LogEntry } from './model';

const line = (n: number): LogEntry => ({
  id: n + 100,
  timestamp: '2026-01-01T00:00:00.000Z',
  module: 'pipeline',
  severity: 'info',
  message: `line ${n}`,
  context: null,
  user_id: null,
  user: null,
  run_id: 'run_1',
  step: 1,
  line: n,
});
const numbers = (lines: readonly LogEntry[]) => lines.map((entry) => entry.line);

describe('lines of a run', () => {
  it('are added in order, repeats dropped', () => {
    const { lines, hole } = mergeLines([line(1), line(2)], [line(2), line(3), line(4)]);
    expect(numbers(lines)).toEqual([1, 2, 3, 4]);
    expect(hole).toBe(false);
    const known = [line(1)];
    expect(mergeLines(known, [line(1)]).lines).toBe(known);
  });

  it('are not added past a hole', () => {
    const known = [line(1)];
    expect(mergeLines(known, [line(3)])).toEqual({ lines: known, hole: true });
    expect(mergeLines([], [line(2)]).hole).toBe(true);
  });
});

describe('a link to a line', () => {
  it.each([
    ['#L1', 1],
    ['#L4711', 4711],
    ['', null],
    ['#L', null],
    ['#Lx', null],
    ['#L1-2', null],
  ])('%j', (hash, at) => {
    expect(lineOfHash(hash)).toBe(at);
  });
});
