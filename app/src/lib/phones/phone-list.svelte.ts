import { Resource } from '#lib/state/resource.svelte.js';
import { listPhones } from './api';
import type { Phone } from './model';
import { whileVisible } from '#lib/lists/while-visible.js';

const EVERY_MS = 10_000;

/** Every phone the signed-in user may see. One for all pages of the section, so that going between them shows it at once. */
class PhoneList extends Resource<Phone[]> {
  #watchers = 0;
  #end: (() => void) | null = null;

  constructor() {
    super((signal) => listPhones(signal));
  }

  /** The phone's own name for `Phone.id`, null when it is unknown or gone. */
  nameOf(id: string | null): string | null {
    return id === null ? null : (this.value?.find((phone) => phone.id === id)?.name ?? null);
  }

  /** Keeps the list current until the returned function is called. */
  watch = (): (() => void) => {
    this.#watchers += 1;
    this.#end ??= whileVisible(() => void this.load(), EVERY_MS);
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#end?.();
      this.#end = null;
      this.cancel();
    };
  };
}

export const phoneList = new PhoneList();
