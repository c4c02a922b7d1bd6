/** When leads may be called: windows of the week, by the clock where the lead is. Pure. */
import type { CallingWindow } from '../../worker/db/schema';
import { clockIn } from './zones';

const MINUTE_MS = 60_000;
/** Openings are looked for in steps: every window begins and every clock changes on a quarter or it is rounded up to one. */
const STEP_MS = 15 * MINUTE_MS;
const WEEK_MS = 8 * 24 * 3_600_000;

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** The window that is open in this zone now, null when none is. */
export function openWindow(
  windows: readonly CallingWindow[],
  zone: string,
  at: number,
): CallingWindow | null {
  const { weekday, minutes } = clockIn(zone, at);
  return (
    windows.find(
      ({ days, from, to }) => days.includes(weekday) && minutes >= minutesOf(from) && minutes < minutesOf(to),
    ) ?? null
  );
}

/** Whether a lead that may be in any of these zones may be called. */
export const isOpen = (windows: readonly CallingWindow[], zones: readonly string[], at: number): boolean =>
  zones.every((zone) => openWindow(windows, zone, at) !== null);

/** When it may be called next, `at` itself when it may now; null when never within a week (zones too far apart). */
export function nextOpening(
  windows: readonly CallingWindow[],
  zones: readonly string[],
  at: number,
): number | null {
  if (isOpen(windows, zones, at)) return at;
  const minute = Math.ceil((at + 1) / MINUTE_MS) * MINUTE_MS;
  for (let step = Math.floor(at / STEP_MS) * STEP_MS; step < at + WEEK_MS; step += STEP_MS) {
    const end = step + STEP_MS;
    if (end <= at || !isOpen(windows, zones, end)) continue;
    // It opens somewhere in this quarter: to the minute.
    for (let one = Math.max(step, minute); one <= end; one += MINUTE_MS)
      if (isOpen(windows, zones, one)) return one;
  }
  return null;
}
