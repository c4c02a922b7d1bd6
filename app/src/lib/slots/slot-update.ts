import type { Slot } from './model';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const STATUSES: readonly Slot['status'][] = [
  'ONLINE',
  'BUSY',
  'OFFLINE',
  'RESTARTING',
  'REBOOTING',
  'UNAUTHORIZED',
  'ERROR',
];
const HOLDERS = ['call', 'script', 'command', 'user'] as const;

function personOf(value: unknown): Slot['user'] {
  if (!isRecord(value) || typeof value.id !== 'string' || typeof value.username !== 'string') return null;
  return { id: value.id, username: value.username, name: text(value.name) ?? value.username };
}

function holderOf(value: unknown): Slot['holder'] {
  if (!isRecord(value)) return null;
  const kind = HOLDERS.find((one) => one === value.kind);
  const id = text(value.id);
  if (kind === undefined || id === null) return null;
  return { kind, id, user: personOf(value.user), until: text(value.until) };
}

/** Number of the slot that a `slot.update` of the feed is about; null for what is none. */
export const slotIdOf = (data: unknown): number | null =>
  isRecord(data) && typeof data.slot === 'number' ? data.slot : null;

/**
 * A slot as a `slot.update` tells it: its state is new, its readings and its bridge stay, for the feed does not carry
 * them. Null when it says nothing of this slot that can be understood.
 */
export function updated<T extends Slot>(slot: T, data: unknown): T | null {
  if (!isRecord(data) || slotIdOf(data) !== slot.id) return null;
  const status = STATUSES.find((one) => one === data.status);
  if (status === undefined) return null;
  return {
    ...slot,
    status,
    remedy: text(data.remedy),
    device: text(data.device) ?? slot.device,
    label: text(data.label),
    user: personOf(data.user),
    trunk: text(data.trunk),
    call_id: text(data.call_id),
    holder: holderOf(data.holder),
    last_activity: text(data.last_activity),
    idle_since: text(data.idle_since),
    usb: text(data.usb),
  };
}
