/**
 * Who has a slot: a pure machine. At most one holder at a time; a person's reservation lies underneath, and what that
 * person does with the slot (a call, a script, a command) holds it within the reservation.
 *
 * Every holder gets a fence larger than any before it on this slot. The bridge remembers the largest it has seen and
 * refuses older ones, so a late command of a former holder does nothing.
 */
import type { SlotHolder } from '../contract';

interface Held {
  holder: SlotHolder;
  fence: number;
  /** Ends by itself then, milliseconds since the epoch. */
  until: number;
  /** As `until` was when it was taken: what it may be put off to again. */
  limit: number;
  since: number;
  /** More work of the same person may join it. */
  shared: boolean;
}

export interface HoldState {
  /** The largest one ever given. */
  fence: number;
  /** The work that has the slot. */
  work: Held | null;
  /** The person who reserved it. */
  reserved: Held | null;
}

export const FREE: HoldState = { fence: 0, work: null, reserved: null };

/** What holds the slot now, as others see it: the work, else the reservation. */
export const holderOf = (state: HoldState): Held | null => state.work ?? state.reserved;

/** The state without what is over by now. */
export function expire(state: HoldState, now: number): HoldState {
  const over = (held: Held | null): boolean => held !== null && held.until <= now;
  if (!over(state.work) && !over(state.reserved)) return state;
  return {
    ...state,
    work: over(state.work) ? null : state.work,
    reserved: over(state.reserved) ? null : state.reserved,
  };
}

export type Take =
  { ok: true; state: HoldState; fence: number; until: number } | { ok: false; by: SlotHolder };

/**
 * Takes a slot until `now + lifeMs`, unless somebody has it. A person who reserves what they have reserved already
 * gets it for the new time. What is `shared` joins shared work of the same person: ADB commands, one after another.
 */
export function take(
  before: HoldState,
  holder: SlotHolder,
  now: number,
  lifeMs: number,
  shared = false,
): Take {
  const state = expire(before, now);
  const until = now + lifeMs;
  const { work, reserved } = state;
  const foreign = reserved !== null && reserved.holder.userId !== holder.userId;
  if (holder.kind === 'user') {
    if (foreign) return { ok: false, by: reserved.holder };
    if (work !== null && reserved === null) return { ok: false, by: work.holder };
    if (reserved !== null)
      return {
        ok: true,
        state: { ...state, reserved: { ...reserved, until } },
        fence: reserved.fence,
        until,
      };
    const fence = nextFence(state, now);
    const held = { holder, fence, until, limit: until, since: now, shared };
    return { ok: true, state: { ...state, fence, reserved: held }, fence, until };
  }
  if (work !== null) {
    const joins = shared && work.shared && work.holder.userId === holder.userId;
    if (!joins) return { ok: false, by: work.holder };
    const later = { ...work, until: Math.max(work.until, until), limit: Math.max(work.limit, until) };
    return { ok: true, state: { ...state, work: later }, fence: work.fence, until: later.until };
  }
  if (foreign) return { ok: false, by: reserved.holder };
  const fence = nextFence(state, now);
  return {
    ok: true,
    state: { ...state, fence, work: { holder, fence, until, limit: until, since: now, shared } },
    fence,
    until,
  };
}

/** Ends the hold with this fence; an older one ends nothing. */
export function release(state: HoldState, fence: number): HoldState {
  if (state.work?.fence === fence) return { ...state, work: null };
  if (state.reserved?.fence === fence) return { ...state, reserved: null };
  return state;
}

/** Nobody has it. The fence stays, so that the next holder's is larger. */
export const releaseAll = (state: HoldState): HoldState => ({ ...state, work: null, reserved: null });

/**
 * The bridge says the phone is idle though a call or script has it: the end of that work is on its way, or was lost
 * with the bridge's process. It is waited for `graceMs` longer. `busy` takes that back.
 */
export function seenIdle(state: HoldState, now: number, graceMs: number): HoldState {
  const { work } = state;
  if (work === null || !endsAtBridge(work)) return state;
  return { ...state, work: { ...work, until: Math.min(work.until, now + graceMs) } };
}

/**
 * A call or script whose end the bridge will tell ends no sooner than `until`: the tunnel is down, or has just come up
 * with much to tell.
 */
export function putOff(state: HoldState, until: number): HoldState {
  const { work } = state;
  if (work === null || !endsAtBridge(work) || work.until >= until) return state;
  return { ...state, work: { ...work, until, limit: Math.max(work.limit, until) } };
}

const endsAtBridge = ({ holder }: Held): boolean => holder.kind === 'call' || holder.kind === 'script';

export function seenBusy(state: HoldState): HoldState {
  const { work } = state;
  return work === null || work.until === work.limit
    ? state
    : { ...state, work: { ...work, until: work.limit } };
}

/** When something of it ends by itself; null for a free slot. */
export function nextEnd(state: HoldState): number | null {
  const ends = [state.work, state.reserved].filter((held) => held !== null).map(({ until }) => until);
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * By the clock, so that it grows also where the count was lost: a phone that moves to another bridge and back, or a
 * bridge enrolled anew, still remembers the fences of before.
 */
const nextFence = (state: HoldState, now: number): number => Math.max(state.fence + 1, now);
