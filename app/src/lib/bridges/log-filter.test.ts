import { describe, expect, it } from 'vitest';
import { shownLines } from './log-filter';
import type { LogLine } from './model';

const line = (id: number, level: LogLine['level'], part: string, text: string): LogLine => ({
  id,
  at: '2026-03-01T10:00:00.000Z',
  level,
  part,
  text,
});

describe('shownLines', () => {
  const lines = [
    line(3, 'error', 'asterisk', 'AMI refused the connection'),
    line(2, 'warn', 'tunnel', 'Another connection took over'),
    line(1, 'info', 'tunnel', 'Connected'),
  ];

  it('narrows by level', () => {
    expect(shownLines(lines, 'error', '').map(({ id }) => id)).toEqual([3]);
    expect(shownLines(lines, 'all', '')).toHaveLength(3);
  });

  it('finds lines with every word, in the part too', () => {
    expect(shownLines(lines, 'all', 'TUNNEL conn').map(({ id }) => id)).toEqual([2, 1]);
    expect(shownLines(lines, 'warn', 'connected')).toEqual([]);
  });
});
