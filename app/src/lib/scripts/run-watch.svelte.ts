import { Resource } from '#lib/state/resource.svelte.js';
import type { Run } from '#lib/slots/model.js';
import { getRun } from './api';

/** How often a run that goes on is asked after. */
const EVERY_MS = 700;

/** One run of a script, followed until it has ended. */
export class RunWatch extends Resource<Run> {
  constructor(id: string) {
    super((signal) => getRun(id, signal));
  }

  get going(): boolean {
    return this.value === null ? this.error === null : this.value.status === 'executing';
  }

  /** Follows it until it ends or the returned function is called. */
  follow = (): (() => void) => {
    void this.load();
    const timer = setInterval(() => {
      if (!this.going) clearInterval(timer);
      else if (!this.loading) void this.load();
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      this.cancel();
    };
  };
}
