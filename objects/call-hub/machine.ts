/**
 * The life of one call, whatever reported it. A record only ever grows: each state keeps the earliest moment it
 * was reached, the ending keeps the strongest evidence. So changes may come late, twice or in another order and
 * the record ends up the same; the status is the furthest state reached and can't go back.
 */
import type { CallDirection, CallOutcome, CallSource, CallStatus } from './contract';

/** From each state, the states a call may still reach. */
export const TRANSITIONS: Record<CallStatus, readonly CallStatus[]> = {
  queued: ['ringing', 'connected', 'ended'],
  ringing: ['connected', 'ended'],
  connected: ['ended'],
  ended: [],
};

/**
 * How much an ending's evidence weighs; a heavier one replaces a lighter one, of equals the later one stands.
 * A timer only says that nobody reported an end; a phone that says "unknown" knows that the call is over.
 */
export const EVIDENCE = { timer: 1, unknown: 2, withdrawn: 3, reported: 4 } as const;
export type Evidence = keyof typeof EVIDENCE;

export interface Mark {
  /** Milliseconds since the epoch. */
  at: number;
  by: string;
}

export interface Ending {
  evidence: Evidence;
  /** Order among endings of equal weight: the reporter's own growing number or time, then its id. */
  order: number;
  id: string;
  endAt: number;
  by: string;
  outcome: CallOutcome | null;
  answerAt: number | null;
  /** Null where it was answered at a moment nobody saw. */
  talkSec: number | null;
}

export interface CallRecord {
  callId: string;
  source: CallSource;
  direction: CallDirection;
  number: string;
  startAt: number;
  userId: string | null;
  extension: string | null;
  deviceId: string | null;
  trunk: string | null;
  /** USB slot it ran over. */
  slotId: number | null;
  /** Where it can be ended or redirected: its bridge, the PBX by the bridge's name for it, and the call's id there. */
  bridgeId: string | null;
  pbx: string | null;
  linkedid: string | null;
  contactId: string | null;
  companyId: string | null;
  noteCount: number;
  recordingCount: number;
  /** Users who may see it without seeing every call, sorted. */
  audience: string[];
  marks: Partial<Record<CallStatus, Mark>>;
  ending: Ending | null;
}

/** What may be learnt about a call besides its states; absent fields stay as they are. */
export interface Description {
  direction?: CallDirection;
  number?: string;
  startAt?: number;
  userId?: string | null;
  extension?: string | null;
  deviceId?: string | null;
  trunk?: string | null;
  slotId?: number | null;
  bridgeId?: string | null;
  pbx?: string | null;
  linkedid?: string | null;
  contactId?: string | null;
  companyId?: string | null;
}

export type CallChange =
  | { type: 'reach'; state: Exclude<CallStatus, 'ended'>; at: number; by: string }
  /** A fuller reading of the same reports knows the moment better than the one before it. */
  | { type: 'restate'; state: Exclude<CallStatus, 'ended'>; at: number; by: string }
  | { type: 'end'; ending: Ending }
  | { type: 'describe'; fields: Description }
  | { type: 'show'; userIds: readonly string[] }
  | { type: 'notes'; count: number }
  | { type: 'recordings'; count: number };

/** A record as it was stored, by whichever version: what it did not know then is unknown. */
export const readRecord = (stored: string): CallRecord => {
  const read = JSON.parse(stored) as Partial<CallRecord> & Pick<CallRecord, 'callId'>;
  return { ...newCall(read.callId, 'pbx', 'in', '', 0), ...read };
};

export function newCall(
  callId: string,
  source: CallSource,
  direction: CallDirection,
  number: string,
  startAt: number,
): CallRecord {
  return {
    callId,
    source,
    direction,
    number,
    startAt,
    userId: null,
    extension: null,
    deviceId: null,
    trunk: null,
    slotId: null,
    bridgeId: null,
    pbx: null,
    linkedid: null,
    contactId: null,
    companyId: null,
    noteCount: 0,
    recordingCount: 0,
    audience: [],
    marks: {},
    ending: null,
  };
}

/** The furthest state reached; a call of which nothing is known yet is queued. */
export function statusOf(call: CallRecord): CallStatus {
  if (call.ending) return 'ended';
  let status: CallStatus = 'queued';
  for (const state of ['ringing', 'connected'] as const) {
    if (call.marks[state] && TRANSITIONS[status].includes(state)) status = state;
  }
  return status;
}

/** Applies one change. Never mutates; answers the same object when the change says nothing new. */
export function applyChange(call: CallRecord, change: CallChange): CallRecord {
  switch (change.type) {
    case 'reach': {
      const known = call.marks[change.state];
      // Of two reports of one state at one moment the alphabet decides, so that their order does not.
      if (known && (known.at < change.at || (known.at === change.at && known.by <= change.by))) return call;
      return { ...call, marks: { ...call.marks, [change.state]: { at: change.at, by: change.by } } };
    }
    case 'restate': {
      const known = call.marks[change.state];
      if (known?.at === change.at && known.by === change.by) return call;
      return { ...call, marks: { ...call.marks, [change.state]: { at: change.at, by: change.by } } };
    }
    case 'end':
      return call.ending && !outweighs(change.ending, call.ending)
        ? call
        : { ...call, ending: change.ending };
    case 'describe':
      return describe(call, change.fields);
    case 'show': {
      const added = change.userIds.filter((id) => !call.audience.includes(id));
      return added.length === 0
        ? call
        : { ...call, audience: [...new Set([...call.audience, ...added])].sort() };
    }
    case 'notes':
      return call.noteCount === change.count ? call : { ...call, noteCount: change.count };
    case 'recordings':
      return call.recordingCount === change.count ? call : { ...call, recordingCount: change.count };
  }
}

export const applyChanges = (call: CallRecord, changes: readonly CallChange[]): CallRecord =>
  changes.reduce(applyChange, call);

function outweighs(next: Ending, known: Ending): boolean {
  const weight = EVIDENCE[next.evidence] - EVIDENCE[known.evidence];
  if (weight !== 0) return weight > 0;
  if (next.order !== known.order) return next.order > known.order;
  return next.id > known.id;
}

function describe(call: CallRecord, fields: Description): CallRecord {
  const next: CallRecord = { ...call };
  let changed = false;
  const set = <K extends keyof Description & keyof CallRecord>(key: K): void => {
    const value = fields[key] as CallRecord[K] | undefined;
    if (value === undefined || value === call[key]) return;
    next[key] = value;
    changed = true;
  };
  set('direction');
  set('number');
  set('startAt');
  set('userId');
  set('extension');
  set('deviceId');
  set('trunk');
  set('slotId');
  set('bridgeId');
  set('pbx');
  set('linkedid');
  set('contactId');
  set('companyId');
  return changed ? next : call;
}
