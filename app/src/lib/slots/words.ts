import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import { SLOT_STATUSES, type HistoryEntry, type SlotHolder, type SlotStatus } from './model';
import type { HealthReading } from './readings';

export const statusName: Record<SlotStatus, () => string> = {
  ONLINE: m.slots_status_online,
  BUSY: m.slots_status_busy,
  OFFLINE: m.slots_status_offline,
  RESTARTING: m.slots_status_restarting,
  REBOOTING: m.slots_status_rebooting,
  UNAUTHORIZED: m.slots_status_unauthorized,
  ERROR: m.slots_status_error,
};

/** The server's own phrases in a slot's history, which are in English. */
const phrases: Record<string, () => string> = {
  reboot: m.slots_reboot,
  restart: m.slots_restart,
  reserved: m.slots_did_reserved,
  freed: m.slots_did_freed,
  'freed by force': m.slots_did_forced,
  'the reservation is over': m.slots_did_over,
  'free again': m.slots_did_free_again,
  'call: dialled': m.slots_did_dialled,
  'call: ringing': m.status_ringing,
  'call: active': m.status_connected,
  'call: answered': m.outcome_answered,
  'call: no_answer': m.outcome_no_answer,
  'call: busy': m.outcome_busy,
  'call: rejected': m.outcome_rejected,
  'call: failed': m.outcome_failed,
  'call: cancelled': m.outcome_cancelled,
  'call: ended': m.status_ended,
};

const runPhrases: Record<string, () => string> = {
  started: m.scripts_run_started,
  ok: m.scripts_run_ok,
  failed: m.scripts_run_failed,
  stopped: m.scripts_run_stopped,
};

/** An entry of the history in the reader's language; what is not known shows in the server's words. */
export function eventText(text: string): string {
  const status = SLOT_STATUSES.find((one) => one === text);
  if (status) return statusName[status]();
  const [, script = '', end = ''] = /^script (\S+): (\w+)$/.exec(text) ?? [];
  const ended = runPhrases[end];
  if (ended) return `${script}: ${ended()}`;
  return phrases[text]?.() ?? text.replace(/^command: /, '');
}

/** What the status means and what to do about it. */
export const statusHint: Record<SlotStatus, () => string> = {
  ONLINE: m.slots_hint_online,
  BUSY: m.slots_hint_busy,
  OFFLINE: m.slots_hint_offline,
  RESTARTING: m.slots_hint_restarting,
  REBOOTING: m.slots_hint_rebooting,
  UNAUTHORIZED: m.slots_hint_unauthorized,
  ERROR: m.slots_hint_error,
};

export const statusTone: Record<SlotStatus, BadgeTone> = {
  ONLINE: 'ok',
  BUSY: 'accent',
  OFFLINE: 'neutral',
  RESTARTING: 'warn',
  REBOOTING: 'warn',
  UNAUTHORIZED: 'bad',
  ERROR: 'bad',
};

/** Somebody has to do something at the phone. */
export const needsHand = (status: SlotStatus): boolean => status === 'UNAUTHORIZED' || status === 'ERROR';

const holders: Record<SlotHolder['kind'], () => string> = {
  call: m.slots_holder_call,
  script: m.slots_holder_script,
  command: m.slots_holder_command,
  user: m.slots_holder_user,
};
export const holderName = (kind: SlotHolder['kind']): string => holders[kind]();

export const historyName: Record<HistoryEntry['kind'], () => string> = {
  status: m.slots_history_status,
  call: m.slots_history_call,
  script: m.slots_history_script,
  command: m.slots_history_command,
  hold: m.slots_history_hold,
};

const fields: Record<string, () => string> = {
  battery: m.slots_battery,
  temperature: m.slots_temperature,
  signal: m.slots_signal,
  cpu: m.slots_cpu,
  ram: m.slots_ram,
  storage: m.slots_storage,
  latency_ms: m.slots_latency,
  latency: m.slots_latency,
  network: m.slots_network,
};
/** Name of a reading. */
export const readingName = (field: string): string => fields[field]?.() ?? field;

const percent = () => '%';
/** What stands behind the number, its space included. */
export const unitOf: Record<HealthReading, () => string> = {
  battery: percent,
  temperature: m.slots_unit_celsius,
  signal: m.slots_unit_dbm,
  cpu: percent,
  ram: percent,
  storage: percent,
  latency_ms: m.phones_unit_ms,
};
