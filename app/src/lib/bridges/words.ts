import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { BridgePbx, BridgeState, LogLevel, PortState } from './model';

export const stateName: Record<BridgeState, () => string> = {
  online: m.bridges_state_online,
  offline: m.bridges_state_offline,
  new: m.bridges_state_new,
  revoked: m.bridges_state_revoked,
  unknown: m.bridges_state_unknown,
};

export const stateTone: Record<BridgeState, BadgeTone> = {
  online: 'ok',
  offline: 'bad',
  new: 'accent',
  revoked: 'neutral',
  unknown: 'warn',
};

export const portName: Record<PortState, () => string> = {
  empty: m.bridges_port_empty,
  online: m.bridges_port_online,
  unauthorized: m.bridges_port_unauthorized,
  charge_only: m.bridges_port_charge_only,
  hub: m.bridges_port_hub,
  other: m.bridges_port_other,
};

export const portTone: Record<PortState, BadgeTone> = {
  empty: 'neutral',
  online: 'ok',
  unauthorized: 'warn',
  charge_only: 'warn',
  hub: 'accent',
  other: 'neutral',
};

export const levelName: Record<LogLevel, () => string> = {
  info: m.bridges_log_info,
  warn: m.bridges_log_warn,
  error: m.bridges_log_error,
};

export const levelTone: Record<LogLevel, BadgeTone> = { info: 'neutral', warn: 'warn', error: 'bad' };

/** The parts of the bridge that write its log; a newer bridge may have others. */
const parts: Record<string, () => string> = {
  tunnel: m.bridges_part_tunnel,
  asterisk: m.bridges_part_asterisk,
  slots: m.bridges_part_slots,
  host: m.bridges_part_host,
  audit: m.bridges_part_audit,
};

export const partName = (part: string): string => parts[part]?.() ?? part;

/** Whether a PBX can be asked and listened to. */
export const pbxTone = (pbx: BridgePbx): BadgeTone =>
  pbx.ami === 'down' ? 'bad' : pbx.ssh === 'down' ? 'warn' : 'ok';
