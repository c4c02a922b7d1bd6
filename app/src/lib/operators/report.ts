/** What the report of time-lines shows of the server's sums; pure. */
import { dayMoment } from '#lib/calls/day-moment.js';
import type { LineState, OperatorDay, OperatorDays, OperatorSegment } from './model';

export type OperatorReport = OperatorDays['operators'][number];

const DAY_MS = 24 * 3_600_000;
/** As many as the server takes. */
const MOST_DAYS = 31;

/** Days of the address, or what they are taken for: today, and at most a month up to the last. `YYYY-MM-DD`. */
export function daysOf(from: string | null, to: string | null, today: string): { from: string; to: string } {
  const isDay = (text: string | null): text is string => text !== null && /^\d{4}-\d\d-\d\d$/.test(text);
  const last = isDay(to) ? to : isDay(from) && from > today ? from : today;
  const first = isDay(from) ? from : last;
  const ordered = first > last ? last : first;
  const earliest = dayBefore(last, MOST_DAYS - 1);
  return { from: ordered < earliest ? earliest : ordered, to: last };
}

/** So many days before one. */
export const dayBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10);

export interface Totals {
  seconds: Record<LineState, number>;
  pauses: { reason: string | null; count: number; seconds: number }[];
  /** Days on which the operator was on the line. */
  days: number;
}

/** The sums of several days of one operator. */
export function totalsOf(days: readonly OperatorDay[]): Totals {
  const seconds = { off: 0, line: 0, paused: 0 };
  const pauses = new Map<string | null, { count: number; seconds: number }>();
  for (const day of days) {
    for (const state of ['off', 'line', 'paused'] as const) seconds[state] += day.seconds[state];
    for (const { reason, count, seconds: length } of day.pauses) {
      const sum = pauses.get(reason) ?? { count: 0, seconds: 0 };
      pauses.set(reason, { count: sum.count + count, seconds: sum.seconds + length });
    }
  }
  return {
    seconds,
    pauses: [...pauses]
      .map(([reason, sum]) => ({ reason, ...sum }))
      .sort((one, other) => other.seconds - one.seconds),
    days: days.filter(({ first }) => first !== null).length,
  };
}

/** For each day of a time, seconds on the line and paused of all the operators together. */
export function byDay(
  operators: readonly OperatorReport[],
  { from, to }: { from: string; to: string },
): { day: string; line: number; paused: number }[] {
  const sums = new Map<string, { line: number; paused: number }>();
  for (const { days } of operators)
    for (const { day, seconds } of days) {
      const sum = sums.get(day) ?? { line: 0, paused: 0 };
      sums.set(day, { line: sum.line + seconds.line, paused: sum.paused + seconds.paused });
    }
  const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return Array.from({ length: count }, (_, at) => {
    const day = dayBefore(from, -at);
    return { day, ...(sums.get(day) ?? { line: 0, paused: 0 }) };
  });
}

export interface StripPart {
  segment: OperatorSegment;
  /** Share of the day at which it begins, and that it takes. */
  from: number;
  width: number;
}

/** Where segments lie on a day's strip, and where its hours that are a multiple of six begin. */
export function stripOf(
  segments: readonly OperatorSegment[],
  day: string,
  timeZone: string,
): { parts: StripPart[]; hours: { name: string; at: number }[] } {
  const begins = Date.parse(dayMoment(day, timeZone) ?? '');
  const length = Date.parse(dayMoment(day, timeZone, 1) ?? '') - begins;
  const share = (iso: string) => (Date.parse(iso) - begins) / length;
  return {
    parts: segments
      .filter((segment) => segment.day === day)
      .map((segment) => ({
        segment,
        from: share(segment.from),
        width: share(segment.to) - share(segment.from),
      })),
    hours: [0, 6, 12, 18, 24].map((hour) => ({
      name: `${String(hour).padStart(2, '0')}:00`,
      at: Math.min(1, (hour * 3_600_000) / length),
    })),
  };
}
