/**
 * What a bridge tells of the channels of one call, kept as one small state: what each channel is, when it was dialled,
 * answered, bridged and gone. Facts may come late, twice, in another order or not at all; applying one only ever fills
 * in what was not known, so the state is the same whatever the order. What it says about the call is read by legs-read.
 */
import type { ChannelFact } from '../../../bridge/protocol/events';
import { channelClock } from './fields';

/** When a fact was told: by the bridge's estimate of our clock, and its number in the journal where moments are equal. */
export type When = readonly [at: number, seq: number];

export interface Leg {
  /** Newest linkedid: calls that merge rename their channels. */
  linked: readonly [linkedid: string, at: number, seq: number];
  /** `PJSIP/150-00000012`. */
  name: string;
  kind: ChannelFact['kind'];
  /** Extension number, trunk, or of a Local channel what was dialled. */
  endpoint: string;
  firstAt: number;
  lastAt: number;
  caller: string;
  /** When `caller` was told: what a channel began with is truer than what a dialplan makes of it later. */
  callerAt: number;
  exten: string;
  /** The channel that rang this one, since when, and what it dialled to get it. */
  by?: string;
  dialAt?: number;
  dialled?: string;
  /** How the ringing ended: ANSWER, BUSY, … */
  dialEnd?: readonly [status: string, at: number];
  upAt?: number;
  goneAt?: number;
  cause?: number;
  /** Not among the channels of a bridge that had not listened for a while. */
  lostAt?: number;
  /** Bridges entered (1) and left (0). */
  moves: (readonly [at: number, seq: number, way: 0 | 1, bridge: string])[];
}

export interface LegSet {
  /** By uniqueid. */
  legs: Record<string, Leg>;
  /** When the last channel of a linkedid went, by linkedid. */
  lastGone: Record<string, number>;
  /** The originate failed after its first channel was made. */
  failedAt?: number;
  /** Somebody asked us to end it. */
  endAskedAt?: number;
  pbx: string;
  bridgeId: string;
  /** Facts taken in: a reading of more facts is the truer one. */
  facts: number;
  /** Every linkedid seen, and how many of them lead to the call already. */
  linkedids: string[];
  attached: number;
  /** Asked aside while a customer waits: not shown as a call of its own. */
  consult?: true;
}

export const newLegSet = (pbx: string, bridgeId: string): LegSet => ({
  legs: {},
  lastGone: {},
  pbx,
  bridgeId,
  facts: 0,
  linkedids: [],
  attached: 0,
});

/** More hops between bridges than a channel makes before its talk is known. */
const MAX_MOVES = 60;
/** From this many channels on, those that rang in vain are forgotten: a queue rings everybody again and again. */
const MANY = 48;
/** More channels than any call has at once. */
const MAX_LEGS = 400;

/** Takes in one fact; changes `set`. */
export function applyFact(set: LegSet, fact: ChannelFact, [at, seq]: When): void {
  set.facts += 1;
  noteLinkedid(set, fact.linkedid);
  const leg = legOf(set, fact.uniqueid, at);
  if (!leg) return;
  leg.name = fact.channel || leg.name;
  leg.kind = fact.kind;
  leg.endpoint = fact.endpoint || leg.endpoint;
  leg.firstAt = Math.min(leg.firstAt, at);
  leg.lastAt = Math.max(leg.lastAt, at);
  if (after([at, seq], [leg.linked[1], leg.linked[2]])) leg.linked = [fact.linkedid, at, seq];
  switch (fact.what) {
    case 'new':
      tellCaller(leg, fact.caller, -1);
      leg.exten = fact.exten || leg.exten;
      break;
    case 'caller':
      tellCaller(leg, fact.caller, at);
      break;
    case 'dial':
      dialled(set, fact, at, seq);
      break;
    case 'dial_end': {
      const other = set.legs[fact.dest_uniqueid];
      if (other) other.dialEnd = earliestEnd(other.dialEnd, [fact.status, at]);
      else {
        const unheard = legOf(set, fact.dest_uniqueid, at);
        if (unheard) unheard.dialEnd = [fact.status, at];
      }
      break;
    }
    case 'up':
      leg.upAt = Math.min(leg.upAt ?? at, at);
      break;
    case 'enter':
    case 'leave':
      move(leg, [at, seq, fact.what === 'enter' ? 1 : 0, fact.bridge]);
      break;
    case 'transfer':
      break;
    case 'gone':
      leg.goneAt = Math.min(leg.goneAt ?? at, at);
      leg.cause = fact.cause;
      if (fact.last) set.lastGone[fact.linkedid] = Math.max(set.lastGone[fact.linkedid] ?? 0, at);
      break;
  }
  compact(set);
}

/** The PBX told all its channels at `at`; ours that are not among them went unheard. Answers whether any did. */
export function applySync(set: LegSet, present: ReadonlySet<string>, at: number): boolean {
  let lost = false;
  for (const [uniqueid, leg] of Object.entries(set.legs)) {
    if (present.has(uniqueid) || isGone(set, leg) || leg.lastAt > at) continue;
    leg.lostAt = at;
    lost = true;
  }
  if (lost) set.facts += 1;
  return lost;
}

/** Takes over what another set knows. */
export function mergeLegs(into: LegSet, from: LegSet): void {
  for (const [uniqueid, leg] of Object.entries(from.legs)) {
    const known = into.legs[uniqueid];
    into.legs[uniqueid] = known ? mergeLeg(known, leg) : leg;
  }
  for (const [linkedid, at] of Object.entries(from.lastGone))
    into.lastGone[linkedid] = Math.max(into.lastGone[linkedid] ?? 0, at);
  if (from.failedAt !== undefined) into.failedAt = Math.min(into.failedAt ?? from.failedAt, from.failedAt);
  if (from.endAskedAt !== undefined) into.endAskedAt ??= from.endAskedAt;
  into.facts += from.facts;
  for (const linkedid of from.linkedids) noteLinkedid(into, linkedid);
}

/** Whether the channel is known to be gone, by its own hangup or as one of a call whose last channel went. */
export const isGone = (set: LegSet, leg: Leg): boolean =>
  leg.goneAt !== undefined || leg.lostAt !== undefined || (set.lastGone[leg.linked[0]] ?? -1) >= leg.lastAt;

/** Oldest channel first, as the PBX numbers them. */
export const byAge = ([a, x]: [string, Leg], [b, y]: [string, Leg]): number => {
  const [one, two] = [channelClock(a), channelClock(b)];
  if (one && two) return one.epoch - two.epoch || one.seq - two.seq || (a < b ? -1 : 1);
  return x.firstAt - y.firstAt || (a < b ? -1 : 1);
};

function noteLinkedid(set: LegSet, linkedid: string): void {
  if (!set.linkedids.includes(linkedid) && set.linkedids.length < MAX_LEGS) set.linkedids.push(linkedid);
}

const after = (a: When, b: When): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

function legOf(set: LegSet, uniqueid: string, at: number): Leg | null {
  const known = set.legs[uniqueid];
  if (known) return known;
  if (Object.keys(set.legs).length >= MAX_LEGS) return null;
  const leg: Leg = {
    linked: ['', -1, -1],
    name: '',
    kind: 'other',
    endpoint: '',
    firstAt: at,
    lastAt: at,
    caller: '',
    callerAt: Number.MAX_SAFE_INTEGER,
    exten: '',
    moves: [],
  };
  set.legs[uniqueid] = leg;
  return leg;
}

function tellCaller(leg: Leg, caller: string, at: number): void {
  if (caller === '' || leg.callerAt <= at) return;
  leg.caller = caller;
  leg.callerAt = at;
}

function dialled(set: LegSet, fact: ChannelFact & { what: 'dial' }, at: number, seq: number): void {
  const leg = legOf(set, fact.dest_uniqueid, at);
  if (!leg) return;
  leg.name = fact.dest_channel || leg.name;
  leg.kind = fact.dest_kind;
  leg.endpoint = fact.dest_endpoint || leg.endpoint;
  leg.lastAt = Math.max(leg.lastAt, at);
  if (leg.linked[1] < 0) leg.linked = [fact.linkedid, at, seq];
  if (leg.dialAt !== undefined && leg.dialAt <= at) return;
  leg.dialAt = at;
  leg.by = fact.uniqueid;
  leg.dialled = fact.dialled;
}

const earliestEnd = (known: Leg['dialEnd'], next: NonNullable<Leg['dialEnd']>): Leg['dialEnd'] =>
  known && (known[1] < next[1] || (known[1] === next[1] && known[0] <= next[0])) ? known : next;

function move(leg: Leg, next: Leg['moves'][number]): void {
  const same = (known: Leg['moves'][number]): boolean =>
    known[0] === next[0] && known[2] === next[2] && known[3] === next[3];
  if (leg.moves.some(same)) return;
  leg.moves = [...leg.moves, next].sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, MAX_MOVES);
}

function mergeLeg(a: Leg, b: Leg): Leg {
  const earliest = (x?: number, y?: number): number | undefined =>
    x === undefined ? y : y === undefined ? x : Math.min(x, y);
  const first = (b.dialAt ?? Infinity) < (a.dialAt ?? Infinity) ? b : a;
  const merged: Leg = {
    ...b,
    ...a,
    linked: after([b.linked[1], b.linked[2]], [a.linked[1], a.linked[2]]) ? b.linked : a.linked,
    name: a.name || b.name,
    kind: a.linked[1] < 0 ? b.kind : a.kind,
    endpoint: a.endpoint || b.endpoint,
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    caller: a.callerAt <= b.callerAt ? a.caller : b.caller,
    callerAt: Math.min(a.callerAt, b.callerAt),
    exten: a.exten || b.exten,
    moves: a.moves,
  };
  const optional = {
    by: first.by,
    dialAt: first.dialAt,
    dialled: first.dialled,
    dialEnd: a.dialEnd && b.dialEnd ? earliestEnd(a.dialEnd, b.dialEnd) : (a.dialEnd ?? b.dialEnd),
    upAt: earliest(a.upAt, b.upAt),
    goneAt: earliest(a.goneAt, b.goneAt),
    lostAt: earliest(a.lostAt, b.lostAt),
  };
  for (const next of b.moves) move(merged, next);
  return {
    ...merged,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** Channels that rang, were not answered and are gone say nothing more once their result is told. */
function compact(set: LegSet): void {
  const entries = Object.entries(set.legs);
  if (entries.length < MANY) return;
  const spent = entries
    .filter(([, leg]) => leg.goneAt !== undefined && leg.upAt === undefined && leg.moves.length === 0)
    .filter(([, leg]) => leg.kind !== 'trunk' && leg.dialAt !== undefined)
    .sort(byAge);
  // The newest ones stay: how the last round of ringing ended is the call's outcome.
  for (const [uniqueid] of spent.slice(0, Math.max(0, spent.length - MANY / 2)))
    Reflect.deleteProperty(set.legs, uniqueid);
}
