import { soon, whileVisible } from '#lib/lists/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { listSlots } from './api';
import type { Slot } from './model';
import { slotIdOf, updated } from './slot-update';

/** Readings come with no event of their own: they are asked for this often while somebody looks. */
const EVERY_MS = 5_000;

/**
 * Runs `job` when the live feed tells of this slot, a little later so that a burst is one question. `told` hears each
 * event at once. Answers what ends it.
 */
export function whenSlotChanges(
  job: () => unknown,
  id: number,
  told: (data: unknown) => unknown = () => undefined,
): () => void {
  let callOff: (() => void) | null = null;
  const end = calls.listen((event, data) => {
    if (event !== 'reload' && (event !== 'slot.update' || slotIdOf(data) !== id)) return;
    told(data);
    callOff?.();
    callOff = soon(job);
  });
  return () => {
    end();
    callOff?.();
  };
}

/** Every slot of the tenant. One for all pages, so that going between them shows it at once. */
class SlotList extends Resource<Slot[]> {
  #watchers = 0;
  #ends: (() => void)[] = [];
  #callOff: (() => void) | null = null;

  constructor() {
    super((signal) => listSlots(signal));
  }

  /** Keeps the list current until the returned function is called. */
  watch = (): (() => void) => {
    this.#watchers += 1;
    if (this.#watchers === 1)
      this.#ends = [
        whileVisible(() => void this.load(), EVERY_MS),
        calls.listen((event, data) => this.#hear(event, data)),
      ];
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      for (const end of this.#ends) end();
      this.#callOff?.();
      this.cancel();
    };
  };

  /** A known slot takes what the feed says of it; only a new one, or a hole in the feed, is a reason to ask. */
  #hear(event: string, data: unknown): void {
    if (event !== 'reload' && event !== 'slot.update') return;
    const at = this.value?.findIndex(({ id }) => id === slotIdOf(data)) ?? -1;
    const before = this.value?.[at];
    const after = before && updated(before, data);
    if (after) this.value = this.value?.with(at, after) ?? null;
    if (after && !this.loading) return;
    // What is on its way may have been read before this happened.
    this.#callOff?.();
    this.#callOff = soon(this.load);
  }
}

export const slotList = new SlotList();
