/** Tells the tenant's live sockets of changed slots, several changes at once. What is told is how the slot is then. */
import type { Timers } from '../../lib/timers';
import type { SlotState } from '../contract';

export const TELL_TIMER = 'slots.tell';
const RETRY_MS = 5_000;

export interface TellingParts {
  timers: Pick<Timers, 'set' | 'setBy' | 'clear'>;
  now(): number;
  statesOf(ids: Iterable<number>): SlotState[];
  /** Rejects where it could not be stored. */
  tell(states: SlotState[]): Promise<void>;
}

export class Telling {
  readonly #changed = new Set<number>();
  #busy = false;

  constructor(private readonly parts: TellingParts) {}

  /** To be called where the change is stored, so that the timer is stored with it. */
  changed(slotId: number): void {
    const { timers, now } = this.parts;
    // Rings only where the telling was lost with the object.
    if (this.#changed.size === 0) timers.setBy(TELL_TIMER, now() + RETRY_MS);
    this.#changed.add(slotId);
  }

  /** Never throws: what could not be told is told later, as it is then. */
  async flush(): Promise<void> {
    // Whoever is at it takes what came meanwhile along.
    if (this.#busy || this.#changed.size === 0) return;
    const { timers, now, statesOf, tell } = this.parts;
    this.#busy = true;
    try {
      while (this.#changed.size > 0) {
        const ids = [...this.#changed];
        this.#changed.clear();
        try {
          const states = statesOf(ids);
          if (states.length > 0) await tell(states);
        } catch {
          for (const id of ids) this.#changed.add(id);
          timers.set(TELL_TIMER, now() + RETRY_MS);
          return;
        }
      }
      timers.clear(TELL_TIMER);
    } finally {
      this.#busy = false;
    }
  }
}
