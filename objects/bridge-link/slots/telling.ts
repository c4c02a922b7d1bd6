/** Tells the tenant's live sockets of changed slots, several changes at once. What is told is how the slot is then. */
import type { SlotState } from '../contract';
import type { Link } from '../parts';

export const TELL_TIMER = 'slots.tell';
const RETRY_MS = 5_000;

export class Telling {
  readonly #changed = new Set<number>();
  #busy = false;

  constructor(
    private readonly link: Link,
    private readonly statesOf: (ids: Iterable<number>) => SlotState[],
  ) {}

  changed(slotId: number): void {
    this.#changed.add(slotId);
  }

  /** Never throws: what could not be told is told later, as it is then. */
  async flush(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#changed.size > 0) {
        const ids = [...this.#changed];
        this.#changed.clear();
        try {
          const states = this.statesOf(ids);
          if (states.length > 0)
            await this.link.env.CALL_HUB.getByName(this.link.self().tenantId).tellSlots(states);
        } catch {
          for (const id of ids) this.#changed.add(id);
          this.link.timers.setBy(TELL_TIMER, this.link.now() + RETRY_MS);
          return;
        }
      }
    } finally {
      this.#busy = false;
    }
  }
}
