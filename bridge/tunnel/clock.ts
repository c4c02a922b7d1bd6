/** The edge's clock as the bridge knows it: its own monotonic one plus what the edge said. A wrong date here harms nothing. */

export interface EdgeClock {
  /** The edge's milliseconds since the epoch, now. */
  now(): number;
  /**
   * The edge said `edgeNow` in a message that arrived now. `roundTripMs` is the time since the request it answers: half
   * of it is taken for the way back. Null: nothing was asked, and the way is taken for nothing.
   */
  told(edgeNow: number, roundTripMs: number | null): void;
  /** How far the host's own clock is from the edge's, ms (positive: the host is ahead); null before the first word. */
  skew(): number | null;
}

/** @param monotonic milliseconds that never jump @param wall the host's own milliseconds since the epoch */
export function createClock(monotonic: () => number, wall: () => number): EdgeClock {
  let base: { edge: number; at: number } | null = null;
  const now = (): number => Math.round(base === null ? wall() : base.edge + (monotonic() - base.at));
  return {
    now,
    told(edgeNow, roundTripMs) {
      base = { edge: edgeNow + (roundTripMs ?? 0) / 2, at: monotonic() };
    },
    skew: () => (base === null ? null : Math.round(wall()) - now()),
  };
}
