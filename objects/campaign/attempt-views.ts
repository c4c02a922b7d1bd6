/** Attempts as the API has them, with what each was decided by. */
import type { AttemptOutcome, AttemptState, Pacing } from './views';

/** What an attempt was decided by, kept as it was at that moment. */
export interface Evidence {
  /** Clock and day at the lead, in each zone it may be in. */
  local_times: { time_zone: string; local: string }[];
  time_zone_source: 'given' | 'number' | 'assumed';
  window: { days: number[]; from: string; to: string } | null;
  consent: string | null;
  list_version: number;
  campaign_version: number;
  dnc: { listed: boolean; version: number; checked_at: string } | null;
  number_cap: { calls_today: number; cap: number | null; day: string } | null;
  pacing: Pacing;
}

export interface AttemptView {
  id: string;
  lead_id: string;
  number: string;
  name: string | null;
  /** Which attempt at this lead, from 1. */
  n: number;
  call_id: string;
  state: AttemptState;
  outcome: AttemptOutcome | null;
  /** Why it came to nothing, of a blocked or withdrawn one. */
  reason: string | null;
  via: 'slot' | 'phone' | 'pbx';
  slot: number | null;
  user_id: string | null;
  /** When it was decided, and when the call was sent off. */
  created_at: string;
  started_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  talk_seconds: number | null;
  evidence: Evidence;
}

export interface AttemptQuery {
  leadId?: string | undefined;
  outcome?: AttemptOutcome | undefined;
  state?: AttemptState | undefined;
  cursor?: string | undefined;
  limit: number;
}
