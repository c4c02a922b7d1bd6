/**
 * Which facts belong to one call. Facts that share a channel or a bridge do; the outer channel of an outgoing call
 * shares neither with its dial (and a click-to-call's never will), so the two find each other by who is called and
 * by whom, and by their channels' ages; so do the halves of a Local channel by its name. A call already shown to people
 * never merges into another: what two of them share is told to both.
 */
import type { ChannelFact } from '../../../bridge/protocol/events';
import type { Told } from '../crm/told';
import type { LegSet } from './legs';
import { channelClock, isExternal, isInternal, isLocalChannel, localHalf, type PbxFact } from './fields';
import { CLICK_WINDOW_SEC, HALVES_WINDOW_SEC, OUTER_WINDOW_SEC } from './rules';

export interface PbxGroup {
  /** Id the call has, or will have once it can be shown. */
  callId: string;
  published: boolean;
  /** When we asked for the call ourselves; null of any other. */
  startedAt: number | null;
  /** What a dialplan posted. */
  facts: PbxFact[];
  /** What a bridge told of its channels. */
  legs: LegSet | null;
  /** What CRMs were told of it; null of nothing. */
  crm: Told | null;
}

/** What the linking needs of the storage. */
export interface GroupIndex {
  byKey(key: string): PbxGroup[];
  /** The call we asked for under this id; null when there is none that runs over a PBX. */
  started(callId: string): PbxGroup | null;
  /** Moves `from`'s facts and keys to `into` and forgets `from`. */
  merge(from: PbxGroup, into: PbxGroup): void;
  /** The same of a call that was shown: it stays, with nothing left that speaks for it. */
  absorb(from: PbxGroup, into: PbxGroup): void;
  create(): PbxGroup;
  addKeys(group: PbxGroup, keys: readonly string[]): void;
}

/** More facts than any real call has: a misbehaving host can't grow one row for ever. */
const MAX_FACTS = 400;

/** Adds a fact to the call it belongs to, joining groups it connects; answers the groups it is now in. */
export function linkFact(fact: PbxFact, index: GroupIndex): PbxGroup[] {
  const strong = strongKeys(fact);
  const found = new Set(strong.flatMap((key) => index.byKey(key)));
  // A colleague who was asked aside may come with a call of his own into the customer's bridge.
  const shared = [...found].filter((group) => group.published);
  for (const group of weakMatches(fact, [...found], index)) found.add(group);
  const groups = [...found];
  const target = groups.find((group) => group.published) ?? oldest(groups) ?? index.create();
  for (const group of groups) if (group !== target && !group.published) index.merge(group, target);
  const told = [...new Set([target, ...shared])];
  const call = absorbAside(told, index);
  for (const group of told) {
    if (group.facts.length < MAX_FACTS || ['hangup', 'leave', 'destroy'].includes(fact.k))
      group.facts.push(fact);
  }
  index.addKeys(call ?? target, [...strong, ...weakKeys(fact)]);
  return told;
}

/**
 * Two of ours who talk with each other look like a call inside the house, until they meet the customer. Answers the
 * call that took something in.
 */
function absorbAside(groups: readonly PbxGroup[], index: GroupIndex): PbxGroup | null {
  const call = groups.find((group) => speaksOfOutside(group)) ?? null;
  if (!call) return null;
  let took = false;
  for (const group of groups) {
    const isAside = group !== call && !speaksOfOutside(group) && !group.legs && group.startedAt === null;
    // One with a hangup of its own was a call inside the house, and is over.
    const isOver = group.facts.some((fact) => fact.k === 'hangup' && isInternal(fact.phone));
    if (!isAside || isOver) continue;
    index.absorb(group, call);
    took = true;
  }
  return took ? call : null;
}

const speaksOfOutside = (group: PbxGroup): boolean =>
  group.facts.some(
    (fact) => fact.k === 'start' || ((fact.k === 'dial' || fact.k === 'hangup') && fact.type !== 2),
  );

/** The call a channel belongs to: the one we asked for, else that of its uniqueid, else of its linkedid. */
export function linkChannel(fact: ChannelFact, index: GroupIndex): PbxGroup {
  const keys = channelKeys(fact);
  const asked = askedFor(fact);
  const ours = asked === null ? null : index.started(asked);
  const found = new Set(keys.flatMap((key) => index.byKey(key)));
  if (ours) found.add(ours);
  const groups = [...found];
  const target = ours ?? groups.find((group) => group.published) ?? oldest(groups) ?? index.create();
  for (const group of groups) if (group !== target && !group.published) index.merge(group, target);
  index.addKeys(target, keys);
  return target;
}

/** Our originates give their channels ids that begin with the call's: `c_…-<epoch>.<n>`. */
const askedFor = (fact: ChannelFact): string | null =>
  (fact.what === 'new' ? fact.call_id : undefined) ??
  /^(c_[0-9a-z]{1,40})-/.exec(fact.linkedid)?.[1] ??
  /^(c_[0-9a-z]{1,40})-/.exec(fact.uniqueid)?.[1] ??
  null;

function channelKeys(fact: ChannelFact): string[] {
  const keys = [`u:${fact.uniqueid}`];
  if (fact.what === 'dial') keys.push(`u:${fact.dest_uniqueid}`);
  if (fact.what === 'enter') keys.push(`b:${fact.bridge}`);
  keys.push(`l:${fact.linkedid}`);
  return keys;
}

/** The key by which a dialplan's posts find the call we asked for. */
export const askedKey = (number: string, extension: string): string =>
  `asked:${number.replace(/\D/g, '')}|${extension}`;

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
    default: {
      const asked = /^(c_[0-9a-z]{1,40})-/.exec(fact.u)?.[1];
      return asked === undefined ? [`u:${fact.u}`] : [`u:${fact.u}`, `c:${asked}`];
    }
  }
}

interface Weak {
  role: Role;
  pairs: string[];
  u: string;
}

/** Which two kinds of facts look for each other. */
const PARTNER = { dial: 'outer', outer: 'dial', half1: 'half2', half2: 'half1' } as const;
type Role = keyof typeof PARTNER;

function weakOf(fact: PbxFact): Weak | null {
  if (fact.k === 'dial' && fact.type === 1 && isExternal(fact.phone)) {
    return {
      role: 'dial',
      u: fact.u,
      pairs: fact.exts.filter(isInternal).map((ext) => `${fact.phone}|${ext}`),
    };
  }
  if (fact.k !== 'join' && fact.k !== 'name') return null;
  const local = localHalf(fact.channel);
  if (local) return { role: `half${local.half}`, u: fact.u, pairs: [local.pair] };
  if (!isLocalChannel(fact.channel)) {
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
  const other = PARTNER[weak.role];
  const candidates = new Set(weak.pairs.flatMap((pair) => index.byKey(`${other}:${pair}`)));
  if (weak.role === 'dial') {
    // A click of ours runs on channels whose posts name neither it nor each other.
    const asked = known.some((group) => group.published) ? null : askedBefore(weak, index);
    if (asked) return [asked];
    return [...candidates].filter((group) => !group.published && matches(group, other, weak) !== null);
  }
  if (weak.role !== 'outer') return [...candidates].filter((group) => matches(group, other, weak) !== null);
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

/** The call asked for to these numbers shortly before the dial, that no dial was found for yet. */
function askedBefore(weak: Weak, index: GroupIndex): PbxGroup | null {
  const at = channelClock(weak.u);
  if (!at) return null;
  const groups = weak.pairs.flatMap((pair) => index.byKey(`asked:${pair}`));
  const fits = (group: PbxGroup): boolean =>
    group.startedAt !== null &&
    Math.abs(at.epoch - group.startedAt / 1000) <= CLICK_WINDOW_SEC &&
    !group.facts.some((fact) => fact.k === 'dial');
  return groups.findLast(fits) ?? null;
}

/** How far apart the two channels are in a group that has such a fact, null when they can't belong together. */
function matches(group: PbxGroup, role: Role, weak: Weak): number | null {
  let best: number | null = null;
  for (const fact of group.facts) {
    const other = weakOf(fact);
    if (other?.role !== role || !other.pairs.some((pair) => weak.pairs.includes(pair))) continue;
    const age = ageBetween(other, weak);
    if (age !== null && (best === null || age < best)) best = age;
  }
  return best;
}

function ageBetween(a: Weak, b: Weak): number | null {
  const [from, to] = a.role === 'outer' || a.role === 'half2' ? [b, a] : [a, b];
  const [first, then] = [channelClock(from.u), channelClock(to.u)];
  if (!first || !then) return null;
  const age = then.epoch - first.epoch;
  const most = from.role === 'dial' ? OUTER_WINDOW_SEC : HALVES_WINDOW_SEC;
  return then.seq > first.seq && age >= 0 && age <= most ? age : null;
}
