/** The API's objects by the names the screens use. */

export type CallDirection = 'in' | 'out' | 'internal';
export type CallStatus = 'queued' | 'ringing' | 'connected' | 'ended';
export type CallOutcome = 'answered' | 'no_answer' | 'busy' | 'rejected' | 'failed' | 'cancelled';

export interface CallUser {
  id: string;
  username: string;
  name: string;
}

/** A call as the feed and the live socket tell it. Times are ISO 8601 in UTC, `duration` is seconds of talk. */
export interface Call {
  call_id: string;
  source: 'phone' | 'pbx';
  direction: CallDirection;
  number: string;
  user: CallUser | null;
  extension: string | null;
  status: CallStatus;
  outcome: CallOutcome | null;
  start_time: string;
  answer_time: string | null;
  end_time: string | null;
  duration: number | null;
  device: { id: string; name: string; simulator: boolean } | null;
  /** USB slot of a bridge. */
  slot: number | null;
  trunk: string | null;
  contact_id: string | null;
  company_id: string | null;
  note_count: number;
}

/** When a state was reached and on whose word: `phone`, `pbx`, `timer`, `user:<id>`. */
export interface CallStateEntry {
  state: CallStatus;
  at: string;
  by: string;
}

export interface CallDetail extends Call {
  states: CallStateEntry[];
}

export interface Note {
  id: string;
  call_id: string;
  text: string;
  timestamp: string;
  edited: string | null;
  user: CallUser;
}

/** One of the signed-in user's Android phones. `state`: a poll is parked now, seen within 2 minutes, longer ago, never. */
export interface Phone {
  id: string;
  device_id: string;
  name: string;
  simulator: boolean;
  state: 'polling' | 'recent' | 'asleep' | 'never';
  last_seen_at: string | null;
  queue_stuck: boolean;
  stuck_count: number;
  pending_commands: number;
}

export interface Identity {
  user: CallUser;
  role: string;
  /** What the user may do: names such as `call.start`. */
  actions: string[];
  tenant: { id: string; name: string; time_zone: string; country: string };
}

/** One of the user's sign-ins. */
export interface SignIn {
  id: string;
  kind: 'browser' | 'api' | 'phone';
  created_at: string;
  last_used_at: string;
  expires_at: string | null;
  user_agent: string | null;
  address: string | null;
  /** The one this browser holds. */
  current: boolean;
}
