/**
 * What the channels of a call say about it: pure, made of the whole state each time. Who called whom is told by the
 * kinds of the channels, that they talk by the bridges they share, never by a channel that was merely answered: the
 * operator's own phone answers a click-to-call long before the customer does.
 */
import type { CallDirection, CallOutcome } from '../contract';
import { byAge, isGone, type Leg, type LegSet } from './legs';
import { talksOf, type Entry, type Parties, type Talk } from './legs-talk';

export interface LegReading {
  /** Null: a call we started ourselves whose kind only its start tells. */
  direction: CallDirection | null;
  /** As the PBX writes it; empty while unknown. */
  number: string;
  extension: string | null;
  trunk: string | null;
  startAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  ending: {
    /** `unknown`: its channels vanished while nobody listened. */
    evidence: 'unknown' | 'reported';
    endAt: number;
    outcome: CallOutcome | null;
    talkSec: number | null;
  } | null;
  /** Extensions that rang or talked. */
  exts: string[];
  /** Those that rang for a caller before anybody talked with him, or that call out; in order. */
  rung: string[];
  /** Who talked with the outside, in order; null of somebody's mobile that stands for no extension. */
  talkers: (string | null)[];
  /** Of the oldest channel. */
  uniqueid: string;
  /** Linkedid of the oldest channel that is still there, else of the oldest. */
  linkedid: string;
  lastAt: number;
}

/** Outside numbers as a dialplan sees them dialled. */
const isOutside = (exten: string): boolean => /^\+?\d{6,18}$/.test(exten);
/** Q.850: the other side said no (SIP 403, 603). */
const REJECTED = 21;

/**
 * Null as long as the channels don't make a call anyone should see: a phone that only talks with the PBX itself, or
 * listens in on others. `ours`: the call was started from here, so it is one whatever its channels say.
 */
export function readLegs(
  set: LegSet,
  ours: boolean,
  mobiles: ReadonlyMap<string, string | null> = new Map(),
): LegReading | null {
  const entries = Object.entries(set.legs).sort(byAge);
  const [root] = entries;
  if (!root) return null;
  const direction = directionOf(entries, root, ours);
  if (!direction && !ours) return null;
  const parties = partiesOf(entries, root, direction);
  const talks = talksOf(entries, parties);
  const talk = talks[0] ?? null;
  const answeredAt = talk?.at ?? null;
  const ending = endingOf(set, entries, direction, parties, talk);
  return {
    direction,
    number: numberOf(root, direction, parties),
    extension: extensionOf(entries, direction, parties, talk),
    trunk: trunkOf(entries, parties, talk),
    startAt: Math.min(...entries.map(([, leg]) => leg.firstAt)),
    ringingAt: ringingOf(direction, parties),
    answeredAt: answeredAt ?? ending?.answeredAt ?? null,
    ending: ending && {
      evidence: ending.evidence,
      endAt: ending.endAt,
      outcome: ending.outcome,
      talkSec: ending.talkSec,
    },
    exts: extensionsOf(entries),
    rung: rungOf(direction, parties, talk),
    talkers: talks.map(({ inside }) => talkerOf(inside, mobiles)),
    uniqueid: root[0].replace(/^c_[0-9a-z]+-/, ''),
    linkedid: (entries.find(([, leg]) => !isGone(set, leg)) ?? root)[1].linked[0],
    lastAt: Math.max(...entries.map(([, leg]) => leg.lastAt)),
  };
}

/** Whether any of the channels is still there. */
export const isLive = (set: LegSet): boolean => Object.values(set.legs).some((leg) => !isGone(set, leg));

function directionOf(entries: Entry[], root: Entry, ours: boolean): CallDirection | null {
  const trunk = entries.find(([, leg]) => leg.kind === 'trunk');
  if (ours) return trunk ? 'out' : null;
  if (root[1].kind === 'trunk' && root[1].by === undefined) return 'in';
  if (trunk) return 'out';
  const desks = entries.filter(([, leg]) => leg.kind === 'extension');
  if (new Set(desks.map(([, leg]) => leg.endpoint)).size > 1) return 'internal';
  // Refused before a trunk was tried: still a call that somebody made.
  return root[1].kind === 'extension' && isOutside(root[1].exten) ? 'out' : null;
}

function partiesOf(entries: Entry[], root: Entry, direction: CallDirection | null): Parties {
  const desks = entries.filter(([, leg]) => leg.kind === 'extension');
  const trunks = entries.filter(([, leg]) => leg.kind === 'trunk');
  if (direction === 'in') {
    // A leg to somebody's mobile goes over a trunk as well, and whoever answers it is one of ours.
    return { outside: [root], inside: [...desks, ...trunks.filter(([u]) => u !== root[0])] };
  }
  if (direction === 'out') return { outside: trunks, inside: desks };
  const caller = root[1].kind === 'extension' ? root[1].endpoint : (desks[0]?.[1].endpoint ?? '');
  return {
    outside: desks.filter(([, leg]) => leg.endpoint !== caller),
    inside: desks.filter(([, leg]) => leg.endpoint === caller),
  };
}

function ringingOf(direction: CallDirection | null, { outside, inside }: Parties): number | null {
  const rung = direction === 'in' ? inside : outside;
  const moments = rung.flatMap(([, leg]) => leg.dialAt ?? []);
  return moments.length > 0 ? Math.min(...moments) : null;
}

function numberOf(root: Entry, direction: CallDirection | null, { outside }: Parties): string {
  if (direction === 'in') return root[1].caller;
  const called = outside.find(([, leg]) => leg.dialled)?.[1];
  if (direction === 'out') return called?.dialled || root[1].exten;
  return called?.endpoint ?? root[1].exten;
}

/** Who of ours: the one who talked first; outgoing and inside the house the one who called. */
function extensionOf(
  entries: Entry[],
  direction: CallDirection | null,
  { inside }: Parties,
  talk: Talk | null,
): string | null {
  const desks = entries.filter(([, leg]) => leg.kind === 'extension');
  if (direction !== 'in') return (inside[0] ?? desks[0])?.[1].endpoint ?? null;
  if (talk) return talk.inside.kind === 'extension' ? talk.inside.endpoint : null;
  const rung = new Set(desks.map(([, leg]) => leg.endpoint));
  const [only] = rung;
  return rung.size === 1 ? (only ?? null) : null;
}

/** A transfer's target is rung as well, but by one of ours and not for a caller. */
function rungOf(direction: CallDirection | null, { inside }: Parties, talk: Talk | null): string[] {
  const desks = inside.flatMap(([, leg]) => (leg.kind === 'extension' && leg.endpoint !== '' ? leg : []));
  if (direction !== 'in') return desks[0] ? [desks[0].endpoint] : [];
  const rung = desks.filter(({ dialAt }) => dialAt !== undefined && (!talk || dialAt <= talk.at));
  rung.sort((a, b) => (a.dialAt ?? 0) - (b.dialAt ?? 0));
  return [...new Set(rung.map(({ endpoint }) => endpoint))];
}

function talkerOf(leg: Leg, mobiles: ReadonlyMap<string, string | null>): string | null {
  return leg.kind === 'extension'
    ? leg.endpoint
    : (mobiles.get((leg.dialled ?? '').replace(/\D/g, '')) ?? null);
}

/** The one talked over, else the one tried last. */
function trunkOf(entries: Entry[], { outside }: Parties, talk: Talk | null): string | null {
  if (talk?.outside.kind === 'trunk') return talk.outside.endpoint;
  const tried = outside.filter(([, leg]) => leg.kind === 'trunk' && leg.dialAt !== undefined);
  const last = tried.sort((a, b) => dialOrder(a) - dialOrder(b)).at(-1);
  return (last ?? entries.find(([, leg]) => leg.kind === 'trunk'))?.[1].endpoint ?? null;
}

const extensionsOf = (entries: Entry[]): string[] =>
  [...new Set(entries.filter(([, leg]) => leg.kind === 'extension').map(([, leg]) => leg.endpoint))]
    .filter((ext) => ext !== '')
    .sort();

type Ending = NonNullable<LegReading['ending']> & { answeredAt: number | null };

function endingOf(
  set: LegSet,
  entries: Entry[],
  direction: CallDirection | null,
  parties: Parties,
  talk: Talk | null,
): Ending | null {
  if (isLive(set)) return null;
  const lost = entries.some(
    ([, leg]) =>
      leg.lostAt !== undefined && leg.goneAt === undefined && set.lastGone[leg.linked[0]] === undefined,
  );
  const goneAt = (leg: Leg): number => leg.goneAt ?? set.lastGone[leg.linked[0]] ?? leg.lostAt ?? leg.lastAt;
  const endAt = Math.max(...entries.map(([, leg]) => goneAt(leg)));
  if (talk) {
    // An operator may go on listening to the tone: the talk is over when the customer is gone.
    const overAt = Math.max(talk.at, Math.min(endAt, goneAt(talk.outside)));
    const talkSec = lost ? null : Math.round((overAt - talk.at) / 1000);
    return {
      evidence: lost ? 'unknown' : 'reported',
      endAt,
      outcome: 'answered',
      talkSec,
      answeredAt: talk.at,
    };
  }
  if (lost) return { evidence: 'unknown', endAt, outcome: null, talkSec: null, answeredAt: null };
  // Their meeting in a bridge was lost; that the customer's phone was picked up was not.
  const picked =
    direction === 'out' ? parties.outside.find(([, leg]) => leg.dialEnd?.[0] === 'ANSWER') : undefined;
  if (picked?.[1].dialEnd && parties.inside.some(([, leg]) => leg.upAt !== undefined)) {
    const at = picked[1].dialEnd[1];
    const talkSec = Math.max(0, Math.round((Math.min(endAt, goneAt(picked[1])) - at) / 1000));
    return { evidence: 'reported', endAt, outcome: 'answered', talkSec, answeredAt: at };
  }
  const outcome = direction === 'in' ? missedOutcome(parties) : unansweredOutcome(set, entries, parties);
  return { evidence: 'reported', endAt, outcome, talkSec: 0, answeredAt: null };
}

/** How the last of the customer's legs ended; without one the call failed, unless the caller gave up himself. */
function unansweredOutcome(set: LegSet, entries: Entry[], { outside }: Parties): CallOutcome {
  const dialled = outside.filter(([, leg]) => leg.dialAt !== undefined);
  const last = dialled.sort((a, b) => dialOrder(a) - dialOrder(b)).at(-1) ?? outside.at(-1);
  if (last) return legOutcome(last[1]);
  if (set.endAskedAt !== undefined) return 'cancelled';
  const own = entries.filter(([, desk]) => desk.kind === 'extension').map(([, desk]) => desk.dialEnd?.[0]);
  return own.length > 0 && own.every((status) => status === 'CANCEL') ? 'cancelled' : 'failed';
}

const dialOrder = ([, leg]: Entry): number => leg.dialAt ?? 0;

/** Nobody answered a caller: busy or rejected only if everybody he rang was or did. */
function missedOutcome({ inside }: Parties): CallOutcome {
  const results = inside.filter(([, leg]) => leg.dialAt !== undefined).map(([, leg]) => legOutcome(leg));
  if (results.length > 0 && results.every((result) => result === 'busy')) return 'busy';
  if (results.length > 0 && results.every((result) => result === 'rejected')) return 'rejected';
  return 'no_answer';
}

function legOutcome(leg: Leg): CallOutcome {
  const status = leg.dialEnd?.[0] ?? '';
  if (status === 'ANSWER') return 'answered';
  if (status === 'CANCEL') return 'cancelled';
  if (leg.cause === REJECTED) return 'rejected';
  if (status === 'BUSY' || leg.cause === 17) return 'busy';
  if (status === 'CONGESTION' || status === 'CHANUNAVAIL') return 'failed';
  if (status === 'NOANSWER') return 'no_answer';
  // Its result was lost: the cause of the hangup says nearly as much.
  if (leg.cause === 18 || leg.cause === 19) return 'no_answer';
  return leg.cause === 16 ? 'cancelled' : 'failed';
}
