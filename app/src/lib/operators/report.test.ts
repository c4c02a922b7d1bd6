import { describe, expect, it } from 'vitest';
import type { OperatorDay, OperatorSegment } from './model';
import { byDay, daysOf, stripOf, totalsOf } from './report';

const day = (
  name: string,
  line: number,
  paused: number,
  reasons: [string | null, number][] = [],
): OperatorDay => ({
  day: name,
  seconds: { line, paused, off: 10 },
  pauses: reasons.map(([reason, seconds]) => ({ reason, count: 1, seconds })),
  first: line > 0 ? '' : null,
  last: null,
});

describe('days of the address', () => {
  it.each([
    [null, null, '2026-03-02', '2026-03-02'],
    ['2026-02-27', null, '2026-02-27', '2026-03-02'],
    [null, '2026-02-01', '2026-02-01', '2026-02-01'],
    ['2026-03-05', null, '2026-03-05', '2026-03-05'],
    ['2026-02-05', '2026-02-01', '2026-02-01', '2026-02-01'],
    ['2025-01-01', '2026-03-02', '2026-01-31', '2026-03-02'],
    ['nonsense', 'x', '2026-03-02', '2026-03-02'],
  ])('%s to %s are %s to %s', (from, to, first, last) => {
    expect(daysOf(from, to, '2026-03-02')).toEqual({ from: first, to: last });
  });
});

it('days are summed up, with pauses by reason', () => {
  const days = [
    day('2026-03-01', 100, 30, [
      ['lunch', 20],
      [null, 10],
    ]),
    day('2026-03-02', 0, 40, [
      ['lunch', 15],
      ['talk', 25],
    ]),
  ];
  expect(totalsOf(days)).toEqual({
    seconds: { line: 100, paused: 70, off: 20 },
    pauses: [
      { reason: 'lunch', count: 2, seconds: 35 },
      { reason: 'talk', count: 1, seconds: 25 },
      { reason: null, count: 1, seconds: 10 },
    ],
    days: 1,
  });
  const operators = [days, days].map((of, at) => ({
    yandex_uuid: String(at),
    login: null,
    full_name: null,
    days: of,
    segments: null,
  }));
  expect(byDay(operators, { from: '2026-02-28', to: '2026-03-01' })).toEqual([
    { day: '2026-02-28', line: 0, paused: 0 },
    { day: '2026-03-01', line: 200, paused: 60 },
  ]);
});

it('a strip is the day of the zone, also one of 23 hours', () => {
  const segment = (of: string, from: string, to: string): OperatorSegment => ({
    day: of,
    from,
    to,
    seconds: 0,
    state: 'line',
    reason: null,
    cause: 'asked',
    actor: null,
  });
  const { parts, hours } = stripOf(
    [
      segment('2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T10:30:00Z'),
      segment('2026-03-30', '2026-03-29T22:00:00Z', '2026-03-29T23:00:00Z'),
    ],
    '2026-03-29',
    'Europe/Warsaw',
  );
  expect(parts).toMatchObject([{ from: 0, width: 0.5 }]);
  expect(hours.at(-1)).toEqual({ name: '24:00', at: 1 });
});
