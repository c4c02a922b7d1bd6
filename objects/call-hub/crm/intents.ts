/**
 * What a CRM is still to be told of a call, given what it was told: pure. Asked again after every change of the call and
 * when `dueAt` comes; the answer to a reading that says nothing new is nothing.
 */
import type { CallDirection, CallOutcome } from '../contract';
import type { CallReading } from '../pbx/reading';
import type { CrmCall, CrmCallRules, CrmIntent, CrmResult } from './contract';
import type { Told } from './told';

export interface CrmView {
  callId: string;
  direction: CallDirection;
  phone: string;
  trunk: string | null;
  /** Null: what looked like a call is none. */
  reading: CallReading | null;
  /** Channels are told of as well: a recording may come. */
  bridged: boolean;
  recordingId: string | null;
  /** A recording kept elsewhere; null of none. */
  recordUrl: string | null;
  /** It looks like a call out, but may be a leg to the mobile of somebody who is being called. */
  doubtful: boolean;
  /** Whether the extension talks with another customer. */
  isBusy(extension: string): boolean;
}

export interface Next {
  intents: CrmIntent[];
  told: Told;
  /** When to ask again though nothing changes; null when never. */
  dueAt: number | null;
}

const NOTHING_TOLD: Told = {
  n: 0,
  externalId: '',
  announced: [],
  closed: [],
  hangup: false,
  record: false,
};

export function nextIntents(view: CrmView, known: Told | null, rules: CrmCallRules, now: number): Next {
  const before = known ?? NOTHING_TOLD;
  const { reading, direction } = view;
  if (before.record || direction === 'internal') return { intents: [], told: before, dueAt: null };
  const told = {
    ...before,
    externalId: before.externalId || reading?.uniqueid || view.callId,
  };
  const call: CrmCall = {
    callId: view.callId,
    externalId: told.externalId,
    direction,
    phone: view.phone,
    trunk: view.trunk,
  };
  const teller = new IntentList(told, call, now);
  if (!reading) {
    teller.hangUp('cancelled', rules.popups.hangup);
    return teller.next(null);
  }
  if (!reading.ending) {
    teller.announce(wanted(view, reading, direction, told.announced, rules));
    if (rules.popups.hangup && direction === 'in') teller.close(losers(reading, teller.told));
    return teller.next(null);
  }
  const result = resultOf(reading.ending.outcome, reading);
  teller.hangUp(result, rules.popups.hangup && !reading.recovered);
  const recordAt = whenRecorded(view, reading, rules);
  if (recordAt === null || now < recordAt) return teller.next(recordAt);
  // Asked for here, but nobody was called: the own phone was not picked up.
  if (reading.direction === null) teller.told.record = true;
  else teller.record(view, reading, result, rules);
  return teller.next(null);
}

/** Whom to show the card, of those who were not shown it yet. */
function wanted(
  view: CrmView,
  reading: CallReading,
  direction: 'in' | 'out',
  announced: readonly string[],
  rules: CrmCallRules,
): string[] {
  const isNew = (ext: string): boolean => !announced.includes(ext);
  const [first, ...later] = reading.talkers;
  const takers = rules.transferPopups ? later : [];
  if (direction === 'out') {
    if (!rules.popups.out || reading.ringingAt === null || view.doubtful) return [];
    return [...new Set([...reading.rung.slice(0, 1), ...takers])].filter(isNew);
  }
  if (!rules.popups.in) return [];
  const isGroup = reading.rung.length > 1;
  if (reading.answeredAt !== null) {
    const answerer = first !== undefined && !reading.elsewhere && !(isGroup && rules.groupPopups === 'none');
    return [...new Set([...(answerer ? [first] : []), ...takers])].filter(isNew);
  }
  if (isGroup && rules.groupPopups !== 'all') return [];
  return reading.rung.filter((ext) => isNew(ext) && !(rules.busyPopups === 'skip' && view.isBusy(ext)));
}

/** Whose card is to be closed while the call goes on: everybody's who is not known to have talked. */
function losers(reading: CallReading, told: Told): string[] {
  const isTaken = reading.answeredAt !== null && (reading.talkers.length > 0 || reading.elsewhere);
  if (!isTaken) return [];
  return told.announced.filter((ext) => !reading.talkers.includes(ext) && !told.closed.includes(ext));
}

function whenRecorded(view: CrmView, reading: CallReading, rules: CrmCallRules): number | null {
  const { ending, finalAt } = reading;
  if (!ending || finalAt === null) return null;
  const waits =
    ending.outcome === 'answered' && view.bridged && view.recordingId === null && view.recordUrl === null;
  return waits ? Math.max(finalAt, ending.endAt + rules.recordingWaitSec * 1_000) : finalAt;
}

/** A call given up by the timer was not answered, as far as anybody knows. */
const resultOf = (outcome: CallOutcome | null, reading: CallReading): CrmResult =>
  outcome ?? (reading.answeredAt === null ? 'no_answer' : 'answered');

/** Collects a call's intents with their numbers, and what is told by them. */
class IntentList {
  readonly told: Told;
  private readonly intents: CrmIntent[] = [];

  constructor(
    told: Told,
    private readonly call: CrmCall,
    private readonly now: number,
  ) {
    this.told = { ...told, announced: [...told.announced], closed: [...told.closed] };
  }

  announce(extensions: string[]): void {
    if (extensions.length === 0) return;
    this.intents.push({ kind: 'popup', ...this.head(), extensions });
    this.told.announced.push(...extensions);
  }

  close(extensions: string[]): void {
    if (extensions.length === 0) return;
    this.intents.push({ kind: 'close', ...this.head(), extensions });
    this.told.closed.push(...extensions);
  }

  /** Once, and only of a call that was announced; `isTold` false: it is over without a word. */
  hangUp(result: CrmResult, isTold: boolean): void {
    if (this.told.hangup) return;
    if (this.told.announced.length > 0 && isTold) {
      this.intents.push({ kind: 'hangup', ...this.head(), extensions: [...this.told.announced], result });
    }
    // Not a call after all, and nobody was told of one: should it be one, it is announced as any other.
    this.told.hangup = this.told.announced.length > 0;
  }

  record(view: CrmView, reading: CallReading, result: CrmResult, rules: CrmCallRules): void {
    const { ending } = reading;
    if (!ending) return;
    const answered = result === 'answered';
    const talkers = [...new Set(reading.talkers)];
    const last = reading.talkers.at(-1) ?? null;
    const waitedTo = reading.answeredAt ?? (answered ? reading.waitsFrom : ending.endAt);
    const startedAt = reading.hostStart ?? reading.startAt;
    this.intents.push({
      kind: 'record',
      ...this.head(),
      startedAt,
      endedAt: startedAt + Math.max(0, ending.endAt - reading.waitsFrom),
      durationSec: answered ? ending.talkSec : 0,
      waitingSec: Math.max(0, Math.round((waitedTo - reading.waitsFrom) / 1000)),
      result,
      extension: rules.attribution === 'last' ? (last ?? reading.extension) : reading.extension,
      talkers,
      recordingId: view.recordingId,
      ...(view.recordUrl !== null && { recordUrl: view.recordUrl }),
      recovered: reading.recovered,
    });
    this.told.record = true;
  }

  next = (dueAt: number | null): Next => ({ intents: this.intents, told: this.told, dueAt });

  private head(): { id: string; n: number; at: number; call: CrmCall } {
    this.told.n += 1;
    return { id: `${this.call.callId}/${this.told.n}`, n: this.told.n, at: this.now, call: this.call };
  }
}
