import { SvelteMap } from 'svelte/reactivity';
import { api, body } from '#lib/api/client.js';
import { ApiError, asApiError } from '#lib/api/errors.js';
import type { Call } from '#lib/api/model.js';
import { isCall, newestFirst, reachedMe } from '#lib/calls/call.js';
import type { Position } from './live-protocol';
import { LiveFeed } from './live.svelte';
import { session } from './session.svelte';

/** More than anyone scrolls; older calls are found in the history. */
const KEEP = 2_000;

/** How many ended calls to ask for beside the live ones: the server's limit. */
const RECENT = 200;

/** Hears every event of the feed but those of calls; `reload` when what was missed can only be fetched anew. */
export type FeedListener = (event: string, data: unknown) => void;

/** Every call the live feed has told of, kept current by it. */
class Calls {
  #calls = new SvelteMap<string, Call>();
  loaded = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** The incoming call that came through to this user last, for the workspace to show. */
  arrived = $state<string | null>(null);
  /** Every ended call the server has was among those it gave us. */
  #everyOne = $state(true);
  #listeners = new Set<FeedListener>();
  #sorted = $derived([...this.#calls.values()].sort(newestFirst));
  readonly live = new LiveFeed({
    reload: () => this.#reload(),
    deliver: (event, data) => this.#deliver(event, data),
    ended: () => session.ended(),
    check: () => void session.load(),
  });

  /** Newest first. */
  get list(): readonly Call[] {
    return this.#sorted;
  }

  /** Start of the oldest ended call that is here when older ones were left out; null when none was. */
  get cutAt(): string | null {
    if (this.#everyOne) return null;
    return this.#sorted.findLast((call) => call.status === 'ended')?.start_time ?? null;
  }

  get(callId: string): Call | undefined {
    return this.#calls.get(callId);
  }

  /** Other screens live on the same feed: one socket for all. Answers what ends it. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start = (): void => this.live.start();

  stop = (): void => {
    this.live.stop();
    this.#calls.clear();
    this.loaded = false;
    this.error = null;
    this.arrived = null;
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

  async #reload(): Promise<Position> {
    try {
      const page = await body(
        api.GET('/api/calls/feed', { params: { query: { as: 'page', recent: RECENT } } }),
      );
      // Only `as=page` says where in the feed the answer stands.
      if (Array.isArray(page)) throw new ApiError('INTERNAL', 0, 'the feed answered without its place');
      const { epoch, offset, calls } = page;
      this.#calls.clear();
      for (const call of calls) this.#calls.set(call.call_id, call);
      this.#everyOne = calls.filter((call) => call.status === 'ended').length < RECENT;
      this.loaded = true;
      this.error = null;
      this.#tell('reload', null);
      return { epoch, offset };
    } catch (cause) {
      this.error = asApiError(cause);
      throw cause;
    }
  }

  #deliver(event: string, data: unknown): void {
    if (event !== 'call.update') return this.#tell(event, data);
    if (!isCall(data)) return;
    if (reachedMe(data, this.#calls.get(data.call_id), session.user?.id)) this.arrived = data.call_id;
    this.#calls.set(data.call_id, data);
    if (this.#calls.size > KEEP * 1.1) this.#trim();
  }

  #tell(event: string, data: unknown): void {
    for (const listener of this.#listeners) listener(event, data);
  }

  #trim(): void {
    for (const call of this.#sorted.slice(KEEP))
      if (call.status === 'ended') this.#calls.delete(call.call_id);
    this.#everyOne = false;
  }
}

export const calls = new Calls();
