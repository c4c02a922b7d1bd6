/**
 * One call as its channels (told by a bridge) and its dialplan (posting events itself) show it. The channels are
 * nearer to the truth; what a dialplan alone knows fills the holes, and serves where no bridge listens.
 */
import type { CallDirection, CallOutcome } from '../contract';
import type { Evidence } from '../machine';
import { isLive, readLegs } from './legs-read';
import type { PbxGroup } from './groups';
import { displayNumber, dueAt, readCall, type Reading } from './posts';
import { callerOn } from '../../lib/lines';
import { NO_MOBILES, type Mobiles } from './facts';
import { CAP_MS, CDR_WAIT_MS, FINAL_RULES, judge, LEFT_MS, SETTLE_MS } from './rules';

export interface CallReading {
  /** Null: only the call's start tells. */
  direction: CallDirection | null;
  number: string;
  extension: string | null;
  trunk: string | null;
  startAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  ending: {
    evidence: Evidence;
    endAt: number;
    outcome: CallOutcome | null;
    talkSec: number | null;
  } | null;
  exts: string[];
  linkedid: string | null;
  /** Extensions rung for a caller, or that call out, in order. */
  rung: string[];
  /** Extensions that talked with the customer, in order; one who got him back is there twice. */
  talkers: string[];
  /** Whoever talked first is nobody's extension: a mobile. */
  elsewhere: boolean;
  /** UniqueId of the channel whose call it is; empty where the PBX told nothing. */
  uniqueid: string;
  /** When it began by the host's own clock; null where it does not tell. */
  hostStart: number | null;
  /** The same moment by our clock: from here on the customer waited. */
  waitsFrom: number;
  /** All that tells of its end was read from the host's journal long after. */
  recovered: boolean;
  /** When what is known of an ended call counts as final; null while it is not over. */
  finalAt: number | null;
}

/** A call we asked for of which nothing was heard is over after this long. */
export const START_CAP_MS = 3 * 60_000;

export interface ReadingRules {
  mobiles: Mobiles;
  /** How long an answered outgoing call may turn out to be handed on. */
  transferWaitMs: number;
  /** How callers' numbers are written, by line. */
  callers: ReadonlyMap<string, string>;
}

export const PLAIN_RULES: ReadingRules = {
  mobiles: NO_MOBILES,
  transferWaitMs: SETTLE_MS,
  callers: new Map(),
};

/** Null as long as nothing makes a call anyone should see. */
export function readGroup(group: PbxGroup, rules: ReadingRules = PLAIN_RULES): CallReading | null {
  const reading = readFacts(group, rules);
  if (reading?.direction !== 'in') return reading;
  // Of the whole reading and not of each event: channels are told apart by the numbers as they came.
  return { ...reading, number: callerOn(rules.callers, reading.trunk, reading.number) };
}

function readFacts(group: PbxGroup, rules: ReadingRules): CallReading | null {
  const told = readCall(group.facts, rules.mobiles);
  const { legs } = group;
  const seen = legs && readLegs(legs, group.startedAt !== null, rules.mobiles);
  if (!seen) {
    if (told) return { ...told, linkedid: null, finalAt: finalAt(group, told, told, rules) };
    return group.startedAt === null ? null : unheard(group, group.startedAt);
  }
  const answeredAt = seen.answeredAt ?? told?.answeredAt ?? null;
  const reading = {
    direction: seen.direction,
    number: seen.number === '' ? (told?.number ?? '') : displayNumber(seen.number.replace(/^\+/, '')),
    extension: seen.extension ?? told?.extension ?? null,
    trunk: seen.trunk ?? told?.trunk ?? null,
    startAt: seen.startAt,
    ringingAt: seen.ringingAt ?? told?.ringingAt ?? null,
    answeredAt,
    ending: endingOf(group, seen.ending, told, answeredAt),
    exts: [...new Set([...seen.exts, ...(told?.exts ?? [])])].sort(),
    linkedid: seen.linkedid,
    rung: [...new Set([...seen.rung, ...(told?.rung ?? [])])],
    talkers: seen.talkers.length > 0 ? seen.talkers.flatMap((ext) => ext ?? []) : (told?.talkers ?? []),
    elsewhere: seen.talkers.length > 0 ? seen.talkers[0] === null : (told?.elsewhere ?? false),
    uniqueid: told?.uniqueid || seen.uniqueid,
    hostStart: told?.hostStart ?? null,
    waitsFrom: seen.startAt,
    recovered: told?.recovered ?? false,
  };
  return { ...reading, finalAt: finalAt(group, reading, told, rules) };
}

/** When an ended call counts as final, by the table of rules.ts. */
function finalAt(
  group: PbxGroup,
  reading: Pick<CallReading, 'ending' | 'direction' | 'answeredAt'>,
  told: Reading | null,
  rules: ReadingRules,
): number | null {
  const { ending } = reading;
  if (!ending) return null;
  const { legs } = group;
  const heard = legs !== null && Object.keys(legs.legs).length > 0;
  const wait = judge(
    FINAL_RULES,
    {
      by: ending.evidence === 'timer' ? 'timer' : heard ? 'channels' : 'hangup',
      unheard: ending.evidence === 'unknown',
      direction: reading.direction ?? 'out',
      answered: ending.outcome === 'answered',
      handedOn: told?.handedOn ?? false,
      tail: told?.tail ?? false,
      channels: heard,
    },
    'settle',
  );
  const lastLeg = heard ? Math.max(...Object.values(legs.legs).map((leg) => leg.goneAt ?? leg.lastAt)) : 0;
  const lastAt = Math.max(lastLeg, told?.lastAt ?? 0);
  switch (wait) {
    case 'now':
      return lastAt;
    case 'settle':
      return lastAt + SETTLE_MS;
    case 'transfer':
      return lastAt + Math.max(SETTLE_MS, rules.transferWaitMs);
    case 'left':
      return lastAt + (told?.bridged ? CAP_MS : LEFT_MS);
    case 'cdr':
      return lastAt + CDR_WAIT_MS;
  }
}

/** When to look again at a call whose end may never be told; null when it is known. */
export function groupDueAt(group: PbxGroup, reading: CallReading | null): number | null {
  const { legs } = group;
  if (reading?.ending || group.facts.some((fact) => fact.k === 'timeout')) return null;
  if (!legs || Object.keys(legs.legs).length === 0) {
    if (group.startedAt !== null && group.facts.length === 0) return group.startedAt + START_CAP_MS;
    return dueAt(group.facts, readCall(group.facts));
  }
  const lastLeg = Math.max(...Object.values(legs.legs).map((leg) => leg.lastAt));
  const lastFact = group.facts.reduce((last, fact) => Math.max(last, fact.at), 0);
  // The dialplan says it is over, the channels do not: they get a while to follow.
  if (readCall(group.facts)?.ending) return Math.max(lastLeg, lastFact) + LEFT_MS;
  return Math.max(lastLeg, lastFact) + CAP_MS;
}

function endingOf(
  group: PbxGroup,
  seen: CallReading['ending'],
  told: Reading | null,
  answeredAt: number | null,
): CallReading['ending'] {
  if (seen?.evidence === 'reported') {
    if (seen.outcome === 'answered' || answeredAt === null) return seen;
    // They met in a bridge the dialplan saw and we did not hear of.
    return {
      ...seen,
      outcome: 'answered',
      talkSec: Math.max(0, Math.round((seen.endAt - answeredAt) / 1000)),
    };
  }
  const toldEnding = told?.ending ?? null;
  if (seen) return toldEnding?.evidence === 'reported' ? toldEnding : seen;
  const timeout = group.facts.find((fact) => fact.k === 'timeout');
  if (!timeout) return group.legs && !isLive(group.legs) ? toldEnding : null;
  if (toldEnding?.evidence === 'reported') return toldEnding;
  return {
    evidence: 'timer',
    endAt: timeout.at,
    outcome: answeredAt === null ? null : 'answered',
    talkSec: answeredAt === null ? 0 : Math.max(0, Math.round((timeout.at - answeredAt) / 1000)),
  };
}

/** A call we asked for whose channels nobody has told of: known to have failed, or given up. */
function unheard(group: PbxGroup, startedAt: number): CallReading | null {
  const failedAt = group.legs?.failedAt;
  const timeout = group.facts.find((fact) => fact.k === 'timeout');
  const endAt = failedAt ?? timeout?.at;
  if (endAt === undefined) return null;
  return {
    direction: null,
    number: '',
    extension: null,
    trunk: null,
    startAt: startedAt,
    ringingAt: null,
    answeredAt: null,
    ending: {
      evidence: failedAt === undefined ? 'timer' : 'withdrawn',
      endAt: Math.max(endAt, startedAt),
      outcome: group.legs?.endAskedAt === undefined ? 'failed' : 'cancelled',
      talkSec: 0,
    },
    exts: [],
    linkedid: null,
    rung: [],
    talkers: [],
    elsewhere: false,
    uniqueid: '',
    hostStart: null,
    waitsFrom: startedAt,
    recovered: false,
    finalAt: endAt,
  };
}
