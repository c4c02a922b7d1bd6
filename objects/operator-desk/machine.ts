/**
 * What an operator is doing, read from where they stand in each queue; pure. What was asked for (desired) and what
 * telephony says (seen) are both kept: where they differ there is drift, which is shown and never hidden.
 */

/** Where an operator stands in one queue, by somebody's word. */
export interface Standing {
  connected: boolean;
  paused: boolean;
  /** Lower is asked first. */
  priority: number;
  reason: string | null;
}

export const OFF: Standing = { connected: false, paused: false, priority: 0, reason: null };

export type LineState = 'off' | 'line' | 'paused';

/** On the line in at least one queue; paused in at least one of those. */
export function summaryOf(standings: readonly Standing[]): {
  connected: boolean;
  paused: boolean;
  state: LineState;
  reason: string | null;
} {
  const there = standings.filter(({ connected }) => connected);
  const held = there.find(({ paused }) => paused);
  const state = there.length === 0 ? 'off' : held ? 'paused' : 'line';
  return { connected: there.length > 0, paused: held !== undefined, state, reason: held?.reason ?? null };
}

/** Whether telephony does something else than was asked for. A reason's words are no drift; off is off. */
export function differs(desired: Standing | null, seen: Standing | null): boolean {
  if (desired === null || seen === null) return false;
  if (desired.connected !== seen.connected) return true;
  return desired.connected && (desired.paused !== seen.paused || desired.priority !== seen.priority);
}

/** Who made a change: through us, in telephony itself, or a rule of ours. */
export type Cause = 'asked' | 'telephony' | 'rule';

export interface Segment {
  from: number;
  /** Null: it goes on. */
  to: number | null;
  state: LineState;
  reason: string | null;
  cause: Cause;
  /** User id of who asked; null where nobody did. */
  actor: string | null;
}

/**
 * Goes on with an operator's time-line. Answers null when nothing changed, else the segment that ends (null: there was
 * none) and the one that begins. A moment before the open segment's own is taken for that moment: time never runs back.
 */
export function advance(
  open: Segment | null,
  next: Pick<Segment, 'state' | 'reason' | 'cause' | 'actor'>,
  at: number,
): { ended: Segment | null; begun: Segment } | null {
  if (open !== null && open.state === next.state && open.reason === next.reason) return null;
  const from = open === null ? at : Math.max(at, open.from);
  return { ended: open === null ? null : { ...open, to: from }, begun: { ...next, from, to: null } };
}

/** Seconds of each state within a time, by its segments; one that goes on counts until `now`. */
export function secondsIn(
  segments: readonly Segment[],
  from: number,
  to: number,
  now: number,
): Record<LineState, number> {
  const total = { off: 0, line: 0, paused: 0 };
  for (const segment of segments) {
    const begins = Math.max(segment.from, from);
    const ends = Math.min(segment.to ?? now, to, now);
    if (ends > begins) total[segment.state] += ends - begins;
  }
  return {
    off: Math.round(total.off / 1000),
    line: Math.round(total.line / 1000),
    paused: Math.round(total.paused / 1000),
  };
}

/** Rows of calls an operator let ring in vain. Answers whether the rule pauses now. */
export const pausesAfter = (missed: number, limit: number): boolean => limit > 0 && missed >= limit;
