/**
 * What other rooms and objects may ask of an Outbox: one object per tenant and destination (`0101:push`), the only
 * sender to that destination. Deliveries of one `key` go out in the order they came; one bad key never holds up
 * another. Times are milliseconds since the epoch.
 */

import type { BreakerState } from '../lib/breaker';

/** Data message that wakes a sleeping phone. */
export interface PushPayload {
  type: 'CALL_COMMAND_AVAILABLE';
  reason: string;
}

export interface OutboxMessage {
  /** Chosen by the sender; the same id again, within 24 hours of its settling, is the same message. */
  id: string;
  kind: 'push';
  /** Whom it is for and what it is ordered by: `devices.id` of the phone to wake. */
  key: string;
  payload: PushPayload;
}

/** `full`: 10,000 messages wait already, the destination has been down for long. */
export type EnqueueOutboxResult =
  { ok: true; duplicate: boolean } | { ok: false; code: 'full' | 'bad_message' };

export interface OutboxStatus {
  breaker: BreakerState;
  /** When an open breaker lets one delivery through; null while closed. */
  breakerUntil: number | null;
  /** Waiting, whatever for. */
  waiting: number;
  oldestWaitingAt: number | null;
  dead: number;
  /** Running totals since the object was made. */
  delivered: number;
  /** Settled without a delivery because there was nobody to deliver to (no such phone, push not configured). */
  skipped: number;
  lastDeliveredAt: number | null;
  lastFailureAt: number | null;
  /** Why the last delivery failed, in words; never holds a secret. */
  lastError: string | null;
}

export interface DeadLetter {
  id: string;
  key: string;
  payload: PushPayload;
  createdAt: number;
  diedAt: number;
  attempts: number;
  error: string;
}

export interface DeadLettersPage {
  items: DeadLetter[];
  next: string | null;
}

/** The RPC surface. */
export interface OutboxApi extends Rpc.DurableObjectBranded {
  /** Returns once the message is stored; delivery follows by alarm. Idempotent by `id`. */
  enqueue(message: OutboxMessage): Promise<EnqueueOutboxResult>;
  status(): Promise<OutboxStatus>;
  /** Newest first; `limit` 1–200. */
  deadLetters(query: { cursor?: string | null; limit: number }): Promise<DeadLettersPage>;
  /** Puts dead letters back to the end of their keys' queues with fresh attempts; without ids, all of them. */
  replay(ids?: string[]): Promise<{ replayed: number }>;
  discard(ids?: string[]): Promise<{ discarded: number }>;
  /** The destination's settings changed: forget cached sign-ins, close the breaker, try what waits now. */
  settingsChanged(): Promise<void>;
}
