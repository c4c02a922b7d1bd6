/** Days are `YYYY-MM-DD`, months `YYYY-MM`, of whatever time zone the caller means: plain calendar arithmetic. */

export const PRESETS = [
  'today',
  'yesterday',
  'week',
  'month',
  'this_month',
  'last_month',
  'this_year',
] as const;
export type Preset = (typeof PRESETS)[number];

export interface Range {
  from: string;
  to: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

const ms = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

export const isDay = (text: string): boolean =>
  DAY.test(text) && !Number.isNaN(ms(text)) && dayOf(ms(text)) === text;

export const addDays = (day: string, days: number): string => dayOf(ms(day) + days * DAY_MS);

/** Days from the first to the last, both counted. */
export const daysIn = ({ from, to }: Range): number => Math.round((ms(to) - ms(from)) / DAY_MS) + 1;

/** The first and the last day of a preset, seen from `today`. */
export function rangeOf(preset: Preset, today: string): Range {
  const first = `${today.slice(0, 7)}-01`;
  switch (preset) {
    case 'today':
      return { from: today, to: today };
    case 'yesterday':
      return { from: addDays(today, -1), to: addDays(today, -1) };
    case 'week':
      return { from: addDays(today, -6), to: today };
    case 'month':
      return { from: addDays(today, -29), to: today };
    case 'this_month':
      return { from: first, to: today };
    case 'last_month': {
      const to = addDays(first, -1);
      return { from: `${to.slice(0, 7)}-01`, to };
    }
    case 'this_year':
      return { from: `${today.slice(0, 4)}-01-01`, to: today };
  }
}

export const presetOf = (range: Range, today: string): Preset | null =>
  PRESETS.find((preset) => {
    const { from, to } = rangeOf(preset, today);
    return from === range.from && to === range.to;
  }) ?? null;

/** Every period of a range in order, so that a day without calls shows as nothing rather than not at all. */
export function periodsOf({ from, to }: Range, by: 'day' | 'month'): string[] {
  const periods: string[] = [];
  if (by === 'day') {
    for (let day = from; day <= to; day = addDays(day, 1)) periods.push(day);
    return periods;
  }
  let [year = 0, month = 1] = from.split('-').map(Number);
  for (;;) {
    const period = `${year}-${String(month).padStart(2, '0')}`;
    if (period > to.slice(0, 7)) return periods;
    periods.push(period);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
}
