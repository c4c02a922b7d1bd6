import { dayIn } from '#lib/calls/time.js';
import type { AttemptOutcome, CampaignProgress } from './model';

/** Leads that are through, of those that are to be called at all. */
export const finished = ({ leads }: Pick<CampaignProgress, 'leads'>): { done: number; total: number } => ({
  done: leads.done,
  total: leads.total - leads.removed,
});

/** 0 to 1; 0 of a campaign without leads. */
export function shareDone(progress: Pick<CampaignProgress, 'leads'>): number {
  const { done, total } = finished(progress);
  return total <= 0 ? 0 : Math.min(1, done / total);
}

/** Answered attempts of those that ended, 0 to 1; null before the first. */
export function answerRate(byOutcome: Partial<Record<AttemptOutcome, number>>): number | null {
  const total = Object.values(byOutcome).reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : (byOutcome.answered ?? 0) / total;
}

export interface OutcomeHour {
  /** Begin of the hour, ISO 8601. */
  at: string;
  by_outcome: Partial<Record<AttemptOutcome, number>>;
}

export interface OutcomeColumn {
  /** Begin of the hour, or `YYYY-MM-DD`. */
  key: string;
  byOutcome: Partial<Record<AttemptOutcome, number>>;
}

const HOUR_MS = 3_600_000;

function add(
  a: Partial<Record<AttemptOutcome, number>>,
  b: Partial<Record<AttemptOutcome, number>>,
): Partial<Record<AttemptOutcome, number>> {
  const sum = { ...a };
  for (const [name, count] of Object.entries(b) as [AttemptOutcome, number][])
    sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** Every hour from `from` to `to` (milliseconds, not included), so that an hour without calls shows as nothing. */
export function hourly(hours: readonly OutcomeHour[], from: number, to: number): OutcomeColumn[] {
  const known = new Map(hours.map((hour) => [Math.floor(Date.parse(hour.at) / HOUR_MS), hour.by_outcome]));
  const columns: OutcomeColumn[] = [];
  for (let hour = Math.floor(from / HOUR_MS); hour * HOUR_MS < to; hour += 1)
    columns.push({ key: new Date(hour * HOUR_MS).toISOString(), byOutcome: known.get(hour) ?? {} });
  return columns;
}

/** The same by days of a time zone. */
export function daily(
  hours: readonly OutcomeHour[],
  from: number,
  to: number,
  timeZone: string | undefined,
): OutcomeColumn[] {
  const days = new Map<string, Partial<Record<AttemptOutcome, number>>>();
  for (const { key, byOutcome } of hourly(hours, from, to)) {
    const day = dayIn(key, timeZone);
    days.set(day, add(days.get(day) ?? {}, byOutcome));
  }
  return [...days].map(([key, byOutcome]) => ({ key, byOutcome }));
}
