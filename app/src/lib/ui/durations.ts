type Unit = 'day' | 'hour' | 'minute' | 'second';
const SIZES: readonly [Unit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const formats = new Map<string, Intl.NumberFormat>();

function inUnit(count: number, unit: string, locale: string): string {
  const key = `${locale} ${unit}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' });
    formats.set(key, made);
  }
  return made.format(count);
}

/** "2 min 5 sec" in the reader's language: the largest unit that fits and, where it says something, the next one;
 * of a few seconds also the tenths. */
export function durationText(seconds: number, locale: string): string {
  if (seconds > 0 && seconds < 9.95)
    return inUnit(Math.max(0.1, Math.round(seconds * 10) / 10), 'second', locale);
  const whole = Math.max(0, Math.round(seconds));
  const first = SIZES.findIndex(([, size]) => whole >= size);
  const [unit, size] = SIZES[first] ?? (['second', 1] as const);
  const second = first === -1 ? undefined : SIZES[first + 1];
  const head = inUnit(Math.floor(whole / size), unit, locale);
  if (!second) return head;
  const rest = Math.floor((whole % size) / second[1]);
  return rest === 0 ? head : `${head} ${inUnit(rest, second[0], locale)}`;
}

/** "12.4 MB" in the reader's language. */
export function sizeText(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let value = bytes;
  let step = 0;
  while (value >= 1_000 && step < units.length - 1) {
    value /= 1_000;
    step += 1;
  }
  return inUnit(Math.round(value * 10) / 10, units[step] ?? 'byte', locale);
}
