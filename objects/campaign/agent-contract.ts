/** An agent's place in a campaign: joined, ready, looking at a lead, calling, writing up. */
import type { AgentState, LeadView, Why } from './views';

export interface AgentJoin {
  userId: string;
  name: string;
  now: number;
}

/**
 * `next` asks for a lead (in manual mode, or a certain one), `call` dials the lead that is offered, `skip` gives it
 * back, `wrap_up` ends the writing up.
 */
export type AgentInput =
  | { do: 'ready' | 'pause' | 'leave' | 'call' }
  | { do: 'next'; leadId: string | null }
  | { do: 'skip'; laterMinutes: number | null; reason: string | null }
  | { do: 'wrap_up'; disposition: string | null; note: string | null; callbackAt: number | null };

/** Why the last thing asked for did not happen. */
export const AGENT_NOTICES = [
  'no_lead',
  'do_not_call',
  'number_cap',
  'outside_window',
  'rate_cap',
  'at_cap',
  'no_free_slot',
  'refused',
  'not_running',
  'preview_over',
  'away',
] as const;

export interface AgentNotice {
  code: (typeof AGENT_NOTICES)[number];
  message: string;
}

export interface AgentSession {
  campaign_id: string;
  campaign: string;
  mode: 'manual' | 'preview' | 'progressive';
  via: 'slot' | 'phone' | 'pbx';
  campaign_state: 'draft' | 'running' | 'paused' | 'stopped' | 'done';
  state: AgentState;
  since: string;
  /** When the state ends by itself: a look at a lead, or the writing up. */
  until: string | null;
  /** Whether the agent pauses after this call. */
  pause_after: boolean;
  lead: LeadView | null;
  call_id: string | null;
  /** What may be chosen at wrap-up. */
  dispositions: string[];
  notice: AgentNotice | null;
  /** Why no call comes; empty while one does. */
  why: Why[];
  calls_today: number;
}

/** `not_joined`; `wrong_state`: not from the state it is in; `not_allowed`: the campaign has other agents. */
export type AgentAnswer =
  | { ok: true; session: AgentSession | null }
  | { ok: false; code: 'not_joined' | 'wrong_state' | 'not_allowed' | 'no_such_lead' | 'bad_disposition' };
