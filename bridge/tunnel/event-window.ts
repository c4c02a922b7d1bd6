/**
 * Which journalled events may be on their way: at most EVENT_WINDOW sent and not acknowledged, in the order of their
 * numbers, from the last acknowledged one again after a break or a `hold`. Pure; numbers grow but may have gaps.
 */
import { EVENT_WINDOW } from '../protocol/limits.ts';

export interface EventWindow {
  /** Every event up to this one is stored at the edge. */
  readonly acked: number;
  /** Sent on this connection and not acknowledged, growing. */
  readonly flying: readonly number[];
  /** Nothing is sent before this moment (monotonic ms). */
  readonly heldUntil: number;
  readonly online: boolean;
}

export const closedWindow = (acked: number): EventWindow => ({
  acked,
  flying: [],
  heldUntil: 0,
  online: false,
});

/** The tunnel is up; the edge has everything up to `acked`. */
export function opened(window: EventWindow, acked: number): EventWindow {
  return { acked: Math.max(window.acked, acked), flying: [], heldUntil: 0, online: true };
}

/** The tunnel broke: what was on its way is sent again. */
export const broken = (window: EventWindow): EventWindow => closedWindow(window.acked);

/** The next events to read from the journal: those after `after`, at most `count`. Null: nothing may be sent now. */
export function toSend(window: EventWindow, now: number): { after: number; count: number } | null {
  const count = EVENT_WINDOW - window.flying.length;
  if (!window.online || now < window.heldUntil || count <= 0) return null;
  return { after: window.flying.at(-1) ?? window.acked, count };
}

/** These were sent, in this order. */
export function sent(window: EventWindow, seqs: readonly number[]): EventWindow {
  return { ...window, flying: [...window.flying, ...seqs] };
}

/** Every event up to `seq` is stored. An older or repeated acknowledgement changes nothing. */
export function acknowledged(window: EventWindow, seq: number): EventWindow {
  if (seq <= window.acked) return window;
  return { ...window, acked: seq, flying: window.flying.filter((one) => one > seq) };
}

/** Events after `seq` could not be stored: they are sent again at `until`. */
export function held(window: EventWindow, seq: number, until: number): EventWindow {
  return { ...acknowledged(window, seq), flying: [], heldUntil: until };
}
