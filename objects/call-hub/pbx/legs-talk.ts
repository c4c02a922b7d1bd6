/** Who talked with whom, by the bridges that the channels of a call share. */
import type { Leg } from './legs';

export type Entry = [uniqueid: string, leg: Leg];

export interface Parties {
  /** The customer's channels; inside a house the ones that were called. */
  outside: Entry[];
  /** Those of ours the outside can talk with. */
  inside: Entry[];
}

export interface Talk {
  at: number;
  /** Until the customer's channel left, null while it is there. */
  outside: Leg;
  inside: Leg;
}

/** `PJSIP/…` of its own; both halves of a Local channel are one place. */
const placeOf = ([uniqueid, leg]: Entry): string =>
  leg.kind === 'local' && /;[12]$/.test(leg.name) ? leg.name.slice(0, -2) : uniqueid;

/**
 * Each time one of ours came together with the outside, in order: in one bridge, directly or through Local halves. The
 * first of them is the answer.
 */
export function talksOf(entries: Entry[], { outside, inside }: Parties): Talk[] {
  if (outside.length === 0 || inside.length === 0) return [];
  const moves = entries
    .flatMap((entry) => entry[1].moves.map((move) => ({ entry, move })))
    .sort((a, b) => a.move[0] - b.move[0] || a.move[1] - b.move[1]);
  /** Bridge each channel is in now. */
  const where = new Map<string, string>();
  const talks: Talk[] = [];
  let talking = new Set<Leg>();
  for (const { entry, move } of moves) {
    const [at, , way, bridge] = move;
    // Left one it is not in: the entering was lost, or it is in the next one already.
    if (way === 1) where.set(entry[0], bridge);
    else if (where.get(entry[0]) === bridge) where.delete(entry[0]);
    else continue;
    const together = groups(entries, where);
    const now = new Set<Leg>();
    for (const one of outside) {
      const place = together(one);
      if (place === null) continue;
      for (const mine of inside) {
        if (together(mine) !== place) continue;
        now.add(mine[1]);
        if (!talking.has(mine[1])) talks.push({ at, outside: one[1], inside: mine[1] });
      }
    }
    talking = now;
  }
  return talks;
}

/** Which channels are joined: answers the name of a channel's group, null of one that is in no bridge. */
function groups(entries: Entry[], where: ReadonlyMap<string, string>): (entry: Entry) => string | null {
  const parent = new Map<string, string>();
  const top = (name: string): string => {
    let at = name;
    for (let next = parent.get(at); next !== undefined && next !== at; next = parent.get(at)) at = next;
    return at;
  };
  for (const entry of entries) {
    const bridge = where.get(entry[0]);
    if (bridge !== undefined) parent.set(top(`c:${placeOf(entry)}`), top(`b:${bridge}`));
  }
  return (entry) => (where.has(entry[0]) ? top(`c:${placeOf(entry)}`) : null);
}
