const MINUTE_MS = 60_000;

/** How far a zone's clocks are ahead of UTC at a moment, ms. */
function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((one) => one.type === type)?.value ?? 0);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
  return shown - Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** The moment at which a zone's clocks show what UTC's would at `shown`, ms. */
function momentOf(shown: number, timeZone: string): string {
  // The offset of the moment itself counts, and it is known only from the moment: one correction is enough.
  const guess = shown - offsetAt(shown, timeZone);
  return new Date(shown - offsetAt(guess, timeZone)).toISOString();
}

/**
 * When a day begins in a zone, as ISO 8601; `days` later with the second argument. Null for what is no date.
 * @param day `YYYY-MM-DD`
 */
export function dayMoment(day: string, timeZone: string, days = 0): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
  if (!match) return null;
  const midnight = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + days);
  return Number.isNaN(midnight) ? null : momentOf(midnight, timeZone);
}

/**
 * When a zone's clocks show a day and a time, as ISO 8601; null for what is none.
 * @param clock `YYYY-MM-DDTHH:MM`, as `<input type="datetime-local">` has it
 */
export function clockMoment(clock: string, timeZone: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(clock)) return null;
  const shown = Date.parse(`${clock}:00Z`);
  return Number.isNaN(shown) ? null : momentOf(shown, timeZone);
}

/** What a zone's clocks show at a moment, as `YYYY-MM-DDTHH:MM`. */
export function clockAt(at: string | number, timeZone: string): string {
  const ms = Math.floor(new Date(at).getTime() / MINUTE_MS) * MINUTE_MS;
  return new Date(ms + offsetAt(ms, timeZone)).toISOString().slice(0, 16);
}
