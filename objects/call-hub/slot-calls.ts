/**
 * Calls on a bridge's USB phones. The ones we asked for carry their id; of others (incoming, or dialled on the phone
 * itself) the slot is all that identifies them, and a phone has one such call at a time.
 */
import type { BridgeEventOf } from '../../bridge/protocol/events';
import { newCallId } from '../lib/ids';
import type { Intake } from './intake';
import { applyChanges, newCall, statusOf, type CallChange, type CallRecord } from './machine';
import type { CallStore } from './store';

type SlotCallEvent = BridgeEventOf<'slot.call'>;

const BY = 'slot';

/** The call after an event of its slot, in any order: the answer may be heard of after the end. */
export function applySlotEvent(call: CallRecord, event: SlotCallEvent, at: number): CallRecord {
  const changes: CallChange[] = [];
  if (event.number !== null && (call.number === '' || event.call_id === null))
    changes.push({ type: 'describe', fields: { number: event.number } });
  if (event.state === 'ringing') changes.push({ type: 'reach', state: 'ringing', at, by: BY });
  if (event.state === 'active') changes.push({ type: 'reach', state: 'connected', at, by: BY });
  if (event.state === 'ended') {
    const ending = {
      evidence: event.outcome === null ? 'unknown' : 'reported',
      order: at,
      id: call.callId,
      endAt: at,
      by: BY,
      outcome: event.outcome,
      answerAt: null,
      talkSec: event.outcome === null ? null : 0,
    } as const;
    changes.push({ type: 'end', ending });
  }
  return withTalk(applyChanges(call, changes));
}

/** The talk is from the answer to the end, whichever of the two was told first; unknown where no answer was. */
function withTalk(call: CallRecord): CallRecord {
  const { ending, marks } = call;
  if (ending?.by !== BY || ending.outcome !== 'answered') return call;
  const answerAt = marks.connected ? Math.min(marks.connected.at, ending.endAt) : null;
  const talkSec = answerAt === null ? null : Math.round((ending.endAt - answerAt) / 1000);
  if (ending.answerAt === answerAt && ending.talkSec === talkSec) return call;
  return { ...call, ending: { ...ending, answerAt, talkSec } };
}

export interface SlotCallsParts {
  sql: SqlStorage;
  store: CallStore;
  intake: Intake;
  now(): number;
}

export class SlotCalls {
  constructor(private readonly parts: SlotCallsParts) {}

  take(bridgeId: string, slotId: number, event: SlotCallEvent, at: number): void {
    const { store, intake } = this.parts;
    const callId = event.call_id ?? this.unasked(slotId, event);
    if (callId === null) return;
    const known = store.call(callId);
    const call = known ?? newCall(callId, 'slot', event.direction, event.number ?? '', at);
    const userId = call.userId ?? this.userOf(slotId);
    const described = applyChanges(call, [
      {
        type: 'describe',
        fields: {
          slotId,
          bridgeId,
          userId,
          startAt: call.marks.queued ? undefined : Math.min(call.startAt, at),
        },
      },
      { type: 'show', userIds: userId === null ? [] : [userId] },
    ]);
    const next = applySlotEvent(described, event, at);
    intake.save(next, known);
    if (event.call_id !== null) return;
    if (statusOf(next) === 'ended') this.parts.sql.exec('DELETE FROM slot_calls WHERE slot_id = ?', slotId);
    else this.parts.sql.exec('INSERT OR REPLACE INTO slot_calls VALUES (?, ?)', slotId, callId);
  }

  /** Whose slot it is now, for the calls that come in on it. */
  setUser(slotId: number, userId: string | null): void {
    const { sql } = this.parts;
    if (this.userOf(slotId) === userId) return;
    if (userId === null) sql.exec('DELETE FROM slot_users WHERE slot_id = ?', slotId);
    else sql.exec('INSERT OR REPLACE INTO slot_users VALUES (?, ?)', slotId, userId);
  }

  /** The slot's call that nobody asked us for; null for the end of one that never was. */
  private unasked(slotId: number, event: SlotCallEvent): string | null {
    const [row] = this.parts.sql
      .exec<{ call_id: string }>('SELECT call_id FROM slot_calls WHERE slot_id = ?', slotId)
      .toArray();
    const known = row && this.parts.store.call(row.call_id);
    const live = known !== undefined && known !== null && statusOf(known) !== 'ended';
    if (live && (event.state !== 'ringing' || known.number === '' || known.number === event.number))
      return known.callId;
    return event.state === 'ended' ? null : newCallId(this.parts.now());
  }

  private userOf(slotId: number): string | null {
    const [row] = this.parts.sql
      .exec<{ user_id: string }>('SELECT user_id FROM slot_users WHERE slot_id = ?', slotId)
      .toArray();
    return row?.user_id ?? null;
  }
}
