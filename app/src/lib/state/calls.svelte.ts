import { SvelteMap } from 'svelte/reactivity';
import { api, body } from '#lib/api/client.js';
import { asApiError, type ApiError } from '#lib/api/errors.js';
import type { Call } from '#lib/api/model.js';
import { isCall, newestFirst, notOlder } from '#lib/calls/call.js';
import { LiveFeed } from './live.svelte';
import { session } from './session.svelte';

/** More than anyone scrolls; older calls are found in the history. */
const KEEP = 2_000;

/** Every call the live feed has told of, kept current by it. */
class Calls {
  #calls = new SvelteMap<string, Call>();
  loaded = $state(false);
  error = $state.raw<ApiError | null>(null);
  #sorted = $derived([...this.#calls.values()].sort(newestFirst));
  readonly live = new LiveFeed({
    reload: () => this.#reload(),
    deliver: (event, data) => this.#deliver(event, data),
    ended: () => session.ended(),
  });

  /** Newest first. */
  get list(): readonly Call[] {
    return this.#sorted;
  }

  get(callId: string): Call | undefined {
    return this.#calls.get(callId);
  }

  start = (): void => this.live.start();

  stop = (): void => {
    this.live.stop();
    this.#calls.clear();
    this.loaded = false;
    this.error = null;
  };

  /** Fetches the feed again after a failure. */
  retry = async (): Promise<void> => {
    try {
      await this.#reload();
    } catch {
      // Kept in `error`, which is what the screen shows.
    }
    this.live.retry();
  };

  /** Takes a call another request answered with, unless the feed already knows better. */
  put = (call: Call): void => {
    const known = this.#calls.get(call.call_id);
    if (!known || notOlder(call, known)) this.#calls.set(call.call_id, call);
  };

  /** A note was added or taken back on this screen before the feed said so. */
  adjustNotes(callId: string, by: number): void {
    const call = this.#calls.get(callId);
    if (call) this.#calls.set(callId, { ...call, note_count: Math.max(0, call.note_count + by) });
  }

  async #reload(): Promise<{ epoch: string; offset: number }> {
    try {
      const { epoch, offset, calls } = await body(api.GET('/api/calls/feed', { params: { query: { as: 'page', recent: '200' } } }));
      this.#calls.clear();
      for (const call of calls) this.#calls.set(call.call_id, call);
      this.loaded = true;
      this.error = null;
      return { epoch: String(epoch), offset };
    } catch (cause) {
      this.error = asApiError(cause);
      throw cause;
    }
  }

  #deliver(event: string, data: unknown): void {
    if (event !== 'call.update' || typeof data !== 'object' || data === null) return;
    const call = 'call' in data ? data.call : data;
    if (!isCall(call)) return;
    this.#calls.set(call.call_id, call);
    if (this.#calls.size > KEEP * 1.1) this.#trim();
  }

  #trim(): void {
    for (const call of this.#sorted.slice(KEEP)) if (call.status === 'ended') this.#calls.delete(call.call_id);
  }
}

export const calls = new Calls();
