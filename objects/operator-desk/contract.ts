/**
 * What other rooms and objects may ask of an OperatorDesk: one object per tenant (named by the tenant's id), which knows
 * where each operator stands in each queue, what was asked for and what telephony says, and keeps their time-lines.
 * Times are milliseconds since the epoch.
 */
import type { BridgeEventOf } from '../../bridge/protocol/events';
import type { BreakerState } from '../lib/breaker';
import type { QueueUpdate } from './live';
import type { Cause, LineState, Segment, Standing } from './machine';
import type { DeskOperator, OperatorView } from './shapes';

export interface AnswerCount {
  endpoint: string;
  status: number;
  count: number;
  lastAt: number;
}

export { lineOf } from './live';
export type { QueueUpdate };
export type * from './shapes';
export { secondsIn, summaryOf } from './machine';
export type { BreakerState, Cause, LineState, Segment, Standing };

export interface Wish {
  queue: string;
  connected?: boolean;
  paused?: boolean;
  priority?: number;
  reason?: string | null;
}

export interface Seen extends Standing {
  queue: string;
  /** Telephony's word for the phone: `Not in use`, `Ringing`, …; null where it has none. */
  device?: string | null;
}

/** Which PBX is the operators' telephony, and the tenant's rule; null: whichever tells of them. */
export interface DeskSettings {
  bridgeId: string | null;
  pbx: string | null;
  /** Pause after so many calls in a row that rang in vain; 0: never. */
  pauseAfterMissed: number;
}

/** What a bridge tells of queues. */
export interface DeskEvents {
  bridgeId: string;
  /** The bridge's journal; numbers grow within it, and the desk drops those it has seen. */
  journal: string;
  events: {
    seq: number;
    at: number;
    event:
      | { kind: 'pbx.members'; data: BridgeEventOf<'pbx.members'> }
      | { kind: 'pbx.missed'; data: BridgeEventOf<'pbx.missed'> };
  }[];
}

export interface TimelineQuery {
  from: number;
  to: number;
  uuid?: string;
  /** Those whose id comes after this one; at most so many operators, by id. All when absent. */
  after?: string;
  most?: number;
}

export interface TimelineDay {
  uuid: string;
  segments: Segment[];
}

/** The RPC surface. */
export interface OperatorDeskApi extends Rpc.DurableObjectBranded {
  configure(settings: DeskSettings): Promise<void>;
  /** When telephony may be asked next, after it failed several times in a row; null: now. */
  restsUntil(now: number): Promise<number | null>;
  /** What telephony answered: counted, and `failed` (telephony itself is at fault) opens the breaker after a row. */
  heard(input: { endpoint: string; status: number; failed: boolean; now: number }): Promise<void>;
  /** Answers of telephony by endpoint and status since the desk was made. */
  answers(): Promise<{ breaker: BreakerState; restsUntil: number | null; counts: AnswerCount[] }>;
  /** New or changed rows. */
  put(operators: DeskOperator[]): Promise<void>;
  remove(uuids: string[]): Promise<void>;
  /** Stores what is about to be asked of telephony. The row comes along: whatever of it was missed is made up for. */
  want(input: {
    operator: DeskOperator;
    wishes: Wish[];
    by: string | null;
    cause: Cause;
    now: number;
  }): Promise<void>;
  /** What telephony answered. `whole`: queues that are not named hold the operator no more. */
  seen(input: { operator: DeskOperator; standings: Seen[]; whole: boolean; now: number }): Promise<void>;
  /** What telephony tells by itself; at least once and in order. Returns when durable. */
  ingest(input: DeskEvents): Promise<void>;
  /** Null: the desk has no such operator. */
  operator(uuid: string): Promise<OperatorView | null>;
  /**
   * An operator, whose row comes along, and whom each of its queues may ring. Unlike `operator`, there always is an
   * answer: whatever of the row was missed is made up for.
   */
  mine(operator: DeskOperator): Promise<{ view: OperatorView; queues: QueueUpdate[] }>;
  /** Every operator of the tenant. */
  board(): Promise<OperatorView[]>;
  /** Segments that touch a time, oldest first. */
  timeline(query: TimelineQuery): Promise<TimelineDay[]>;
}
