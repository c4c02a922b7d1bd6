import { SvelteMap } from 'svelte/reactivity';
import { soon } from '#lib/lists/while-visible.js';
import { listRuns } from '#lib/scripts/api.js';

/** Which script a run is of: a slot tells only the run that has it. */
class RunNames {
  #names = new SvelteMap<string, string>();
  #asked = new Set<string>();
  #callOff: (() => void) | null = null;

  /** Null until it is known; `want` asks for it. */
  of(runId: string): string | null {
    return this.#names.get(runId) ?? null;
  }

  /** Asks once for a run that is not known; several at a time are one question. */
  want(runId: string): void {
    if (this.#names.has(runId) || this.#asked.has(runId)) return;
    this.#asked.add(runId);
    this.#callOff?.();
    this.#callOff = soon(() => void this.#load());
  }

  async #load(): Promise<void> {
    try {
      for (const run of await listRuns(null)) this.#names.set(run.script_id, run.script);
    } catch {
      // The card says "script" without its name; the next one that is wanted asks again.
      this.#asked.clear();
    }
  }
}

export const runNames = new RunNames();
