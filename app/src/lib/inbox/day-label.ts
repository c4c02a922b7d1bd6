import { dayIn, longDay } from '#lib/calls/time.js';
import { m } from '#lib/paraglide/messages.js';

const DAY_MS = 86_400_000;

/** The day of a moment in words: today, yesterday, or its date. */
export function dayLabel(iso: string, now: number, locale: string, zone: string | undefined): string {
  const day = dayIn(iso, zone);
  if (day === dayIn(now, zone)) return m.inbox_today();
  return day === dayIn(now - DAY_MS, zone) ? m.inbox_yesterday() : longDay(iso, locale, zone);
}
