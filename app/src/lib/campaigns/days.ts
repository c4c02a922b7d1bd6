/** Days of the week as the API counts them: 1 is Monday, 7 is Sunday. */
export const WEEK = [1, 2, 3, 4, 5, 6, 7] as const;

/** A Monday; any would do. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** "Mon" in the reader's language. */
export const dayName = (day: number, locale: string, width: 'short' | 'long' = 'short'): string =>
  new Intl.DateTimeFormat(locale, { weekday: width, timeZone: 'UTC' }).format(MONDAY + (day - 1) * DAY_MS);

/** "Mon–Fri, Sun": days that follow each other as one. */
export function daysText(days: readonly number[], locale: string): string {
  const runs: [number, number][] = [];
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs
    .map(([from, to]) => {
      if (from === to) return dayName(from, locale);
      return `${dayName(from, locale)}${to === from + 1 ? ', ' : '–'}${dayName(to, locale)}`;
    })
    .join(', ');
}
