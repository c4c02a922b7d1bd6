/**
 * Asterisk writes the times of its CDRs as the host's local time without a zone. Asterisk itself knows the zone, so it is
 * asked (`STRFTIME` with `%z`); where it can't be, a CDR's own end says it, for that is now.
 */

/** A quarter of an hour: zones differ by no less. */
const STEP_MS = 15 * 60_000;
/** CDRs may be written in batches minutes late, and clocks differ; an hour wrong is more than both. */
const TOLERANCE_MS = 40 * 60_000;

/** `+0545` as milliseconds; null for anything else. */
export function parseOffset(text: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text.trim()) ?? [];
  if (sign === undefined) return null;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -ms : ms;
}

/** `2026-11-21 19:42:12` read as if it were UTC; null where it is empty or no time. */
export function parseLocal(text: string | undefined): number | null {
  const [, date, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? '') ?? [];
  if (date === undefined) return null;
  const at = Date.parse(`${date}T${time}Z`);
  return Number.isNaN(at) ? null : at;
}

/**
 * The host's offset from UTC, ms, for a CDR that ended at `end` (local time read as UTC).
 * @param asked what Asterisk said, null if it could not be asked; wrong for an hour after the clocks were changed
 */
export function offsetOf(end: number, asked: number | null, now: number): number {
  if (asked !== null && Math.abs(end - asked - now) < TOLERANCE_MS) return asked;
  return Math.round((end - now) / STEP_MS) * STEP_MS;
}
