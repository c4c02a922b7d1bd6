/**
 * The host writes its local wall clock without a zone. Its channel ids carry the epoch, so a hangup tells its
 * host's offset by itself: wall clock of the call's beginning minus the epoch in the UniqueId.
 */
import type { FactSet, Hangup } from './facts';
import { madeAt } from './facts';
import { RECOVERED_AFTER_MS } from './rules';

const QUARTER_HOUR = 15 * 60_000;
/** A hangup is posted some seconds after the end it names; a clock or a zone read wrong is off by far more. */
const LATEST_AFTER_ARRIVAL = 10 * 60_000;
/** A clock that differs from ours by less than this is only told late. */
const SKEW_MS = 10 * 60_000;

/** Offset of the host's wall clock from UTC in ms, to the quarter of an hour; null when the hangup can't tell. */
export function hostOffset(hangup: Hangup): number | null {
  const made = madeAt(hangup.u);
  const wall = hangup.started ?? hangup.received;
  if (made === null || wall === null) return null;
  const offset = Math.round((wall - made) / QUARTER_HOUR) * QUARTER_HOUR;
  return Math.abs(offset) <= 14 * 3_600_000 ? offset : null;
}

/**
 * When the call ended, ms since the epoch: the host's own word where it can be true, else when the hangup came.
 * `skew` is by how much our clock is ahead of the host's.
 */
export function callEnd(hangup: Hangup, startAt: number, skew = 0): number {
  const offset = hostOffset(hangup);
  if (offset === null || hangup.ended === null) return hangup.at;
  const endAt = hangup.ended - offset + skew;
  return endAt >= startAt && endAt <= hangup.at + LATEST_AFTER_ARRIVAL ? endAt : hangup.at;
}

/**
 * By how much our clock is ahead of the host's: what a host tells as it happens shows it. A hangup alone may be told
 * long after, so it shows nothing but a clock that is ahead.
 */
export function hostSkew(set: FactSet, main: string): number {
  const made = madeAt(main);
  if (made === null) return 0;
  const live = set.firstLive();
  if (!live) return Math.min(0, set.firstAt() - made) < -SKEW_MS ? set.firstAt() - made : 0;
  const skew = live.at - made;
  return Math.abs(skew) > SKEW_MS ? skew : 0;
}

/** When the call began by the host's own clock: the time its hangup names, else the age of its channel. */
export function hostStart(hangup: Hangup | null, main: string): number | null {
  const offset = hangup && hostOffset(hangup);
  const wall = hangup?.started ?? hangup?.received ?? null;
  return offset !== null && wall !== null ? wall - offset : madeAt(main);
}

/** Whether the hangup was read from the host's journal long after: then it is news for the history alone. */
export function isRecovered(hangup: Hangup, skew: number): boolean {
  if (hangup.recovered) return true;
  const offset = hostOffset(hangup);
  if (offset === null || hangup.ended === null) return false;
  return hangup.at - (hangup.ended - offset + skew) > RECOVERED_AFTER_MS;
}
