/** When to connect again: pure, so that its bounds can be proved. */
import { RECONNECT_MAX_MS, RECONNECT_MIN_MS } from '../protocol/limits.ts';

/** A connection that lived this long was a good one: the next attempt begins with the shortest wait. */
export const GOOD_AFTER_MS = 10_000;
/** The edge refuses this bridge's key or does not know it; a person may be repairing that just now. */
const REFUSED_MIN_MS = 60_000;
const REFUSED_MAX_MS = 300_000;

export interface Backoff {
  /** Connections in a row that failed or ended soon. */
  failures: number;
}

export const freshBackoff: Backoff = { failures: 0 };

/** How a connection ended, as far as the wait for the next one cares. */
export interface Ending {
  /** How long the tunnel was up, ms; 0: never. */
  liveMs: number;
  /** The edge refused the bridge itself, not merely the connection. */
  refused: boolean;
}

/**
 * The wait until the next attempt, ms, with full jitter: anywhere between the least wait and a bound that doubles with
 * each failure, so that the bridges of a restarted edge come back spread out.
 * @param random in [0, 1)
 */
export function nextAttempt(
  backoff: Backoff,
  ending: Ending,
  random: number,
): { backoff: Backoff; waitMs: number } {
  const failures = ending.liveMs >= GOOD_AFTER_MS ? 0 : backoff.failures;
  const [least, most] = ending.refused
    ? [REFUSED_MIN_MS, REFUSED_MAX_MS]
    : [RECONNECT_MIN_MS, RECONNECT_MAX_MS];
  const bound = Math.min(most, least * 2 ** Math.min(failures + 1, 20));
  return { backoff: { failures: failures + 1 }, waitMs: Math.round(least + random * (bound - least)) };
}
