/** ISO 8601 as Django's `parse_datetime` reads it, with naive times in the tenant's zone. */
import { wallOffset } from '../../objects/lib/time-zone';

const FORM =
  /^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9})\d{0,6})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/**
 * Milliseconds since the epoch; `date` for a bare date, null for anything else, an impossible date included.
 * @param timeZone IANA zone of a time that names none.
 */
export function parseDateTime(text: string, timeZone: string): number | 'date' | null {
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(text)) return 'date';
  const match = FORM.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Math.floor(Number(`0.${match[7] ?? 0}`) * 1_000);
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const utc = new Date(0);
  // setUTCFullYear, unlike Date.UTC, does not take the years 1–99 for 19xx.
  utc.setUTCFullYear(year, month - 1, day);
  if (utc.getUTCMonth() !== month - 1 || utc.getUTCDate() !== day) return null;
  utc.setUTCHours(hour, minute, second, ms);
  const zone = match[8];
  if (zone === undefined) return utc.getTime() - wallOffset(utc.getTime(), timeZone);
  if (zone.toUpperCase() === 'Z') return utc.getTime();
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return null;
  return utc.getTime() - (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
