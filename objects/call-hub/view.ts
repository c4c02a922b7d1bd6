/** A call as clients see it. */
import type { CallDetail, CallDevice, CallStateEntry, CallUser, CallView } from './contract';
import { statusOf, type CallRecord, type Mark } from './machine';

/** The names a view needs; the hub's own copy, never a query. */
export interface Names {
  user(id: string): CallUser;
  device(id: string): CallDevice;
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function viewOf(call: CallRecord, names: Names): CallView {
  const ending = call.ending;
  const answerAt = ending ? ending.answerAt : (call.marks.connected?.at ?? null);
  // A phone's clock may put the end of a call before its beginning.
  const since = (ms: number): string => iso(Math.max(ms, call.startAt));
  return {
    call_id: call.callId,
    source: call.source,
    direction: call.direction,
    number: call.number,
    user: call.userId === null ? null : names.user(call.userId),
    extension: call.extension,
    status: statusOf(call),
    outcome: ending?.outcome ?? null,
    start_time: iso(call.startAt),
    answer_time: answerAt === null ? null : since(answerAt),
    end_time: ending ? since(ending.endAt) : null,
    duration: ending ? ending.talkSec : null,
    device: call.deviceId === null ? null : names.device(call.deviceId),
    slot: call.slotId,
    trunk: call.trunk,
    contact_id: call.contactId,
    company_id: call.companyId,
    note_count: call.noteCount,
    recording_count: call.recordingCount,
  };
}

export function detailOf(call: CallRecord, names: Names): CallDetail {
  const entry = (state: CallStateEntry['state'], mark: Mark | undefined): CallStateEntry[] =>
    mark ? [{ state, at: iso(Math.max(mark.at, call.startAt)), by: mark.by }] : [];
  return {
    ...viewOf(call, names),
    states: [
      ...entry('queued', call.marks.queued),
      ...entry('ringing', call.marks.ringing),
      ...entry('connected', call.marks.connected),
      ...entry('ended', call.ending ? { at: call.ending.endAt, by: call.ending.by } : undefined),
    ],
  };
}
