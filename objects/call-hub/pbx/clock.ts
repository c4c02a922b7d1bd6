/**
 * The host writes its local wall clock without a zone. Its channel ids carry the epoch, so a hangup tells its
 * host's offset by itself: wall clock of the call's beginning minus the epoch in the UniqueId.
 */
import { channelClock, type PbxFact } from './fields';

type Hangup = Extract<PbxFact, { k: 'hangup' }>;

const QUARTER_HOUR = 15 * 60_000;
/** A hangup is posted some seconds after the end it names; a clock or a zone read wrong is off by far more. */
const LATEST_AFTER_ARRIVAL = 10 * 60_000;

/** Offset of the host's wall clock from UTC in ms, to the quarter of an hour; null when the hangup can't tell. */
export function hostOffset(hangup: Hangup): number | null {
  const clock = channelClock(hangup.u);
  const wall = hangup.started ?? hangup.received;
  if (!clock || wall === null) return null;
  const offset = Math.round((wall - clock.epoch * 1000) / QUARTER_HOUR) * QUARTER_HOUR;
  return Math.abs(offset) <= 14 * 3_600_000 ? offset : null;
}

/** When the call ended, ms since the epoch: the host's own word where it can be true, else when the hangup came. */
export function callEnd(hangup: Hangup, startAt: number): number {
  const offset = hostOffset(hangup);
  if (offset === null || hangup.ended === null) return hangup.at;
  const endAt = hangup.ended - offset;
  return endAt >= startAt && endAt <= hangup.at + LATEST_AFTER_ARRIVAL ? endAt : hangup.at;
}
