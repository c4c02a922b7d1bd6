/**
 * How the app reports what became of a call: the extended payload first, the legacy one where a server does not know
 * it, a short queue for what may pass, and nothing more for what the server refused.
 */

/** Words of the wire; see docs/dialer.md. */
export const RESULTS = [
  'connected',
  'no_answer',
  'busy',
  'rejected',
  'missed',
  'no_action',
  'unknown',
] as const;
export type CallStatus = (typeof RESULTS)[number];

export interface CallOutcome {
  commandId: string;
  status: CallStatus;
  /** Milliseconds since the epoch by the phone's own clock. */
  startedAt: number;
  talkedSec: number;
}

/** Body of calls/update as older builds send it. */
export function legacyReport(call: CallOutcome): Record<string, unknown> {
  return {
    call_request_id: call.commandId,
    call_status: call.status,
    call_started_at: new Date(call.startedAt).toISOString(),
    call_duration_seconds: call.talkedSec,
  };
}

/** Body of calls/update with everything the app knows. */
export function extendedReport(call: CallOutcome): Record<string, unknown> {
  return {
    ...legacyReport(call),
    call_ended_at: new Date(call.startedAt + call.talkedSec * 1_000).toISOString(),
    direction: 'outgoing',
    resolve_method: 'observer',
    attempts_count: 1,
    action_source: 'crm_ui',
    ...(call.status === 'unknown'
      ? { resolve_reason: 'timeout', reason_if_unknown: 'the call log has no such call' }
      : {}),
  };
}

/** How often a report that met a 5xx or a broken connection is sent again. */
const RETRIES = 3;

export interface Attempt {
  payload: 'extended' | 'legacy';
  /** Retries made so far. */
  retries: number;
}

export type AfterReport =
  { next: 'done' } | { next: 'lost' } | ({ next: 'again' } & Attempt & { delayed: boolean });

/** What the app does after an attempt. `status` 0 is no answer. */
export function afterReport(attempt: Attempt, status: number): AfterReport {
  if (status >= 200 && status < 300) return { next: 'done' };
  if (status === 0 || status >= 500) {
    return attempt.retries < RETRIES
      ? { next: 'again', payload: attempt.payload, retries: attempt.retries + 1, delayed: true }
      : { next: 'lost' };
  }
  const unknownPayload = status === 400 || status === 415 || status === 422;
  if (unknownPayload && attempt.payload === 'extended') {
    return { next: 'again', payload: 'legacy', retries: attempt.retries, delayed: false };
  }
  return { next: 'lost' };
}
