import { dayIn, fullDay, shortDay, timeOfDay } from '#lib/calls/time.js';
import { m } from '#lib/paraglide/messages.js';

const DAY_MS = 86_400_000;

/** The day of a moment in words: today, yesterday, or its date. */
export function dayLabel(iso: string, now: number, locale: string, zone: string | undefined): string {
  const day = dayIn(iso, zone);
  if (day === dayIn(now, zone)) return m.inbox_today();
  return day === dayIn(now - DAY_MS, zone) ? m.inbox_yesterday() : fullDay(iso, locale, zone, 'long');
}

/** When something happened, as short as can be: the time of today, the day of this year, else the date. */
export function whenLabel(iso: string, now: number, locale: string, zone: string | undefined): string {
  const [day, today] = [dayIn(iso, zone), dayIn(now, zone)];
  if (day === today) return timeOfDay(iso, locale, zone);
  return day.slice(0, 4) === today.slice(0, 4)
    ? shortDay(iso, locale, zone)
    : fullDay(iso, locale, zone, 'short');
}
