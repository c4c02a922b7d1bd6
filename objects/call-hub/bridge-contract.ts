/** The part of CallHub's contract that has to do with bridges: their calls, recordings and CDR rows. */
import type { BridgeEvent, CdrRow } from '../../bridge/protocol/events';
import type { CallStatus } from './call-status';

/** A call that is about to be rung through a bridge; it is shown as queued until the bridge tells more. */
export interface StartCallInput {
  callId: string;
  source: 'pbx' | 'slot';
  direction: 'out' | 'internal';
  number: string;
  userId: string;
  extension: string | null;
  slotId: number | null;
  bridgeId: string;
  /** Name of the PBX in the bridge's configuration. */
  pbx: string | null;
  trunk: string | null;
  contactId: string | null;
  companyId: string | null;
  now: number;
}

export interface BridgeEvents {
  bridgeId: string;
  /** Id of the bridge's journal: with `seq` an event's identity. */
  journal: string;
  /** In the order of the journal. `slotId` is known of `slot.call` events. */
  events: { seq: number; at: number; slotId: number | null; event: BridgeEvent }[];
}

export interface ClaimStartInput {
  userId: string;
  /** `Idempotency-Key` of the request. */
  key: string;
  /** Of what was asked for: the same key with another request is refused. */
  hash: string;
  now: number;
}

export type ClaimStartResult = { fresh: true } | { fresh: false; same: boolean; answer: string | null };

/** Where a call can be ended or redirected. */
export type CallRoute =
  | { via: 'pbx'; bridgeId: string; pbx: string; linkedid: string; extension: string | null }
  | { via: 'slot'; bridgeId: string; slotId: number }
  | { via: 'phone' };

/** Where a call can be reached; `ended` with nothing to do any more; null as in `call`. */
export type RouteResult = { status: CallStatus; route: CallRoute | null } | null;

export interface RecordingInput {
  bridgeId: string;
  pbx: string;
  uniqueid: string;
  linkedid: string;
  /** Key in R2. */
  blobKey: string;
  sizeBytes: number;
  sha256: string;
  type: string;
  now: number;
}

export interface RecordingView {
  id: string;
  call_id: string;
  size: number;
  type: string;
  /** Hex SHA-256 of the file. */
  sha256: string;
  at: string;
}

export interface CdrView extends CdrRow {
  call_id: string;
}

/** Of a list by time: moments in ms, `to` not included; `before` is `next` of the page before. */
export interface RecordingQuery {
  before?: string;
  limit: number;
  from?: number;
  to?: number;
}

export interface CdrQuery extends RecordingQuery {
  /** Source or destination, all of its digits. */
  number?: string;
}
