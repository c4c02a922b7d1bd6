/** What a phone command's changes say about its call: pure translation, one event at a time, in any order. */
import type { CallResult, PhoneEvent } from '../phone-queue/contract';
import type { CallDirection, CallOutcome } from './contract';
import { applyChanges, newCall, type CallChange, type CallRecord, type Ending } from './machine';

/**
 * Phones' clocks have any skew: a moment is believed only if the report came soon after it. It must not depend on
 * what else is known of the call, or the order of the reports would matter.
 */
const LATEST_REPORT_MS = 4 * 3_600_000;
const CLOCK_TOLERANCE_MS = 60_000;

const OUTCOMES: Record<CallResult['status'], CallOutcome | null> = {
  connected: 'answered',
  no_answer: 'no_answer',
  busy: 'busy',
  rejected: 'rejected',
  missed: 'no_answer',
  // The manager was shown the number and never rang it.
  no_action: 'cancelled',
  unknown: null,
};

/** The call after the event; `known` is null when this is the first we hear of it. */
export function applyPhoneEvent(known: CallRecord | null, event: PhoneEvent): CallRecord {
  const direction = directionOf(event);
  const call = known ?? newCall(event.callId, 'phone', direction, event.phone, beginOf(event));
  return applyChanges(call, changesOf(call, event));
}

function changesOf(call: CallRecord, event: PhoneEvent): CallChange[] {
  const by = 'phone';
  const changes: CallChange[] = [
    {
      type: 'describe',
      fields: {
        userId: event.userId,
        contactId: event.contactId ?? undefined,
        companyId: event.companyId ?? undefined,
        number: event.phone === '' ? undefined : event.phone,
      },
    },
    // A command begins when it was asked for; until that is heard, the earliest thing known will do.
    {
      type: 'describe',
      fields: { startAt: call.marks.queued ? undefined : Math.min(call.startAt, beginOf(event)) },
    },
    { type: 'show', userIds: [event.userId, event.creatorId].filter((id) => id !== '') },
  ];
  switch (event.type) {
    case 'queued':
      changes.push({ type: 'reach', state: 'queued', at: event.at, by: `user:${event.creatorId}` });
      // Where it was aimed at says less than who took it, whichever is heard first.
      changes.push({
        type: 'describe',
        fields: { startAt: event.at, deviceId: call.deviceId ?? event.deviceId },
      });
      break;
    case 'delivered':
      changes.push({ type: 'reach', state: 'ringing', at: event.at, by });
      if (event.deviceId) changes.push({ type: 'describe', fields: { deviceId: event.deviceId } });
      break;
    case 'expired':
      changes.push({ type: 'end', ending: withdrawn(event, 'failed', 'timer') });
      break;
    case 'cancelled':
      changes.push({ type: 'end', ending: withdrawn(event, 'cancelled', 'user') });
      break;
    case 'result':
    case 'manual': {
      if (event.deviceId) changes.push({ type: 'describe', fields: { deviceId: event.deviceId } });
      if (event.type === 'manual')
        changes.push({ type: 'describe', fields: { direction: directionOf(event) } });
      if (!event.result) break;
      const ending = endingOf(event, event.result);
      if (ending.answerAt !== null)
        changes.push({ type: 'reach', state: 'connected', at: ending.answerAt, by });
      changes.push({ type: 'end', ending });
      break;
    }
  }
  return changes;
}

const withdrawn = (event: PhoneEvent, outcome: CallOutcome, by: string): Ending => ({
  evidence: 'withdrawn',
  order: event.at,
  id: event.id,
  endAt: event.at,
  by,
  outcome,
  answerAt: null,
  talkSec: 0,
});

function endingOf(event: PhoneEvent, result: CallResult): Ending {
  const outcome = OUTCOMES[result.status];
  const endAt = plausible(result.endedAt, event.at);
  const talkSec = outcome === 'answered' ? result.durationSec : outcome === null ? null : 0;
  const answerAt = outcome === 'answered' && talkSec !== null ? endAt - talkSec * 1000 : null;
  return {
    evidence: outcome === null ? 'unknown' : 'reported',
    order: event.at,
    id: event.id,
    endAt,
    by: 'phone',
    outcome,
    answerAt,
    talkSec,
  };
}

/** The phone's moment where it can be true, else the report's arrival. */
function plausible(at: number | null | undefined, arrived: number): number {
  if (at === null || at === undefined) return arrived;
  return at >= arrived - LATEST_REPORT_MS && at <= arrived + CLOCK_TOLERANCE_MS
    ? Math.min(at, arrived)
    : arrived;
}

const beginOf = (event: PhoneEvent): number =>
  event.type === 'manual' ? plausible(event.result?.startedAt, event.at) : event.at;

const directionOf = (event: PhoneEvent): CallDirection =>
  /^in/i.test(event.result?.direction ?? '') ? 'in' : 'out';
