/** Who may do something on a slot: the newest holder only, and one call or script at a time. */
import { Refusal } from '../part.ts';
import type { CallWatcher } from './calls/watcher.ts';
import type { Registry } from './registry.ts';
import type { Slot } from './slot.ts';
import type { SlotStore } from './store.ts';

export class Occupancy {
  readonly #registry: Registry;
  readonly #store: SlotStore;
  readonly #calls: CallWatcher;
  /** Slots with a call being started or a script going on: key to what it is, in words. */
  readonly #taken = new Map<string, string>();

  constructor(registry: Registry, store: SlotStore, calls: CallWatcher) {
    this.#registry = registry;
    this.#store = store;
    this.#calls = calls;
  }

  /**
   * The slot, for a command of the holder with this fence. The fence is stored before it is let through, so that a
   * former holder stays refused after a restart of the bridge.
   * @throws Refusal FENCED, NOT_FOUND, SLOT_OFFLINE
   */
  admit(key: string, fence: number): Slot {
    const newest = this.#store.fence(key);
    if (fence < newest) {
      throw new Refusal('FENCED', 'The slot has another holder since this command was given.', {
        fence,
        newest,
      });
    }
    const slot = this.#registry.usable(key);
    if (fence > newest) this.#store.keepFence(key, fence);
    return slot;
  }

  /** Takes the slot for a call or a script. @throws Refusal SLOT_BUSY with what it is busy with */
  take(slot: Slot, what: string): void {
    const busyWith = this.#taken.get(slot.key) ?? (this.#calls.call(slot.key) ? 'a call' : undefined);
    if (busyWith !== undefined) throw new Refusal('SLOT_BUSY', `The phone is busy with ${busyWith}.`);
    this.#taken.set(slot.key, what);
    this.refresh(slot);
  }

  release(slot: Slot): void {
    this.#taken.delete(slot.key);
    this.refresh(slot);
  }

  /** Shows whether the slot is busy. */
  refresh(slot: Slot): void {
    const busy = this.#taken.has(slot.key) || this.#calls.call(slot.key) !== null;
    if (busy !== slot.condition.busy) this.#registry.change(slot.key, { is: 'busy', busy });
  }
}
