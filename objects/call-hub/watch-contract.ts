/** What CallHub tells an object that watches calls. */
import type { CallOutcome, CallStatus } from './call-status';

export interface WatchInput {
  callId: string;
  /** Id of the campaign that is told how the call goes. */
  campaignId: string;
  now: number;
}

/** One change of a watched call; the newest says everything the ones before it did. */
export interface CallWatchEvent {
  /** Told again until it is taken, under the same id. */
  id: string;
  callId: string;
  status: CallStatus;
  outcome: CallOutcome | null;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  talkSec: number | null;
  slotId: number | null;
  userId: string | null;
}
