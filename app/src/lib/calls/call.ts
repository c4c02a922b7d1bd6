import type { Call, CallStatus } from '#lib/api/model.js';

const RANK: Record<CallStatus, number> = { queued: 0, ringing: 1, connected: 2, ended: 3 };

/** Enough of a look to trust an event of our own server with the screen. */
export function isCall(value: unknown): value is Call {
  if (typeof value !== 'object' || value === null) return false;
  const call = value as Record<string, unknown>;
  return (
    typeof call.call_id === 'string' &&
    typeof call.number === 'string' &&
    typeof call.start_time === 'string' &&
    typeof call.status === 'string' &&
    call.status in RANK
  );
}

export const newestFirst = (a: Call, b: Call): number =>
  a.start_time === b.start_time ? (a.call_id < b.call_id ? 1 : -1) : a.start_time < b.start_time ? 1 : -1;

export const isLive = (call: Call): boolean => call.status !== 'ended';

/** Whether a change means that this user has just got somebody on the line who rang in. */
export const reachedMe = (call: Call, before: Call | undefined, userId: string | undefined): boolean =>
  call.direction === 'in' &&
  isLive(call) &&
  userId !== undefined &&
  call.user?.id === userId &&
  !(before && before.user?.id === userId && isLive(before));

/** What the list is narrowed by. `missed` is everything that ended without a talk. */
export type StatusFilter = 'all' | 'live' | 'answered' | 'missed';

export function matches(call: Call, status: StatusFilter): boolean {
  if (status === 'all') return true;
  if (status === 'live') return isLive(call);
  if (status === 'answered') return call.outcome === 'answered';
  return call.status === 'ended' && call.outcome !== 'answered';
}

export interface CallMoment {
  kind: 'start' | 'answer' | 'end';
  at: string;
}

/** The moments of a call we know the time of, in order. */
export function moments(call: Call): CallMoment[] {
  const all: CallMoment[] = [{ kind: 'start', at: call.start_time }];
  if (call.answer_time) all.push({ kind: 'answer', at: call.answer_time });
  if (call.end_time) all.push({ kind: 'end', at: call.end_time });
  return all;
}

/** Seconds to show beside a call: of talk where it was answered, of waiting while it is not; null when unknown. */
export function shownSeconds(call: Call, now: number): number | null {
  // Of a call nobody answered there is no length to show, whatever it took to end.
  if (call.status === 'ended') return call.outcome === 'answered' ? call.duration : null;
  const from = Date.parse(call.answer_time ?? call.start_time);
  return Number.isNaN(from) ? null : Math.max(0, Math.floor((now - from) / 1_000));
}

export interface DaySummary {
  total: number;
  answered: number;
  missed: number;
  live: number;
  talkSeconds: number;
}

/** Totals of one user's calls that started on `day` (`YYYY-MM-DD`) of the tenant's time zone. */
export function summarise(
  calls: readonly Call[],
  userId: string,
  day: string,
  dayOf: (iso: string) => string,
): DaySummary {
  const sum: DaySummary = { total: 0, answered: 0, missed: 0, live: 0, talkSeconds: 0 };
  for (const call of calls) {
    if (call.user?.id !== userId || dayOf(call.start_time) !== day) continue;
    sum.total += 1;
    if (isLive(call)) sum.live += 1;
    else if (call.outcome === 'answered') sum.answered += 1;
    else sum.missed += 1;
    sum.talkSeconds += call.status === 'ended' && call.outcome === 'answered' ? (call.duration ?? 0) : 0;
  }
  return sum;
}
