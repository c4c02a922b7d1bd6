/**
 * What a set of PBX facts says about one call: pure, and blind to the order the facts came in, since each carries its
 * own moment and the set is sorted before it is read. What each fact means is in the tables of rules.ts.
 */
import type { CallDirection, CallOutcome } from '../contract';
import { callEnd, hostSkew, hostStart, isRecovered } from './clock';
import { FactSet, madeAt, NO_MOBILES, type Hangup, type Mobiles } from './facts';
import { isInternal, type PbxFact } from './fields';
import { ANSWERED_STATUSES, CAP_MS, FAILED_STATUS, LEFT_MS, ownerOf } from './rules';
import { internalTalk, isCustomerBridged, isPhoneOfOurs, talkOf, type Sides, type Talk } from './talk';

export interface Reading {
  direction: CallDirection;
  number: string;
  /** Whose call it is by the first who talked. */
  extension: string | null;
  trunk: string | null;
  startAt: number;
  ringingAt: number;
  answeredAt: number | null;
  ending: {
    evidence: 'timer' | 'reported';
    endAt: number;
    outcome: CallOutcome | null;
    talkSec: number | null;
  } | null;
  /** Internal numbers the call rang at or was talked on. */
  exts: string[];
  /** Of those the ones that were rung, or that dialled, in the order they were told. */
  rung: string[];
  /** Extensions that talked with the customer, in order; one who got him back is there twice. */
  talkers: string[];
  /** Whoever talked first is nobody's extension: a mobile. */
  elsewhere: boolean;
  /** UniqueId of the channel whose call it is. */
  uniqueid: string;
  /** When it began by the host's own clock; null where nothing tells. */
  hostStart: number | null;
  /** The same moment by our clock: from here on the customer waited. */
  waitsFrom: number;
  /** An outgoing call somebody else of ours took over. */
  handedOn: boolean;
  /** The customer's own channel hung up as well. */
  tail: boolean;
  /** All that tells of its end was read from the host's journal long after. */
  recovered: boolean;
  /** The customer is in a bridge. */
  bridged: boolean;
  /** Moment of the newest fact. */
  lastAt: number;
}

/** Null as long as the facts don't make a call anyone should see. */
export function readCall(facts: readonly PbxFact[], mobiles: Mobiles = NO_MOBILES): Reading | null {
  const set = new FactSet(facts, mobiles);
  const direction = directionOf(set);
  if (!direction) return null;
  return direction === 'internal' ? readInternal(set) : readOutside(set, direction);
}

/** When to look again at a call that may have lost its hangup; null when its hangup is known. */
export function dueAt(facts: readonly PbxFact[], reading: Reading | null): number | null {
  if (reading?.ending || facts.some((fact) => fact.k === 'timeout')) return null;
  const lastAt = reading?.lastAt ?? Math.max(0, ...facts.map((fact) => fact.at));
  if (!reading || reading.answeredAt === null || reading.bridged) return lastAt + CAP_MS;
  return lastAt + LEFT_MS;
}

/** Starts and dials decide; what a hangup says counts only where nothing else is known. */
function directionOf(set: FactSet): CallDirection | null {
  if (set.first('start') || set.dials('in').length > 0) return 'in';
  if (set.dials('out').length > 0) return 'out';
  if (set.hangups('end-in').length > 0) return 'in';
  if (set.hangups('end-out').length > 0) return 'out';
  if (set.dials('internal').length > 0 || set.hangups('internal').length > 0) return 'internal';
  return internalTalk(set) ? 'internal' : null;
}

function readOutside(set: FactSet, direction: 'in' | 'out'): Reading {
  const dials = set.dials(direction);
  const told = set.hangups(direction === 'in' ? 'end-in' : 'end-out');
  const start = set.first('start');
  const main = start?.u ?? dials[0]?.u ?? told[0]?.u ?? '';
  const outside =
    [...dials, ...(start ? [start] : []), ...told].find(({ phone }) => phone !== '')?.phone ?? '';
  const sides: Sides = { direction, main, outside };
  const talk = talkOf(set, sides);
  const own = told.filter(({ u }) => u === main);
  const tails = set.hangups('tail');
  const skew = hostSkew(set, main);
  const startAt = (madeAt(main) ?? set.firstAt() - skew) + skew;
  const rung = [...new Set(dials.flatMap(({ exts }) => exts.filter(isInternal)))];
  const talkers = talkersOf(direction, talk, rung, own);
  // Answered on a mobile that stands for nobody's extension.
  const elsewhere = talk !== null && talk.talkers[0]?.ext === null;
  const bridged = isCustomerBridged(set, sides);
  const begun = hostStart(own[0] ?? null, main);
  const handedOn = direction === 'out' && talkers.some((ext) => ext !== talkers[0]);
  const ends = [...own, ...tails];
  // Its first hangup is not the end of a call that was handed on; when the customer left is.
  const leftAt = handedOn && tails.length === 0 && own.length > 0 ? lastLeft(set) : null;
  const ending = endingOf(set, ends, { talk, startAt, skew, bridged, leftAt });
  return {
    direction,
    number: displayNumber(outside),
    extension: ownerOf(direction, {
      talkers: elsewhere ? [] : talkers,
      listed: own.flatMap(({ exts }) => exts).find(isInternal) ?? null,
      only: elsewhere ? null : onlyOne(dials.at(-1)?.exts ?? []),
      caller: dials.flatMap(({ exts }) => exts).find(isInternal) ?? null,
    }),
    trunk:
      [...own].reverse().find(({ trunk }) => trunk)?.trunk || dials.at(-1)?.trunk || start?.trunk || null,
    startAt,
    ringingAt: startAt,
    answeredAt: talk ? Math.max(talk.at, startAt) : null,
    ending,
    exts: [...new Set([...rung, ...talkers])].sort(),
    rung,
    talkers,
    elsewhere,
    uniqueid: main,
    hostStart: begun,
    waitsFrom: begun === null ? startAt : Math.max(begun + skew, startAt),
    handedOn,
    tail: tails.length > 0,
    recovered: own.length > 0 && ends.every((hangup) => isRecovered(hangup, skew)),
    bridged,
    lastAt: set.lastAt(),
  };
}

/**
 * Bridges tell who talked; the hangup of an incoming call names its first answerer, that of a transferred one who took
 * it over, which fills in a bridge whose events were lost. Who dialled an answered call talked.
 */
function talkersOf(
  direction: 'in' | 'out',
  talk: Talk | null,
  rung: readonly string[],
  ends: readonly Hangup[],
): string[] {
  const seen = (talk?.talkers ?? []).flatMap(({ ext }) => ext ?? []);
  const answered = ends.filter(({ status }) => ANSWERED_STATUSES.includes(status));
  if (direction === 'out') {
    const [caller] = rung;
    const isAnswered = talk !== null || answered.length > 0;
    return isAnswered && caller !== undefined && seen[0] !== caller ? [caller, ...seen] : seen;
  }
  const named = (type: number): string | null =>
    onlyOne(answered.find((hangup) => hangup.type === type)?.exts ?? []);
  const first = named(0);
  const last = named(2);
  const talkers = first !== null && !seen.includes(first) ? [first, ...seen] : seen;
  return last !== null && !talkers.includes(last) ? [...talkers, last] : talkers;
}

function onlyOne(exts: readonly string[]): string | null {
  const ours = exts.filter(isInternal);
  return ours.length === 1 ? (ours[0] ?? null) : null;
}

function readInternal(set: FactSet): Reading {
  const talk = internalTalk(set);
  const hangup = set.hangups('internal')[0] ?? set.first('hangup');
  const main = hangup?.u ?? set.first('dial')?.u ?? set.first('join')?.u ?? '';
  const skew = hostSkew(set, main);
  const startAt = (madeAt(main) ?? set.firstAt() - skew) + skew;
  const { from, to } = internalCaller(set, hangup);
  const bridged = isCustomerBridged(set, null);
  const rung = set.all('dial').flatMap(({ exts }) => exts.filter(isInternal));
  const talkers = talk?.talkers.flatMap(({ ext }) => ext ?? []) ?? [];
  return {
    direction: 'internal',
    number: to,
    extension: from,
    trunk: hangup?.trunk || set.last('dial')?.trunk || null,
    startAt,
    ringingAt: startAt,
    answeredAt: talk ? Math.max(talk.at, startAt) : null,
    ending: endingOf(set, hangup ? [hangup] : [], { talk, startAt, skew, bridged, leftAt: null }),
    exts: [...new Set([...rung, ...talkers, from])].filter((ext) => ext !== '').sort(),
    rung,
    talkers,
    elsewhere: false,
    uniqueid: main,
    hostStart: hostStart(hangup, main),
    waitsFrom: startAt,
    handedOn: false,
    tail: false,
    recovered: false,
    bridged,
    lastAt: set.lastAt(),
  };
}

/** Who called whom inside: the hangup says it, else the channel that carries the dialled number. */
function internalCaller(set: FactSet, hangup: Hangup | null): { from: string; to: string } {
  const joins = set.all('join').filter(isPhoneOfOurs);
  const dial = set.first('dial');
  const dialling = joins.find((join) => join.exten !== '');
  const from = hangup?.phone || dial?.phone || dialling?.num || joins[0]?.num || '';
  const to =
    hangup?.exts[0] ?? dial?.exts[0] ?? dialling?.exten ?? joins.find((join) => join.num !== from)?.num ?? '';
  return { from, to };
}

interface Course {
  talk: Talk | null;
  startAt: number;
  skew: number;
  /** The customer is in a bridge. */
  bridged: boolean;
  /** When the customer left, where that ends the call; else null. */
  leftAt: number | null;
}

function endingOf(set: FactSet, ends: readonly Hangup[], course: Course): Reading['ending'] {
  const { talk, startAt, skew, bridged, leftAt } = course;
  const answeredAt = talk && Math.max(talk.at, startAt);
  const talked = (endAt: number): number => Math.round((endAt - (answeredAt ?? endAt)) / 1000);
  if (ends.length > 0) {
    const endAt = Math.max(...endsOf(ends, startAt, skew), answeredAt ?? startAt, leftAt ?? startAt);
    const answered = talk !== null || ends.some(({ status }) => ANSWERED_STATUSES.includes(status));
    return {
      evidence: 'reported',
      endAt,
      outcome: answered ? 'answered' : unanswered(ends),
      talkSec: answered && answeredAt === null ? null : talked(endAt),
    };
  }
  const timeout = set.first('timeout');
  if (!timeout) return null;
  // Nothing is known of it after the last that was told.
  const toldAt = Math.max(set.toldAt(), answeredAt ?? startAt);
  if (answeredAt === null) return { evidence: 'timer', endAt: toldAt, outcome: null, talkSec: 0 };
  // He was never seen leaving: how long he talked nobody knows.
  if (bridged) return { evidence: 'timer', endAt: toldAt, outcome: 'answered', talkSec: null };
  const endAt = Math.max(lastLeft(set) ?? toldAt, answeredAt);
  return { evidence: 'timer', endAt, outcome: 'answered', talkSec: talked(endAt) };
}

/** When somebody last left a bridge of it; null where nothing tells. */
function lastLeft(set: FactSet): number | null {
  const left = [...set.all('leave'), ...set.all('destroy')].map((fact) => fact.at);
  return left.length > 0 ? Math.max(...left) : null;
}

/** When each of the channels ended: of a hangup told again, as it was told first. */
function endsOf(ends: readonly Hangup[], startAt: number, skew: number): number[] {
  const byChannel = new Map<string, number>();
  for (const hangup of ends) {
    const endAt = callEnd(hangup, startAt, skew);
    byChannel.set(hangup.u, Math.min(byChannel.get(hangup.u) ?? endAt, endAt));
  }
  return [...byChannel.values()];
}

/** An outgoing call with no status of a dial at all did not get out. */
const unanswered = (ends: readonly Hangup[]): CallOutcome =>
  ends.every(({ type, status }) => type === 1 && status === FAILED_STATUS) ? 'failed' : 'no_answer';

/** E.164 for a number in international form; anything else as it came. */
export const displayNumber = (phone: string): string => (/^[1-9]\d{6,14}$/.test(phone) ? `+${phone}` : phone);
