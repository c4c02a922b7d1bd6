/** The part of CallHub's contract for whoever sends a caller to somebody who knows him. */

/**
 * How the call of a channel is: `unknown` where nothing was told of it, `waiting` while it is a caller whom nobody of ours
 * talks with yet.
 */
export type CallerState =
  | { state: 'unknown' | 'answered' | 'ended' | 'outgoing' }
  | { state: 'waiting'; bridgeId: string | null; pbx: string | null; linkedid: string | null };

export interface CallersHub {
  /** Of the call with this channel (`UniqueId` of the PBX). */
  callerState(uniqueid: string): Promise<CallerState>;
  /** Extension that had the newest (or first) answered call with this number; null where there was none. */
  answererOf(number: string, which: 'first' | 'last'): Promise<string | null>;
}
