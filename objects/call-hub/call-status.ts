export const CALL_STATUSES = ['queued', 'ringing', 'connected', 'ended'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];
