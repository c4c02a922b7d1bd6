/** When a schedule falls due next. Pure; the clock of a zone is read through `Intl`. */
import { wallOffset } from '../lib/time-zone';
import type { PipelineSchedule } from './spec';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localOf(at: number, zone: string): Local {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return {
    year: read('year'),
    month: read('month'),
    day: read('day'),
    hour: read('hour'),
    minute: read('minute'),
  };
}

/**
 * The moment a zone's clock shows a time. Where a clock change leaves the time out, the moment as far behind the change
 * as the time is; where it comes twice, the first.
 */
function momentOf(day: number, minutes: number, zone: string): number {
  const shown = day + minutes * MINUTE_MS;
  return shown - wallOffset(shown, zone);
}

/**
 * The first moment after `after` at which a schedule is due; null for one that is off.
 * `every` counts from `anchor`, the moment it was set: it does not move with what it started.
 */
export function nextRun(
  schedule: PipelineSchedule | null,
  after: number,
  anchor: number,
  zone: string,
): number | null {
  if (schedule === null || !schedule.enabled) return null;
  if (schedule.kind === 'every') {
    const step = schedule.minutes * MINUTE_MS;
    return after < anchor ? anchor + step : anchor + (Math.floor((after - anchor) / step) + 1) * step;
  }
  const { year, month, day } = localOf(after, zone);
  const today = Date.UTC(year, month - 1, day);
  const minutes = schedule.times.map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  // A clock change may move yesterday's or today's last time past midnight; a week later every day has come.
  for (let ahead = -1; ahead <= 8; ahead += 1) {
    const date = today + ahead * DAY_MS;
    const weekday = new Date(date).getUTCDay() || 7;
    if (!schedule.days.includes(weekday)) continue;
    const moments = minutes.map((minute) => momentOf(date, minute, zone)).filter((at) => at > after);
    if (moments.length > 0) return Math.min(...moments);
  }
  return null;
}
