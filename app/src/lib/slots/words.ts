import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { HistoryEntry, SlotHolder, SlotStatus } from './model';
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
