/**
 * What a set of PBX facts says about one call: pure, and blind to the order the facts came in, since each carries
 * its own moment and the set is sorted before it is read. The rules are those of the PBX page (docs/calls.md);
 * transfers and mobile legs beyond the simple cases leave their facts in the set for a fuller reading later.
 */
import type { CallDirection, CallOutcome } from '../contract';
import { callEnd } from './clock';
import {
  channelClock,
  isExternal,
  isHelperChannel,
  isInternal,
  isLocalChannel,
  type PbxFact,
} from './fields';

type Fact<K extends PbxFact['k']> = Extract<PbxFact, { k: K }>;
type Hangup = Fact<'hangup'>;
type Join = Fact<'join'>;

/** A call whose hangup is missing is over this long after its last channel left and nothing else came. */
export const LEFT_MS = 60_000;
/** And this long after the last event, whatever else. */
export const CAP_MS = 4 * 3_600_000;

export interface Reading {
  direction: CallDirection;
  number: string;
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
}

/** Null as long as the facts don't make a call anyone should see. */
export function readCall(facts: readonly PbxFact[]): Reading | null {
  const set = new FactSet(facts);
  const direction = directionOf(set);
  if (!direction) return null;
  const main = set.main(direction);
  const outside = outsideNumber(set, direction);
  const talk = direction === 'internal' ? internalTalk(set) : outsideTalk(set, direction, main, outside);
  const hangup =
    set.last('hangup', (fact) => fact.u === main) ?? (direction === 'internal' ? set.last('hangup') : null);
  const startAt = startOf(set, main);
  const dials = set.all('dial');
  const last = dials.at(-1);
  const exts = new Set<string>();
  for (const dial of dials) for (const ext of dial.exts) if (isInternal(ext)) exts.add(ext);
  for (const join of talk?.internal ?? []) exts.add(join.num);
  const caller = direction === 'internal' ? internalCaller(set, hangup) : null;
  if (caller) exts.add(caller.from);
  return {
    direction,
    number: caller ? caller.to : displayNumber(outside),
    extension: caller ? caller.from : extensionOf(direction, set, talk, hangup),
    trunk: hangup?.trunk || last?.trunk || set.first('start')?.trunk || null,
    startAt,
    ringingAt: startAt,
    answeredAt: talk ? Math.max(talk.at, startAt) : null,
    ending: endingOf(set, hangup, talk, startAt),
    exts: [...exts].filter((ext) => ext !== '').sort(),
  };
}

/** When to look again at a call that may have lost its hangup; null when its hangup is known. */
export function dueAt(facts: readonly PbxFact[], reading: Reading | null): number | null {
  if (reading?.ending || facts.some((fact) => fact.k === 'timeout')) return null;
  const set = new FactSet(facts);
  const idleSince = set.lastAt();
  if (!reading || reading.answeredAt === null || set.inBridge().length > 0) return idleSince + CAP_MS;
  return idleSince + LEFT_MS;
}

class FactSet {
  private readonly facts: PbxFact[];
  constructor(facts: readonly PbxFact[]) {
    this.facts = [...facts].sort((a, b) => a.at - b.at || (stable(a) < stable(b) ? -1 : 1));
  }
  all<K extends PbxFact['k']>(kind: K): Fact<K>[] {
    return this.facts.filter((fact): fact is Fact<K> => fact.k === kind);
  }
  first<K extends PbxFact['k']>(kind: K, test: (fact: Fact<K>) => boolean = () => true): Fact<K> | null {
    return this.all(kind).find(test) ?? null;
  }
  last<K extends PbxFact['k']>(kind: K, test: (fact: Fact<K>) => boolean = () => true): Fact<K> | null {
    return this.all(kind).findLast(test) ?? null;
  }
  lastAt = (): number => this.facts.at(-1)?.at ?? 0;
  firstAt = (): number => this.facts[0]?.at ?? 0;
  /** Channels that entered a bridge and were not seen leaving it, nor the bridge ending. */
  inBridge(): Join[] {
    const left = new Set(this.all('leave').map((fact) => `${fact.u} ${fact.b}`));
    const gone = new Set(this.all('destroy').map((fact) => fact.b));
    return this.all('join').filter((join) => !left.has(`${join.u} ${join.b}`) && !gone.has(join.b));
  }
  lastLeftAt(): number | null {
    const moments = [...this.all('leave'), ...this.all('destroy')].map((fact) => fact.at);
    return moments.length > 0 ? Math.max(...moments) : null;
  }
  /** The channel whose hangup ends the call. */
  main(direction: CallDirection): string {
    const type = direction === 'in' ? 0 : 1;
    const named =
      (direction === 'in' ? this.first('start')?.u : undefined) ??
      (direction === 'internal'
        ? this.first('hangup')?.u
        : this.first('dial', (fact) => fact.type === type)?.u) ??
      this.first('hangup', (fact) => fact.type === type)?.u;
    return named ?? this.first('join')?.u ?? '';
  }
}

const stable = (fact: PbxFact): string => JSON.stringify(fact);

/** A leg to somebody's mobile: outgoing by its type, but none of its numbers is one of ours. */
function isHelperLeg(set: FactSet, fact: Fact<'dial'> | Hangup): boolean {
  if (fact.exts.length > 0 && !fact.exts.some(isInternal)) return true;
  const helper = (other: { u: string; channel: string }): boolean =>
    other.u === fact.u && isHelperChannel(other.channel);
  return set.first('join', helper) !== null || set.first('name', helper) !== null;
}

const isGenuineInternal = (fact: Hangup): boolean =>
  fact.type === 2 && isInternal(fact.phone) && fact.exts.every(isInternal);

/** Known starts and dials decide; a hangup's own type is believed only where nothing else is known. */
function directionOf(set: FactSet): CallDirection | null {
  const dials = set.all('dial');
  const hangups = set.all('hangup');
  if (set.first('start') || dials.some((dial) => dial.type === 0)) return 'in';
  if (dials.some((dial) => dial.type === 1 && !isHelperLeg(set, dial))) return 'out';
  if (hangups.some((hangup) => hangup.type === 0)) return 'in';
  if (hangups.some((hangup) => hangup.type === 1 && !isHelperLeg(set, hangup))) return 'out';
  if (dials.some((dial) => dial.type === 2 && isInternal(dial.phone))) return 'internal';
  if (hangups.some(isGenuineInternal) || internalTalk(set)) return 'internal';
  return null;
}

function outsideNumber(set: FactSet, direction: CallDirection): string {
  const type = direction === 'in' ? 0 : 1;
  const told =
    set.first('dial', (fact) => fact.type === type && fact.phone !== '') ??
    set.first('start', (fact) => fact.phone !== '') ??
    set.first('hangup', (fact) => fact.phone !== '');
  return told?.phone ?? '';
}

interface Talk {
  at: number;
  /** Internal phones that took part, in the order they came. */
  internal: Join[];
}

const isPhoneOfOurs = (join: Join): boolean => isInternal(join.num) && !isLocalChannel(join.channel);

/** The customer and one of ours in one bridge; when one of the two events was lost, the other names its peer. */
function outsideTalk(set: FactSet, direction: CallDirection, main: string, outside: string): Talk | null {
  const joins = set.all('join');
  const isCustomer = (join: Join): boolean =>
    !isLocalChannel(join.channel) &&
    ((direction === 'in' && join.u === main) || (isExternal(join.num) && join.num === outside));
  const customers = joins.filter(isCustomer);
  const answers = joins.filter(
    (join) =>
      customers.includes(join) ||
      // Own phone of a click-to-call waits in a bridge of its own: only the dialling channel proves an answer.
      (isPhoneOfOurs(join) &&
        (direction === 'in' ? join.peer === outside && outside !== '' : join.u === main)),
  );
  const first = answers[0];
  if (!first) return null;
  const bridges = new Set(answers.map((join) => join.b));
  const internal = joins.filter((join) => bridges.has(join.b) && isPhoneOfOurs(join));
  return { at: first.at, internal };
}

function internalTalk(set: FactSet): Talk | null {
  const joins = set.all('join').filter(isPhoneOfOurs);
  for (const join of joins) {
    const together = joins.filter((other) => other.b === join.b);
    const foreign = set.first('join', (other) => other.b === join.b && !isPhoneOfOurs(other));
    if (!foreign && new Set(together.map((other) => other.num)).size > 1)
      return { at: together[0]?.at ?? join.at, internal: together };
  }
  return null;
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

/** The first of ours who talked; without bridges the hangup's list, then a dial that leaves no choice. */
function extensionOf(
  direction: CallDirection,
  set: FactSet,
  talk: Talk | null,
  hangup: Hangup | null,
): string | null {
  const dials = set.all('dial').filter((dial) => !isHelperLeg(set, dial) || dial.type === 0);
  if (direction === 'out') {
    const caller = dials.flatMap((dial) => dial.exts).find(isInternal) ?? hangup?.exts.find(isInternal);
    return caller ?? talk?.internal[0]?.num ?? null;
  }
  if (talk) {
    const answerer = talk.internal[0]?.num ?? set.first('join', (join) => isInternal(join.peer))?.peer;
    if (answerer) return answerer;
  }
  const listed = hangup?.exts.find(isInternal);
  if (listed) return listed;
  const candidates = dials.at(-1)?.exts.filter(isInternal) ?? [];
  return candidates.length === 1 ? (candidates[0] ?? null) : null;
}

function startOf(set: FactSet, main: string): number {
  const clock = channelClock(main);
  const first = set.firstAt();
  if (!clock) return first;
  const at = clock.epoch * 1000;
  // A host whose clock is off by more than a day tells nothing about when the call began.
  return Math.abs(at - first) < 24 * 3_600_000 ? at : first;
}

function endingOf(
  set: FactSet,
  hangup: Hangup | null,
  talk: Talk | null,
  startAt: number,
): Reading['ending'] {
  if (hangup) {
    const endAt = Math.max(callEnd(hangup, startAt), talk?.at ?? startAt, startAt);
    const answered = talk !== null || hangup.status === '2' || hangup.status === '5';
    return {
      evidence: 'reported',
      endAt,
      outcome: answered ? 'answered' : 'no_answer',
      talkSec: talk ? Math.round((endAt - Math.max(talk.at, startAt)) / 1000) : answered ? null : 0,
    };
  }
  const timeout = set.first('timeout');
  if (!timeout) return null;
  if (!talk) return { evidence: 'timer', endAt: timeout.at, outcome: null, talkSec: 0 };
  const endAt = Math.max(
    set.inBridge().length === 0 ? (set.lastLeftAt() ?? timeout.at) : timeout.at,
    talk.at,
  );
  return {
    evidence: 'timer',
    endAt,
    outcome: 'answered',
    talkSec: Math.round((endAt - Math.max(talk.at, startAt)) / 1000),
  };
}

/** E.164 for a number in international form; anything else as it came. */
export const displayNumber = (phone: string): string => (/^[1-9]\d{6,14}$/.test(phone) ? `+${phone}` : phone);
