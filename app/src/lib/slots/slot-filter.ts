import type { Slot, SlotStatus } from './model';

export interface SlotFilter {
  /** Words, each of which must be somewhere in what names the slot. */
  search: string;
  status: SlotStatus | 'all';
  /** Bridge id, or an empty string for every one. */
  bridge: string;
}

const searched = (slot: Slot): string =>
  [
    `#${slot.id}`,
    slot.label,
    slot.device,
    slot.serial,
    slot.usb,
    slot.trunk,
    slot.bridge.name,
    slot.user?.name,
    slot.user?.username,
    slot.holder?.user?.name,
    slot.holder?.user?.username,
  ]
    .filter(Boolean)
    .join('\n')
    .toLocaleLowerCase();

export function matchesFilter(slot: Slot, { search, status, bridge }: SlotFilter): boolean {
  if (bridge !== '' && slot.bridge.id !== bridge) return false;
  if (status !== 'all' && slot.status !== status) return false;
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = searched(slot);
  return words.every((word) => text.includes(word));
}

/** How many slots have each status. */
export function countByStatus(slots: readonly Slot[]): Record<SlotStatus, number> {
  const counts = { ONLINE: 0, BUSY: 0, OFFLINE: 0, RESTARTING: 0, REBOOTING: 0, UNAUTHORIZED: 0, ERROR: 0 };
  for (const { status } of slots) counts[status] += 1;
  return counts;
}

/** Every bridge that has one of these slots, each once, by name. */
export function bridgesOf(slots: readonly Slot[]): Slot['bridge'][] {
  const known = new Map(slots.map(({ bridge }) => [bridge.id, bridge]));
  return [...known.values()].sort((a, b) => a.name.localeCompare(b.name));
}
