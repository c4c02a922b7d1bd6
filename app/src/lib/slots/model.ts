import type { components } from '#lib/api/schema.js';

/** What the screens of slots and scripts show, by the API's own names; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Slot = Schemas['Slot'];
export type SlotDetail = Schemas['SlotDetail'];
export type SlotStatus = Slot['status'];
export type SlotMetrics = Schemas['SlotMetrics'];
export type SlotHolder = Schemas['SlotHolder'];
export type SlotConfig = Schemas['SlotConfig'];
export type SlotChange = Schemas['SlotChange'];
export type SlotCommand = Schemas['SlotCommand'];
export type HistoryEntry = Schemas['SlotHistory']['items'][number];
export type SlotSamples = Schemas['SlotSamples'];
export type Sample = SlotSamples['items'][number];
/** What a step holds is the editor's business: here it only says what it does. */
export type StoredScript = Omit<Schemas['StoredScript'], 'steps'> & { steps: readonly { do: string }[] };
export type ScriptInput = Schemas['Script'];
export type Run = Schemas['ScriptRun'];
export type RunStep = Run['steps'][number];
export type Hub = Schemas['MonitorHub'];
export type Bridge = Schemas['Bridge'];

/** What needs a hand first, then what works, then what comes back by itself. */
export const SLOT_STATUSES = [
  'ONLINE',
  'BUSY',
  'UNAUTHORIZED',
  'ERROR',
  'RESTARTING',
  'REBOOTING',
  'OFFLINE',
] as const satisfies readonly SlotStatus[];

/** What a slot is called on screen, never nothing. */
export const slotName = (slot: Pick<Slot, 'label' | 'device' | 'id'>): string => slot.label || slot.device;

/** A phone that answers commands now, whoever has it. */
export const isReachable = (slot: Pick<Slot, 'status'>): boolean =>
  slot.status === 'ONLINE' || slot.status === 'BUSY';
