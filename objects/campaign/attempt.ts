/**
 * The life of one attempt to reach a lead, pure. It only moves forward, whatever order its events come in:
 *
 *     checking → starting → dialling → live → ended
 *         ↘ blocked, withdrawn  ↙ (nothing rang)
 *
 * `dialling` is stored before anything is sent. What is sent carries the attempt's own ids, under which its receivers do
 * it once; so an attempt found in `dialling` after a crash is sent again under the same ids, and rings once.
 */
import type { CallWatchEvent } from '../call-hub/contract';
import type { Evidence } from './attempt-views';
import type { AttemptOutcome, AttemptState } from './views';

export interface Attempt {
  id: string;
  leadId: number;
  number: string;
  /** Which attempt at this lead, from 1. */
  n: number;
  callId: string;
  /** Id of the phone's command, of calls by phone. */
  commandId: string;
  state: AttemptState;
  outcome: AttemptOutcome | null;
  reason: string | null;
  via: 'slot' | 'phone' | 'pbx';
  bridgeId: string | null;
  slot: number | null;
  pbx: string | null;
  extension: string | null;
  /** Whose the call is: the agent's, or of whoever set the campaign going. */
  userId: string;
  agentId: string | null;
  createdAt: number;
  sentAt: number | null;
  /** As far as the call is known to have come. */
  status: 'queued' | 'ringing' | 'connected' | null;
  answeredAt: number | null;
  endedAt: number | null;
  talkSec: number | null;
  evidence: Evidence;
}

export type AttemptEvent =
  | { type: 'admitted'; evidence: Pick<Evidence, 'dnc' | 'number_cap'> }
  | { type: 'blocked'; reason: string; evidence: Pick<Evidence, 'dnc' | 'number_cap'> }
  /** It may not be made any more, or was refused by what should have rung: nothing rang. */
  | { type: 'withdrawn'; reason: string }
  | { type: 'sent'; at: number; target: Partial<Pick<Attempt, 'bridgeId' | 'pbx' | 'extension'>> }
  | { type: 'accepted' }
  /** Nobody knows whether it rings: what is told of the call will say. */
  | { type: 'uncertain'; reason: string }
  /** It was tried, and refused by the device. */
  | { type: 'failed'; at: number; reason: string }
  | { type: 'told'; call: CallWatchEvent }
  /** Nothing was ever heard of it. */
  | { type: 'lost'; at: number };

export const OPEN_STATES: readonly AttemptState[] = ['checking', 'starting', 'dialling', 'live'];
export const isOpenAttempt = ({ state }: Pick<Attempt, 'state'>): boolean => OPEN_STATES.includes(state);

/** From which states an event counts; from any other it says nothing new. */
const FROM: Record<AttemptEvent['type'], readonly AttemptState[]> = {
  admitted: ['checking'],
  blocked: ['checking'],
  withdrawn: ['checking', 'starting', 'dialling'],
  sent: ['starting'],
  accepted: ['dialling'],
  uncertain: ['dialling'],
  failed: ['dialling'],
  told: ['dialling', 'live', 'ended'],
  lost: ['dialling', 'live'],
};

/** Applies one event. Never mutates; answers the same object when the event says nothing new. */
export function applyAttempt(attempt: Attempt, event: AttemptEvent): Attempt {
  if (!FROM[event.type].includes(attempt.state)) return attempt;
  switch (event.type) {
    case 'admitted':
      return { ...attempt, state: 'starting', evidence: { ...attempt.evidence, ...event.evidence } };
    case 'blocked':
      return {
        ...attempt,
        state: 'blocked',
        reason: event.reason,
        evidence: { ...attempt.evidence, ...event.evidence },
      };
    case 'withdrawn':
      return { ...attempt, state: 'withdrawn', reason: event.reason };
    case 'sent':
      return { ...attempt, state: 'dialling', sentAt: event.at, ...event.target };
    case 'accepted':
      return { ...attempt, state: 'live' };
    case 'uncertain':
      return { ...attempt, state: 'live', reason: event.reason };
    case 'failed':
      return { ...attempt, state: 'ended', outcome: 'failed', reason: event.reason, endedAt: event.at };
    case 'lost':
      return { ...attempt, state: 'ended', outcome: 'unknown', endedAt: event.at };
    case 'told':
      return told(attempt, event.call);
  }
}

const FURTHER = { queued: 0, ringing: 1, connected: 2 } as const;

function told(attempt: Attempt, call: CallWatchEvent): Attempt {
  if (call.status !== 'ended') {
    if (attempt.state === 'ended') return attempt;
    const isFurther = attempt.status === null || FURTHER[call.status] > FURTHER[attempt.status];
    const status = isFurther ? call.status : attempt.status;
    if (attempt.state === 'live' && status === attempt.status) return attempt;
    return { ...attempt, state: 'live', status, answeredAt: attempt.answeredAt ?? call.answeredAt };
  }
  const outcome = call.outcome ?? 'unknown';
  // Of an ended one only a better word counts: what was unknown is known after all, or was corrected.
  if (attempt.state === 'ended') {
    const isSame =
      attempt.outcome === outcome && attempt.talkSec === call.talkSec && attempt.endedAt === call.endedAt;
    if (isSame || (outcome === 'unknown' && attempt.outcome !== 'unknown')) return attempt;
  }
  return {
    ...attempt,
    state: 'ended',
    outcome,
    answeredAt: call.answeredAt,
    endedAt: call.endedAt,
    talkSec: call.talkSec,
    slot: attempt.slot ?? call.slotId,
  };
}
