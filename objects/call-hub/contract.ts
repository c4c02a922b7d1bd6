/**
 * What other rooms and objects may ask of a CallHub: one object per tenant (named by the tenant's id), the only
 * writer of that tenant's calls, live feed, notes and call counters. Times inside are milliseconds since the
 * epoch, what clients see is ISO 8601 in UTC. Expected refusals are results with `ok: false`; a throw is a bug or
 * an unreachable object and may be retried.
 */
import {
  CALL_DIRECTIONS,
  CALL_OUTCOMES,
  CALL_SOURCES,
  CALL_STATUSES,
  type CallDirection,
  type CallOutcome,
  type CallSource,
  type CallStatus,
  type Viewer,
} from './call-status';
import type { PhoneEvent } from '../phone-queue/contract';
import type {
  BridgeEvents,
  CdrQuery,
  CdrView,
  ClaimStartInput,
  ClaimStartResult,
  RecordingInput,
  RecordingQuery,
  RecordingView,
  RouteResult,
  StartCallInput,
} from './bridge-contract';
import type { CallersHub } from './callers-contract';
import type { CrmHub } from './crm/contract';
import type { DayCounters, HistoryPosition, HistoryQuery, HubGauges } from './history-contract';
import type { LiveHub } from './live-contract';
import type { WatchInput } from './watch-contract';

export type * from './bridge-contract';
export type * from './watch-contract';
export type * from './history-contract';
export type * from './live-contract';
export type { FeedEvent } from './feed-events';

export { CALL_DIRECTIONS, CALL_OUTCOMES, CALL_SOURCES, CALL_STATUSES };
export type { CallDirection, CallOutcome, CallSource, CallStatus, Viewer };

export interface CallUser {
  id: string;
  username: string;
  name: string;
}

export interface CallDevice {
  /** `devices.id`. */
  id: string;
  name: string;
  /** Our own protocol simulator: no screen may show it as a phone. */
  simulator: boolean;
}

/** A call as every client sees it: answers of the API, rows of the feed, `data` of a `call.update`. */
export interface CallView {
  call_id: string;
  source: CallSource;
  direction: CallDirection;
  /** E.164 where it is an outside number, the digits as they came where it is not. */
  number: string;
  /** Whose call it is, as soon as that is known; of an incoming call the one who answered. */
  user: CallUser | null;
  extension: string | null;
  status: CallStatus;
  /** Null until the call ended, and afterwards where nothing says how. */
  outcome: CallOutcome | null;
  start_time: string;
  answer_time: string | null;
  end_time: string | null;
  /** Talk seconds; null until the call ended, and where it was answered at an unknown moment. */
  duration: number | null;
  device: CallDevice | null;
  /** USB slot of a bridge; null for every call that ran over none. */
  slot: number | null;
  trunk: string | null;
  contact_id: string | null;
  company_id: string | null;
  note_count: number;
  /** Recordings that can be listened to. */
  recording_count: number;
}

/** A recording with the call it is of. */
export interface RecordedCall {
  recording: RecordingView;
  call: CallView;
}

/** When a state was reached and on whose word: `phone`, `pbx`, `timer`, `user:<id>`. */
export interface CallStateEntry {
  state: CallStatus;
  at: string;
  by: string;
}

export interface CallDetail extends CallView {
  /** In the order of the states, each at most once. */
  states: CallStateEntry[];
}

/** Events of an Asterisk host that say something about calls; any other is acknowledged and forgotten. */
export const PBX_EVENTS = [
  'start',
  'dial',
  'bridge',
  'bridge_create',
  'bridge_leave',
  'bridge_destroy',
  'new_callerid',
  'hangup',
] as const;

export interface IngestPbxInput {
  /** Last segment of the path the PBX posted to. */
  event: string;
  /** The parsed JSON body; its token has been read and may have been removed. */
  body: Record<string, unknown>;
  receivedAt: number;
  /** Drop a dial or hangup of a channel that told of one this many ms before, whatever else it says. */
  windowMs?: number;
}

/** Always acknowledged: `ignored` events are of a kind or content that says nothing about a call. */
export interface IngestPbxResult {
  ok: true;
  duplicate?: true;
  ignored?: true;
}

export interface FeedQuery {
  viewer: Viewer;
  /** `<epoch>:<offset>` of an earlier answer: only calls changed since then. */
  since?: string | null;
  /** How many ended calls to add to the live ones, newest first; 0–200. */
  recent?: number;
}

export interface FeedPage {
  calls: CallView[];
  /** Give it as `since` next time. */
  cursor: string;
  /** The history does not reach back to `since`: `calls` is the whole picture, not a change of it. */
  reset: boolean;
}

export interface NoteView {
  id: string;
  call_id: string;
  text: string;
  timestamp: string;
  /** Set when the text was changed afterwards. */
  edited: string | null;
  user: CallUser;
}

export interface AddNoteInput {
  callId: string;
  viewer: Viewer;
  text: string;
  now: number;
}

export interface ChangeNoteInput {
  noteId: string;
  viewer: Viewer;
  text: string;
  now: number;
}

/** `not_found`: no such call or note, or one this viewer may not see; `not_yours`: written by someone else. */
/** `before`: what it said until now. */
export type ChangeNoteResult =
  { ok: true; note: NoteView; before: string } | { ok: false; code: 'not_found' | 'not_yours' };
export type NoteResult =
  { ok: true; note: NoteView } | { ok: false; code: 'not_found' | 'not_yours' | 'too_many' };
/** `before`: what it said. */
export type DeleteNoteResult = { ok: true; before: string } | { ok: false; code: 'not_found' | 'not_yours' };

export interface PhoneStatsQuery {
  /** First and last day, `YYYY-MM-DD` of the tenant's own calendar, both included. */
  from: string;
  to: string;
  by: 'day' | 'month';
  /** One manager; absent: all. */
  userId?: string | null;
}

/** One manager in one period. Counts are calls with a result from a phone. */
export interface PhoneStatsRow {
  /** `YYYY-MM-DD` or `YYYY-MM`. */
  period: string;
  user: CallUser;
  total: number;
  connected: number;
  /** Connected out of total, 0–1; null of no calls. */
  connect_rate: number | null;
  talk_seconds: number;
  /** Per connected call; null when there was none. */
  average_talk_seconds: number | null;
  by_status: Record<string, number>;
  by_direction: Record<string, number>;
  by_method: Record<string, number>;
  by_source: Record<string, number>;
}

export interface PhoneStats {
  /** IANA zone whose days these are. */
  time_zone: string;
  rows: PhoneStatsRow[];
}

/** Name of the header in which the Worker hands the subscriber (JSON) to `fetch('/live')`. */
export const SUBSCRIBER_HEADER = 'x-live-subscriber';
/** Path of `fetch` on which a front that holds live sockets listens: relay-frames.ts. */
export const RELAY_PATH = '/relay';

export interface CallHubApi extends Rpc.DurableObjectBranded, CallersHub, CrmHub, LiveHub {
  /**
   * `https://call-hub/live?epoch=&offset=` with an upgrade and the header above, for `worker/platform/live.ts` alone;
   * `https://call-hub/relay` for `worker/front-entry.ts` alone.
   */
  fetch(request: Request): Promise<Response>;
  /** Stores changes of phone commands; at-least-once, in any order, de-duplicated by `id`. Returns when durable. */
  ingestPhone(events: PhoneEvent[]): Promise<void>;
  /** Stores one PBX event and what follows from it in one transaction. Returns when durable. */
  ingestPbx(input: IngestPbxInput): Promise<IngestPbxResult>;
  /** Stores what a bridge tells of calls, once per event; other kinds are ignored. Returns when durable. */
  ingestBridge(input: BridgeEvents): Promise<void>;
  /** The campaign is told how this call goes, from what is known of it now on. Idempotent. */
  watchCall(input: WatchInput): Promise<void>;
  /** Asked again for the same call, it fills in what was not known before. */
  startCall(input: StartCallInput): Promise<CallView>;
  /**
   * Makes a start safe to repeat: the first of a user's starts with this key is `fresh`, later ones within 24 h get
   * what it was answered. `answer` null: it is still going on.
   */
  claimStart(input: ClaimStartInput): Promise<ClaimStartResult>;
  /** Keeps the answer of a claimed start; null after a refusal: the key is free again. */
  settleStart(input: { userId: string; key: string; answer: string | null }): Promise<void>;
  /** The user's own extension by the hub's copy of the directory; of several the lowest. */
  extensionOf(userId: string): Promise<string | null>;
  /** The start of a call was refused before anything rang. */
  failCall(input: { callId: string; reason: string; now: number }): Promise<void>;
  /** Somebody is about to end a call of a PBX: one that nobody had answered yet was cancelled, it did not fail. */
  endAsked(input: { callId: string; now: number }): Promise<void>;
  route(callId: string, viewer: Viewer): Promise<RouteResult>;
  /** The viewer's calls that have these linkedids, by linkedid; others are left out. */
  callIdsOf(linkedids: string[], viewer: Viewer): Promise<Record<string, string>>;
  /** CDR rows of a call, oldest first; null as in `call`. */
  cdr(callId: string, viewer: Viewer): Promise<CdrView[] | null>;
  /** CDR rows of the tenant, newest first. */
  cdrPage(query: CdrQuery): Promise<{ rows: CdrView[]; next: string | null }>;
  addRecording(input: RecordingInput): Promise<void>;
  /** Null as in `call`. */
  recordings(callId: string, viewer: Viewer): Promise<RecordingView[] | null>;
  /** Recordings of the tenant with their calls, newest first. */
  recordingPage(query: RecordingQuery): Promise<{ items: RecordedCall[]; next: string | null }>;
  /** R2 key of a recording, null as in `call`. */
  recordingBlob(
    callId: string,
    recordingId: string,
    viewer: Viewer,
  ): Promise<{ key: string; type: string } | null>;
  feed(query: FeedQuery): Promise<FeedPage>;
  /** Null: no such call, or not this viewer's. */
  call(callId: string, viewer: Viewer): Promise<CallDetail | null>;
  addNote(input: AddNoteInput): Promise<NoteResult>;
  changeNote(input: ChangeNoteInput): Promise<ChangeNoteResult>;
  deleteNote(input: Omit<ChangeNoteInput, 'text'>): Promise<DeleteNoteResult>;
  /** Oldest first; null as in `call`. */
  notes(callId: string, viewer: Viewer): Promise<NoteView[] | null>;
  phoneStats(query: PhoneStatsQuery): Promise<PhoneStats>;
  /** Calls by their start, newest first. What it costs does not grow with the history. */
  history(query: HistoryQuery): Promise<{ calls: CallView[]; next: HistoryPosition | null }>;
  /** Calls of one of the tenant's own days, counted as they come; today's when `day` is absent. */
  dayCounters(query: { day?: string; now: number }): Promise<DayCounters>;
  /** What the operator of the deployment watches. */
  gauges(now: number): Promise<HubGauges>;
  /** A user's name, extension or device, or the tenant's time zone changed in D1: the hub's copy is read anew. */
  userChanged(userId: string): Promise<void>;
  /** Extensions, devices or the tenant row changed. */
  directoryChanged(): Promise<void>;
}
