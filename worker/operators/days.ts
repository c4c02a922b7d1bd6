/** Time-lines by day: what the report of operators' states says; pure. Times are milliseconds since the epoch. */
import { wallOffset } from '../../objects/lib/time-zone';
import { secondsIn, type LineState, type Segment } from '../../objects/operator-desk/contract';

const DAY_MS = 24 * 3_600_000;

export interface Day {
  /** `YYYY-MM-DD` of the tenant's own calendar. */
  day: string;
  from: number;
  /** Where the next one begins: a day of a clock change has 23 or 25 hours. */
  to: number;
}

export interface PauseSum {
  reason: string | null;
  count: number;
  seconds: number;
}

export interface DaySum {
  day: string;
  seconds: Record<LineState, number>;
  /** By reason, the longest first. */
  pauses: PauseSum[];
  /** First and last moment on the line, paused or not; null: never that day. */
  first: number | null;
  last: number | null;
}

/** Every day from one to another, both included; `YYYY-MM-DD` each. */
export function daysFrom(from: string, to: string, timeZone: string): Day[] {
  const days: Day[] = [];
  const begins = (wall: number) => wall - wallOffset(wall, timeZone);
  for (let midnight = Date.parse(from); midnight <= Date.parse(to); midnight += DAY_MS)
    days.push({
      day: new Date(midnight).toISOString().slice(0, 10),
      from: begins(midnight),
      to: begins(midnight + DAY_MS),
    });
  return days;
}

/** The parts of segments that lie within a day; one that goes on ends with the day, or now. */
export function clipped(segments: readonly Segment[], { from, to }: Day, now: number): Segment[] {
  return segments.flatMap((segment) => {
    const begins = Math.max(segment.from, from);
    const ends = Math.min(segment.to ?? now, to, now);
    return ends > begins ? [{ ...segment, from: begins, to: ends }] : [];
  });
}

/** What an operator did on a day; null when nothing is known of it. */
export function sumOf(segments: readonly Segment[], day: Day, now: number): DaySum | null {
  const parts = clipped(segments, day, now);
  if (parts.length === 0) return null;
  const pauses = new Map<string | null, { count: number; ms: number }>();
  for (const { state, reason, from, to } of parts) {
    if (state !== 'paused') continue;
    const sum = pauses.get(reason) ?? { count: 0, ms: 0 };
    pauses.set(reason, { count: sum.count + 1, ms: sum.ms + (to ?? now) - from });
  }
  const there = parts.filter(({ state }) => state !== 'off');
  return {
    day: day.day,
    seconds: secondsIn(parts, day.from, day.to, now),
    pauses: [...pauses]
      .map(([reason, { count, ms }]) => ({ reason, count, seconds: Math.round(ms / 1_000) }))
      .sort(
        (one, other) => other.seconds - one.seconds || (one.reason ?? '').localeCompare(other.reason ?? ''),
      ),
    first: there[0]?.from ?? null,
    last: there.at(-1)?.to ?? null,
  };
}
