import { expect, it } from 'vitest';
import { checkTable, passes } from './check-table.ts';
import type { CheckRow } from './part.ts';

const rows: CheckRow[] = [
  { what: 'edge', ok: true, found: 'https://calls.example in 12 ms' },
  { what: 'clock', ok: 'warn', found: '90 s ahead', remedy: 'set up NTP' },
  { what: 'adb', ok: false, found: 'no server', remedy: 'install adb, or start its server' },
];

it('shows what, whether, what was found, and the remedy of what is not well', () => {
  expect(checkTable(rows)).toEqual([
    'what         found                           remedy',
    'edge   ok    https://calls.example in 12 ms',
    'clock  warn  90 s ahead                      set up NTP',
    'adb    FAIL  no server                       install adb, or start its server',
  ]);
});

it('wraps what is long, within its column', () => {
  const [, ...lines] = checkTable([
    { what: 'pbx', ok: false, found: 'word '.repeat(40).trim(), remedy: 'act' },
  ]);
  expect(lines.length).toBeGreaterThan(2);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100);
  expect(lines.join(' ').match(/word/g)).toHaveLength(40);
});

it('passes with warnings, not with failures', () => {
  expect(passes(rows.slice(0, 2))).toBe(true);
  expect(passes(rows)).toBe(false);
});
