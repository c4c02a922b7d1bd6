const formats = new Map<string, Intl.DateTimeFormat>();

function format(
  locale: string,
  timeZone: string | undefined,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, timeZone, options]);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale, { ...options, timeZone });
    formats.set(key, made);
  }
  return made;
}

/** `m:ss`, from an hour on `h:mm:ss`. */
export function clockFace(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(seconds / 3_600);
  const m = Math.floor((seconds % 3_600) / 60);
  const s = seconds % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `YYYY-MM-DD` of a moment in a time zone. */
export const dayIn = (iso: string | number, timeZone: string | undefined): string =>
  format('sv-SE', timeZone, { dateStyle: 'short' }).format(new Date(iso));

export const timeOfDay = (iso: string, locale: string, timeZone?: string): string =>
  format(locale, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso));

export const timeWithSeconds = (iso: string, locale: string, timeZone?: string): string =>
  format(locale, timeZone, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));

export const shortDay = (iso: string, locale: string, timeZone?: string): string =>
  format(locale, timeZone, { day: 'numeric', month: 'short' }).format(new Date(iso));

/** With its year, for what may lie long ago. */
export const fullDay = (
  iso: string,
  locale: string,
  timeZone: string | undefined,
  dateStyle: 'long' | 'short',
): string => format(locale, timeZone, { dateStyle }).format(new Date(iso));

export const fullMoment = (iso: string, locale: string, timeZone?: string): string =>
  format(locale, timeZone, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));

const relative = new Map<string, Intl.RelativeTimeFormat>();

/** "5 minutes ago" in the reader's language, in the largest unit that fits. */
export function ago(iso: string, now: number, locale: string): string {
  let made = relative.get(locale);
  if (!made) {
    made = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
    relative.set(locale, made);
  }
  const seconds = Math.round((Date.parse(iso) - now) / 1_000);
  const size = Math.abs(seconds);
  if (size < 60) return made.format(Math.min(0, seconds), 'second');
  if (size < 3_600) return made.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return made.format(Math.round(seconds / 3_600), 'hour');
  return made.format(Math.round(seconds / 86_400), 'day');
}
