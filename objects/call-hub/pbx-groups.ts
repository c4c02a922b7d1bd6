/**
 * Which facts belong to one call. Facts that share a channel or a bridge do; the outer channel of an outgoing call
 * shares neither with its dial (and a click-to-call's never will), so the two find each other by who is called and
 * by whom, and by their channels' ages. A call already shown to people never merges into another.
 */
import { channelClock, isExternal, isInternal, isLocalChannel, type PbxFact } from './pbx-fields';

export interface PbxGroup {
  /** Id the call has, or will have once it can be shown. */
  callId: string;
  published: boolean;
  facts: PbxFact[];
}

/** What the linking needs of the storage. */
export interface GroupIndex {
  byKey(key: string): PbxGroup[];
  /** Moves `from`'s facts and keys to `into` and forgets `from`. */
  merge(from: PbxGroup, into: PbxGroup): void;
  create(): PbxGroup;
  addKeys(group: PbxGroup, keys: readonly string[]): void;
}

/** The outer channel comes into being within this long after its dial, seconds (failover tries trunk after trunk). */
const LINK_WINDOW_SEC = 180;
/** More facts than any real call has: a misbehaving host can't grow one row for ever. */
const MAX_FACTS = 400;

/** Adds a fact to the call it belongs to, joining groups it connects; answers the group it is now in. */
export function linkFact(fact: PbxFact, index: GroupIndex): PbxGroup {
  const strong = strongKeys(fact);
  const found = new Set(strong.flatMap((key) => index.byKey(key)));
  for (const group of weakMatches(fact, [...found], index)) found.add(group);
  const groups = [...found];
  const target = groups.find((group) => group.published) ?? oldest(groups) ?? index.create();
  for (const group of groups) if (group !== target && !group.published) index.merge(group, target);
  if (target.facts.length < MAX_FACTS || ['hangup', 'leave', 'destroy'].includes(fact.k))
    target.facts.push(fact);
  index.addKeys(target, [...strong, ...weakKeys(fact)]);
  return target;
}

const oldest = (groups: PbxGroup[]): PbxGroup | undefined =>
  groups.reduce<PbxGroup | undefined>(
    (first, group) => (first && first.callId < group.callId ? first : group),
    undefined,
  );

/** Channel first: of two shown calls a fact connects, it belongs to its channel's. */
function strongKeys(fact: PbxFact): string[] {
  switch (fact.k) {
    case 'join':
    case 'leave':
      return [`u:${fact.u}`, `b:${fact.b}`];
    case 'destroy':
      return [`b:${fact.b}`];
    case 'timeout':
      return [];
    default:
      return [`u:${fact.u}`];
  }
}

interface Weak {
  role: 'dial' | 'outer';
  pairs: string[];
  u: string;
}

function weakOf(fact: PbxFact): Weak | null {
  if (fact.k === 'dial' && fact.type === 1 && isExternal(fact.phone)) {
    return {
      role: 'dial',
      u: fact.u,
      pairs: fact.exts.filter(isInternal).map((ext) => `${fact.phone}|${ext}`),
    };
  }
  if ((fact.k === 'join' || fact.k === 'name') && !isLocalChannel(fact.channel)) {
    if (isExternal(fact.num) && isInternal(fact.peer))
      return { role: 'outer', u: fact.u, pairs: [`${fact.num}|${fact.peer}`] };
  }
  return null;
}

function weakKeys(fact: PbxFact): string[] {
  const weak = weakOf(fact);
  return weak ? weak.pairs.map((pair) => `${weak.role}:${pair}`) : [];
}

function weakMatches(fact: PbxFact, known: PbxGroup[], index: GroupIndex): PbxGroup[] {
  const weak = weakOf(fact);
  if (!weak) return [];
  const other = weak.role === 'dial' ? 'outer' : 'dial';
  const candidates = new Set(weak.pairs.flatMap((pair) => index.byKey(`${other}:${pair}`)));
  if (weak.role === 'dial') {
    return [...candidates].filter((group) => !group.published && matches(group, 'outer', weak) !== null);
  }
  // Its own channel or bridge is already part of a call.
  if (known.some((group) => group.published)) return [];
  let best: PbxGroup | null = null;
  let bestAge = Infinity;
  for (const group of candidates) {
    const age = matches(group, 'dial', weak);
    if (age !== null && age < bestAge) [best, bestAge] = [group, age];
  }
  return best ? [best] : [];
}

/** Age of the outer channel after the dial's in a group that has such a fact, null when the two can't belong together. */
function matches(group: PbxGroup, role: Weak['role'], weak: Weak): number | null {
  let best: number | null = null;
  for (const fact of group.facts) {
    const other = weakOf(fact);
    if (other?.role !== role || !other.pairs.some((pair) => weak.pairs.includes(pair))) continue;
    const age = role === 'dial' ? ageBetween(other.u, weak.u) : ageBetween(weak.u, other.u);
    if (age !== null && (best === null || age < best)) best = age;
  }
  return best;
}

function ageBetween(dial: string, outer: string): number | null {
  const from = channelClock(dial);
  const to = channelClock(outer);
  if (!from || !to) return null;
  const age = to.epoch - from.epoch;
  return to.seq > from.seq && age >= 0 && age <= LINK_WINDOW_SEC ? age : null;
}
