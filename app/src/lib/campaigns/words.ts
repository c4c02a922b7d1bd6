import { refusalText } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { FieldProblem } from './campaign-fields';
import type {
  AgentSession,
  AgentState,
  AttemptOutcome,
  AttemptState,
  CampaignMode,
  CampaignState,
  CampaignVia,
  ImportState,
  LeadProblemCode,
  LeadResult,
  Lead,
  LeadState,
  WhyCode,
} from './model';

export const STATE: Record<CampaignState, { text: () => string; tone: BadgeTone }> = {
  draft: { text: m.camp_state_draft, tone: 'neutral' },
  running: { text: m.camp_state_running, tone: 'ok' },
  paused: { text: m.camp_state_paused, tone: 'warn' },
  stopped: { text: m.camp_state_stopped, tone: 'neutral' },
  done: { text: m.camp_state_done, tone: 'accent' },
};

export const modeName: Record<CampaignMode, () => string> = {
  progressive: m.camp_mode_progressive,
  preview: m.camp_mode_preview,
  manual: m.camp_mode_manual,
};

export const modeHint: Record<CampaignMode, () => string> = {
  progressive: m.camp_mode_progressive_hint,
  preview: m.camp_mode_preview_hint,
  manual: m.camp_mode_manual_hint,
};

export const viaName: Record<CampaignVia, () => string> = {
  slot: m.camp_via_slot,
  phone: m.camp_via_phone,
  pbx: m.camp_via_pbx,
};

export const RESULT: Record<LeadResult, { text: () => string; tone: BadgeTone }> = {
  answered: { text: m.outcome_answered, tone: 'ok' },
  no_answer: { text: m.outcome_no_answer, tone: 'neutral' },
  busy: { text: m.outcome_busy, tone: 'warn' },
  rejected: { text: m.outcome_rejected, tone: 'bad' },
  failed: { text: m.outcome_failed, tone: 'bad' },
  cancelled: { text: m.outcome_cancelled, tone: 'neutral' },
  unknown: { text: m.outcome_unknown, tone: 'neutral' },
  do_not_call: { text: m.camp_result_do_not_call, tone: 'bad' },
  skipped: { text: m.camp_result_skipped, tone: 'neutral' },
};

/** In the order people look for them. */
export const RESULTS = Object.keys(RESULT) as LeadResult[];
export const OUTCOMES = RESULTS.filter(
  (one): one is AttemptOutcome => one !== 'do_not_call' && one !== 'skipped',
);

export const LEAD_STATE: Record<LeadState, { text: () => string; tone: BadgeTone }> = {
  waiting: { text: m.camp_lead_waiting, tone: 'neutral' },
  offered: { text: m.camp_lead_offered, tone: 'accent' },
  calling: { text: m.camp_lead_calling, tone: 'warn' },
  wrap_up: { text: m.camp_lead_wrap_up, tone: 'accent' },
  done: { text: m.camp_lead_done, tone: 'ok' },
  removed: { text: m.camp_lead_removed, tone: 'neutral' },
};
export const LEAD_STATES = Object.keys(LEAD_STATE) as LeadState[];

export const ATTEMPT_STATE: Record<AttemptState, { text: () => string; tone: BadgeTone }> = {
  checking: { text: m.camp_attempt_checking, tone: 'neutral' },
  starting: { text: m.camp_attempt_starting, tone: 'neutral' },
  dialling: { text: m.camp_attempt_dialling, tone: 'warn' },
  live: { text: m.camp_attempt_live, tone: 'ok' },
  ended: { text: m.camp_attempt_ended, tone: 'neutral' },
  blocked: { text: m.camp_attempt_blocked, tone: 'bad' },
  withdrawn: { text: m.camp_attempt_withdrawn, tone: 'neutral' },
};

export const AGENT_STATE: Record<AgentState, { text: () => string; tone: BadgeTone }> = {
  paused: { text: m.camp_agent_paused, tone: 'warn' },
  ready: { text: m.camp_agent_ready, tone: 'ok' },
  offered: { text: m.camp_agent_offered, tone: 'accent' },
  calling: { text: m.camp_agent_calling, tone: 'ok' },
  wrap_up: { text: m.camp_agent_wrap_up, tone: 'accent' },
};

export const IMPORT_STATE: Record<ImportState, { text: () => string; tone: BadgeTone }> = {
  waiting: { text: m.camp_import_waiting, tone: 'neutral' },
  running: { text: m.camp_import_running, tone: 'warn' },
  done: { text: m.camp_import_done, tone: 'ok' },
  cancelled: { text: m.camp_import_cancelled, tone: 'neutral' },
  failed: { text: m.camp_import_failed, tone: 'bad' },
};

export const problemText: Record<LeadProblemCode, () => string> = {
  bad_number: m.camp_problem_bad_number,
  duplicate_in_list: m.camp_problem_duplicate_in_list,
  duplicate_in_campaign: m.camp_problem_duplicate_in_campaign,
  on_do_not_call_list: m.camp_problem_on_do_not_call_list,
  bad_time_zone: m.camp_problem_bad_time_zone,
  no_consent: m.camp_problem_no_consent,
  too_long: m.camp_problem_too_long,
  campaign_full: m.camp_problem_campaign_full,
};

type Counted = (inputs: { count: string }) => string;

/** What a reason is called; those that have a number say it. */
export const WHY: Record<WhyCode, Counted> = {
  dialling: m.camp_why_dialling,
  draft: m.camp_why_draft,
  paused: m.camp_why_paused,
  stopped: m.camp_why_stopped,
  done: m.camp_why_done,
  not_begun: m.camp_why_not_begun,
  over: m.camp_why_over,
  no_leads: m.camp_why_no_leads,
  waiting_retry: m.camp_why_waiting_retry,
  outside_window: m.camp_why_outside_window,
  number_cap: m.camp_why_number_cap,
  rate_cap: m.camp_why_rate_cap,
  at_cap: m.camp_why_at_cap,
  no_agents: m.camp_why_no_agents,
  agents_busy: m.camp_why_agents_busy,
  by_hand: m.camp_why_by_hand,
  no_bridge: m.camp_why_no_bridge,
  bridge_offline: m.camp_why_bridge_offline,
  no_slot_online: m.camp_why_no_slot_online,
  no_free_slot: m.camp_why_no_free_slot,
  refused: m.camp_why_refused,
  guard_away: m.camp_why_guard_away,
  tenant_closed: m.camp_why_tenant_closed,
};

export const viaHint: Record<CampaignVia, () => string> = {
  slot: m.camp_via_slot_hint,
  phone: m.camp_via_phone_hint,
  pbx: m.camp_via_pbx_hint,
};

/** Where a lead's time zone is known from. */
export const ZONE_SOURCE: Record<Lead['time_zone_source'], () => string> = {
  given: m.camp_zone_given,
  number: m.camp_zone_number,
  assumed: m.camp_zone_assumed,
};

const REASON: Record<string, () => string> = {
  listed: m.camp_reason_do_not_call,
  capped: m.camp_reason_number_cap,
};

/** Why an attempt came to nothing: what the guard said, what a bridge refused, else the server's own words. */
export function reasonText(reason: string): string {
  const [, code, words = ''] = /^([A-Z_]+): (.*)$/s.exec(reason) ?? [];
  if (code !== undefined) return refusalText({ code, words });
  return REASON[reason]?.() ?? reason;
}

/** What is wrong with a field of the form. */
export function formProblemText(problem: FieldProblem): string {
  switch (problem.code) {
    case 'empty':
      return m.camp_bad_empty();
    case 'range':
      return m.camp_bad_range({ min: problem.min, max: problem.max });
    case 'no_days':
      return m.camp_bad_no_days();
    case 'order':
      return m.camp_bad_order();
    case 'moment':
      return m.camp_bad_moment();
    case 'too_many':
      return m.camp_bad_too_many();
    case 'too_long':
      return m.camp_bad_too_long();
    case 'zone':
      return m.camp_bad_zone();
    case 'trunk':
      return m.camp_bad_trunk();
  }
}

type Notice = NonNullable<AgentSession['notice']>;
const NOTICE: Record<Notice['code'], () => string> = {
  no_lead: m.agent_notice_no_lead,
  do_not_call: m.agent_notice_do_not_call,
  number_cap: m.agent_notice_number_cap,
  outside_window: m.agent_notice_outside_window,
  rate_cap: m.agent_notice_rate_cap,
  at_cap: m.agent_notice_at_cap,
  no_free_slot: m.agent_notice_no_free_slot,
  refused: m.agent_notice_refused,
  not_running: m.agent_notice_not_running,
  preview_over: m.agent_notice_preview_over,
  away: m.agent_notice_away,
};

/** Why what an agent asked for did not happen. */
export const noticeText = ({ code, message }: Notice): string =>
  code === 'refused' ? `${NOTICE.refused()} ${reasonText(message)}` : NOTICE[code]();
