import type { SlotState } from '../bridge-link/contract';
import type { Names } from './view';

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** `data` of a `slot.update`: the API's slot without its readings and its bridge's name, and its id as `slot` too. */
export const slotUpdateOf = (slot: SlotState, names: Names) => ({
  slot: slot.id,
  id: slot.id,
  status: slot.status,
  remedy: slot.remedy,
  device: slot.model ?? slot.key,
  label: slot.label,
  user: slot.userId === null ? null : names.user(slot.userId),
  trunk: slot.trunk,
  call_id: slot.callId,
  holder: slot.holder && {
    kind: slot.holder.kind,
    id: slot.holder.id,
    user: slot.holder.userId === null ? null : names.user(slot.holder.userId),
  },
  last_activity: iso(slot.lastActivity),
  idle_since: iso(slot.idleSince),
  usb: slot.usb,
  bridge_id: slot.bridgeId,
});
