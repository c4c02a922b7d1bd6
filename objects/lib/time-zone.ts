/** Wall clocks of time zones, by what the runtime knows of them. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** Offset of a zone from UTC at an instant, ms. */
export function zoneOffset(at: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = value;
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
  local.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second), 0);
  return local.getTime() - Math.floor(at / 1_000) * 1_000;
}

/**
 * Offset of a zone from UTC, ms, at a local wall-clock time given as if it were UTC. A time that occurs twice is
 * the earlier one, a time that a clock change skips is read with the offset before the change.
 */
export function wallOffset(wall: number, timeZone: string): number {
  const before = zoneOffset(wall - 24 * 3_600_000, timeZone);
  if (zoneOffset(wall - before, timeZone) === before) return before;
  const after = zoneOffset(wall + 24 * 3_600_000, timeZone);
  return zoneOffset(wall - after, timeZone) === after ? after : before;
}
