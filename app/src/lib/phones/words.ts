import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { CommandState, PhoneState } from './model';
import type { PhoneOrder } from './phone-list';
import type { Preset } from './periods';

export const stateName: Record<PhoneState, () => string> = {
  polling: m.phones_state_polling,
  recent: m.phones_state_recent,
  asleep: m.phones_state_asleep,
  never: m.phones_state_never,
};

export const stateHint: Record<PhoneState, () => string> = {
  polling: m.phones_state_polling_hint,
  recent: m.phones_state_recent_hint,
  asleep: m.phones_state_asleep_hint,
  never: m.phones_state_never_hint,
};

export const stateTone: Record<PhoneState, BadgeTone> = {
  polling: 'ok',
  recent: 'accent',
  asleep: 'warn',
  never: 'neutral',
};

export const orderName: Record<PhoneOrder, () => string> = {
  urgency: m.phones_order_urgency,
  seen: m.phones_order_seen,
  user: m.phones_order_user,
  name: m.phones_order_name,
};

export const commandStateName: Record<CommandState, () => string> = {
  queued: m.phones_cmd_queued,
  delivered: m.phones_cmd_delivered,
  expired: m.phones_cmd_expired,
  cancelled: m.phones_cmd_cancelled,
  result: m.phones_cmd_result,
};

export const commandStateTone: Record<CommandState, BadgeTone> = {
  queued: 'accent',
  delivered: 'warn',
  expired: 'bad',
  cancelled: 'neutral',
  result: 'ok',
};

export const presetName: Record<Preset, () => string> = {
  today: m.phones_range_today,
  yesterday: m.phones_range_yesterday,
  week: m.phones_range_week,
  month: m.phones_range_month,
  this_month: m.phones_range_this_month,
  last_month: m.phones_range_last_month,
  this_year: m.phones_range_this_year,
};

/** The phone's own words where we know them; a newer app may send others, which show as they are. */
const known: Record<string, () => string> = {
  connected: m.phones_result_connected,
  no_answer: m.phones_result_no_answer,
  busy: m.phones_result_busy,
  rejected: m.phones_result_rejected,
  missed: m.phones_result_missed,
  no_action: m.phones_result_no_action,
  unknown: m.phones_result_unknown,
  outgoing: m.phones_direction_outgoing,
  incoming: m.phones_direction_incoming,
  observer: m.phones_method_observer,
  retry: m.phones_method_retry,
  crm_ui: m.phones_source_crm_ui,
  notification: m.phones_source_notification,
  history: m.phones_source_history,
  manual: m.phones_source_manual,
};

/** A status, direction, method or source in the current language. */
export const phoneWord = (word: string): string => known[word]?.() ?? word.replaceAll('_', ' ');

/** A telemetry or stuck-item type; the set is open, the known ones have names. */
const types: Record<string, () => string> = {
  latency: m.phones_type_latency,
  error: m.phones_type_error,
  poll: m.phones_type_poll,
  call_update: m.phones_type_call_update,
  telemetry: m.phones_type_telemetry,
  logs: m.phones_type_logs,
  heartbeat: m.phones_type_heartbeat,
};

export const typeName = (type: string): string => types[type]?.() ?? type;

export const resultTone = (status: string): BadgeTone =>
  status === 'connected'
    ? 'ok'
    : ['rejected', 'missed', 'no_answer', 'busy'].includes(status)
      ? 'warn'
      : 'neutral';
