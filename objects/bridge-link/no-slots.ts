import type { LinkRefusal, SlotState } from './contract';
import type { SlotPart } from './parts';

const refusal: LinkRefusal = { ok: false, code: 'NOT_FOUND', message: 'this bridge has no slots' };
const refused = (): Promise<LinkRefusal> => Promise.resolve(refusal);
const none = (): Promise<null> => Promise.resolve(null);
const nothing = (): void => undefined;

/** A bridge without slots. Events of slots are not stored: they stay in the bridge's journal. */
export const noSlots = (): SlotPart => ({
  slots: () => Promise.resolve<SlotState[]>([]),
  slot: none,
  samples: () => Promise.resolve([]),
  slotHistory: () => Promise.resolve([]),
  freeSlot: refused,
  hold: refused,
  release: () => Promise.resolve(),
  startSlotCall: refused,
  endSlotCall: refused,
  restartSlot: refused,
  rebootSlot: refused,
  startCommand: refused,
  command: none,
  commands: () => Promise.resolve([]),
  screen: refused,
  startScript: refused,
  stopScript: refused,
  script: none,
  scripts: () => Promise.resolve([]),
  prepare: () => Promise.resolve(),
  idOf: () => null,
  apply: nothing,
  told: () => Promise.resolve(),
  readings: nothing,
  screenshot: nothing,
  tunnel: nothing,
  finished: nothing,
  counts: () => ({ total: 0, online: 0 }),
  configChanged: () => Promise.resolve(),
  onTimer: nothing,
});
