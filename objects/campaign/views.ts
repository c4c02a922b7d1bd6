/** What a campaign shows of itself, as the API has it. */
export const AGENT_STATES = ['paused', 'ready', 'offered', 'calling', 'wrap_up'] as const;
export type AgentState = (typeof AGENT_STATES)[number];

export const CAMPAIGN_STATES = ['draft', 'running', 'paused', 'stopped', 'done'] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];

/** `offered`: an agent looks at it. `wrap_up`: its call was answered and the agent still writes. */
export const LEAD_STATES = ['waiting', 'offered', 'calling', 'wrap_up', 'done', 'removed'] as const;
export type LeadState = (typeof LEAD_STATES)[number];

export const ATTEMPT_OUTCOMES = [
  'answered',
  'no_answer',
  'busy',
  'rejected',
  'failed',
  'cancelled',
  'unknown',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** What became of a lead in the end. */
export const LEAD_RESULTS = [...ATTEMPT_OUTCOMES, 'do_not_call', 'skipped'] as const;
export type LeadResult = (typeof LEAD_RESULTS)[number];

/** `checking`: the guard is asked. `starting`: about to be sent. `blocked`: refused by the guard, nothing rang. */
export const ATTEMPT_STATES = [
  'checking',
  'starting',
  'dialling',
  'live',
  'ended',
  'blocked',
  'withdrawn',
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** Why nothing (more) is dialled right now; `dialling`: nothing keeps it. */
export const WHY_CODES = [
  'dialling',
  'draft',
  'paused',
  'stopped',
  'done',
  'not_begun',
  'over',
  'no_leads',
  'waiting_retry',
  'outside_window',
  'number_cap',
  'rate_cap',
  'at_cap',
  'no_agents',
  'agents_busy',
  'by_hand',
  'no_bridge',
  'bridge_offline',
  'no_slot_online',
  'no_free_slot',
  'refused',
  'guard_away',
  'tenant_closed',
] as const;
export type WhyCode = (typeof WHY_CODES)[number];

export interface Why {
  code: WhyCode;
  /** In English, for a log or an API client; screens have their own words for the code. */
  message: string;
  /** When it ends by itself, where that is known. */
  until: string | null;
  /** How many (leads that wait, calls that run, …), where the code has a number. */
  count: number | null;
}

export interface CurrentCall {
  attempt_id: string;
  call_id: string;
  lead_id: string;
  number: string;
  name: string | null;
  status: 'starting' | 'queued' | 'ringing' | 'connected';
  slot: number | null;
  user_id: string | null;
  since: string;
}

export interface AgentPlace {
  user_id: string;
  name: string;
  state: AgentState;
  since: string;
  lead_id: string | null;
}

/** What the pace was decided by. */
export interface Pacing {
  live: number;
  max_concurrent: number;
  started_last_minute: number;
  calls_per_minute: number;
  /** Null: calls of this campaign use no slots. */
  free_slots: number | null;
  slots_online: number | null;
  agents: number;
  ready_agents: number;
  /** When slots were looked at last. */
  at: string | null;
}

export interface CampaignProgress {
  state: CampaignState;
  /** Since when, and by whom (a user's id; null: by itself). */
  since: string | null;
  by: string | null;
  leads: {
    total: number;
    waiting: number;
    /** Of those waiting: called before. */
    retry: number;
    offered: number;
    calling: number;
    wrap_up: number;
    done: number;
    removed: number;
  };
  /** What became of the leads that are done. */
  results: Record<LeadResult, number>;
  attempts: { total: number; blocked: number; by_outcome: Record<AttemptOutcome, number> };
  /** What agents chose at wrap-up. */
  dispositions: Record<string, number>;
  pacing: Pacing;
  current_calls: CurrentCall[];
  agents: AgentPlace[];
  /** Never empty: why nothing (more) is dialled now. */
  why: Why[];
  /** When a lead is due next that is not due now. */
  next_at: string | null;
  /** Grows with every batch of leads that comes in or goes. */
  list_version: number;
}

export interface LeadInput {
  /** E.164; null: what was given is no phone number. */
  number: string | null;
  /** As it was given, for the report. */
  given: string;
  /** Row of the file, or place in the list (from 1). */
  row: number;
  name: string | null;
  time_zone: string | null;
  consent: string | null;
  contact_id: string | null;
  company_id: string | null;
  note: string | null;
  /** On the do-not-call list right now. */
  listed: boolean;
}

export const LEAD_PROBLEMS = [
  'bad_number',
  'duplicate_in_list',
  'duplicate_in_campaign',
  'on_do_not_call_list',
  'bad_time_zone',
  'no_consent',
  'too_long',
  'campaign_full',
] as const;

export interface LeadProblem {
  row: number;
  /** As it was given. */
  number: string;
  problem: (typeof LEAD_PROBLEMS)[number];
}

export interface AddLeadsInput {
  leads: LeadInput[];
  importId: string | null;
  /** Of an import: rows of the file and bytes read so far. */
  rowsRead: number;
  bytesRead: number;
  /** Read the zones of numbers that don't tell theirs by this one. */
  timeZone: string;
  now: number;
}

export interface LeadCounts {
  received: number;
  added: number;
  /** In the list itself or in the campaign already. */
  duplicates: number;
  invalid: number;
  do_not_call: number;
}

/** `cancelled`: the import was called off, nothing of this batch was taken. */
export type AddLeadsResult =
  { ok: true; counts: LeadCounts; problems: LeadProblem[] } | { ok: false; code: 'cancelled' | 'not_found' };

export const IMPORT_STATES = ['waiting', 'running', 'done', 'cancelled', 'failed'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

export interface ImportView {
  id: string;
  state: ImportState;
  file_name: string;
  /** Bytes of the file as announced, and read so far. */
  size: number | null;
  bytes_read: number;
  /** Rows read so far, the header not counted. */
  rows: number;
  added: number;
  duplicates: number;
  invalid: number;
  do_not_call: number;
  /** Leads taken out again when it was called off. */
  undone: number;
  /** Why it failed. */
  error: string | null;
  created_at: string;
  ended_at: string | null;
  by: string;
  /** What the leads that came with it keep as their list's version. */
  list_version: number;
}

export interface LeadView {
  id: string;
  number: string;
  name: string | null;
  state: LeadState;
  result: LeadResult | null;
  attempts: number;
  last_outcome: AttemptOutcome | null;
  last_attempt_at: string | null;
  /** When it is due; null: at once, or never. */
  next_at: string | null;
  /** Every zone it may be in; it is called when it is daytime in all of them. */
  time_zones: string[];
  /** `given` with the lead, `number` by its number, `assumed` for want of better. */
  time_zone_source: 'given' | 'number' | 'assumed';
  /** Clock where it is, now. */
  local_time: string;
  consent: string | null;
  contact_id: string | null;
  company_id: string | null;
  note: string | null;
  disposition: string | null;
  /** What the agent wrote. */
  agent_note: string | null;
  agent_id: string | null;
  list_version: number;
  created_at: string;
}

export interface LeadQuery {
  state?: LeadState | undefined;
  result?: LeadResult | undefined;
  /** Digits of the number, or a part of the name. */
  q?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface OutcomePoint {
  /** Begin of the hour. */
  at: string;
  by_outcome: Partial<Record<AttemptOutcome, number>>;
}
