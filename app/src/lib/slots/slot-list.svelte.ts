import { soon, whileVisible } from '#lib/phones/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { listSlots } from './api';
import type { Slot } from './model';

/** Readings come with no event of their own: they are asked for this often while somebody looks. */
const EVERY_MS = 10_000;

/**
 * Runs `job` when the live feed tells of a slot (of this one, where `id` is given), a little later so that a burst is
 * one question. Answers what ends it.
 */
export function whenSlotChanges(job: () => unknown, id?: number): () => void {
  let callOff: (() => void) | null = null;
  const end = calls.listen((event, data) => {
    if (event !== 'reload' && !event.startsWith('slot.')) return;
    const told = typeof data === 'object' && data !== null && 'slot' in data ? data.slot : null;
    if (id !== undefined && typeof told === 'number' && told !== id) return;
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

  constructor() {
    super((signal) => listSlots(signal));
  }

  /** Keeps the list current until the returned function is called. */
  watch = (): (() => void) => {
    this.#watchers += 1;
    if (this.#watchers === 1)
      this.#ends = [whileVisible(() => void this.load(), EVERY_MS), whenSlotChanges(() => void this.load())];
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      for (const end of this.#ends) end();
      this.cancel();
    };
  };
}

export const slotList = new SlotList();
