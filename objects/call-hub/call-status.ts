export const CALL_STATUSES = ['queued', 'ringing', 'connected', 'ended'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

export const CALL_OUTCOMES = ['answered', 'no_answer', 'busy', 'rejected', 'failed', 'cancelled'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

export const CALL_DIRECTIONS = ['in', 'out', 'internal'] as const;
export type CallDirection = (typeof CALL_DIRECTIONS)[number];

/** What the call runs over: the dialer app's phone, Asterisk, or a USB phone of a bridge. */
export const CALL_SOURCES = ['phone', 'pbx', 'slot'] as const;
export type CallSource = (typeof CALL_SOURCES)[number];

/** Whose eyes: `own` sees calls made by, ringing at or answered by the user, `all` every call of the tenant. */
export interface Viewer {
  userId: string;
  scope: 'own' | 'all';
}
