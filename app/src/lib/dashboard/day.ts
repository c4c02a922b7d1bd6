import { dayMoment } from '#lib/calls/day-moment.js';
import type { DashboardDay, DayKind } from './api';

const HOUR_MS = 3_600_000;

export interface HourSums {
  /** When the hour began, ISO 8601. */
  hour: string;
  answered: number;
  missed: number;
  live: number;
  talkSeconds: number;
}

/** Sums of a day by hour, each of its hours once, up to `now` of the day that has not ended. */
export function hoursOf({ day, time_zone, kinds }: DashboardDay, now: number): HourSums[] {
  const sums = new Map<string, HourSums>();
  const at = (hour: string): HourSums => {
    const known = sums.get(hour) ?? { hour, answered: 0, missed: 0, live: 0, talkSeconds: 0 };
    sums.set(hour, known);
    return known;
  };
  const from = Date.parse(dayMoment(day, time_zone) ?? '');
  const to = Math.min(Date.parse(dayMoment(day, time_zone, 1) ?? ''), Math.max(now, from + 1));
  for (let hour = from; hour < to; hour += HOUR_MS) at(new Date(hour).toISOString());
  for (const kind of kinds) {
    const sum = at(kind.hour);
    if (kind.outcome === 'answered') sum.answered += kind.calls;
    else if (kind.outcome === 'live') sum.live += kind.calls;
    else sum.missed += kind.calls;
    sum.talkSeconds += kind.talk_seconds;
  }
  return [...sums.values()].sort((a, b) => (a.hour < b.hour ? -1 : 1));
}

/** How many calls there were of each value of one field. */
export function countBy(
  kinds: readonly DayKind[],
  field: 'source' | 'direction' | 'outcome',
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind[field], (counts.get(kind[field]) ?? 0) + kind.calls);
  return counts;
}

/** The day before or after, `YYYY-MM-DD`. */
export function dayBeside(day: string, by: 1 | -1): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + by);
  return at.toISOString().slice(0, 10);
}
