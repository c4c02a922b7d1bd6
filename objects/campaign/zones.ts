/** In which time zones a number can be, and the clock there. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { COUNTRY_ZONES, PREFIX_ZONES } from './zone-table';

export type ZoneSource = 'given' | 'number' | 'assumed';

export interface Zones {
  /** Sorted; a lead is called when its window is open in all of them. Never empty. */
  names: string[];
  source: ZoneSource;
}

const countries = new Map(
  COUNTRY_ZONES.trim()
    .split(/\s+/)
    .map((entry) => {
      const [country = '', zones = ''] = entry.split(':');
      return [country, zones.split('&')] as const;
    }),
);

const prefixes = new Map(
  Object.entries(PREFIX_ZONES).flatMap(([zone, text]) => {
    const [code = '', rest = ''] = text.split(': ');
    return rest.split(' ').map((digits) => [code + digits, zone] as const);
  }),
);
const LONGEST_PREFIX = Math.max(...[...prefixes.keys()].map(({ length }) => length));

/** The zone that a number's first digits tell by themselves. */
function zoneByPrefix(digits: string): string | null {
  for (let length = Math.min(LONGEST_PREFIX, digits.length); length > 1; length -= 1) {
    const zone = prefixes.get(digits.slice(0, length));
    if (zone !== undefined) return zone;
  }
  return null;
}

/** Every zone a number can be in; empty when it tells none. */
export function zonesOfNumber(number: string): readonly string[] {
  const zone = zoneByPrefix(number.replace('+', ''));
  if (zone !== null) return [zone];
  const country = parsePhoneNumberFromString(number)?.country;
  return country === undefined ? [] : (countries.get(country) ?? []);
}

/**
 * The zones of a lead: the one given with it, else what its number tells. A number of a country with several that does
 * not say which is taken to be at home, where `home` (the campaign's zone) is one of that country's; else it may be in
 * any of them.
 */
export function zonesOf(number: string, given: string | null, home: string): Zones {
  if (given !== null) return { names: [given], source: 'given' };
  const possible = zonesOfNumber(number);
  if (possible.length === 1) return { names: [...possible], source: 'number' };
  if (possible.length === 0 || possible.includes(home)) return { names: [home], source: 'assumed' };
  return { names: [...possible].sort(), source: 'number' };
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat | null = null;
  try {
    // Offsets (+03:00) are zones to Intl as well, but say nothing of summer time: names only.
    if (/^[A-Za-z]/.test(zone))
      format = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        weekday: 'short',
      });
  } catch {
    format = null;
  }
  if (formats.size > 500) formats.clear();
  formats.set(zone, format);
  return format;
}

export const isZone = (name: string): boolean => formatOf(name) !== null;

export interface Clock {
  /** `YYYY-MM-DD`. */
  day: string;
  /** 1 is Monday. */
  weekday: number;
  /** Since midnight. */
  minutes: number;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** What the clock shows in a zone; one that nobody knows (any more) is read as UTC. */
export function clockIn(zone: string, at: number): Clock {
  const format = formatOf(zone) ?? formatOf('UTC');
  const parts = Object.fromEntries((format?.formatToParts(at) ?? []).map(({ type, value }) => [type, value]));
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    weekday: WEEKDAYS.indexOf(parts.weekday ?? '') + 1,
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

/** `YYYY-MM-DD HH:MM`. */
export function localTime(zone: string, at: number): string {
  const { day, minutes } = clockIn(zone, at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
