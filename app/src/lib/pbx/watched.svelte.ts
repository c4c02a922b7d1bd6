import { whileVisible } from '#lib/lists/while-visible.js';
import { Resource } from '#lib/state/resource.svelte.js';

/** Something of a PBX that changes by itself: asked for again and again while somebody looks. */
export class Watched<T> extends Resource<T> {
  constructor(
    fetch: (signal: AbortSignal) => Promise<T>,
    private readonly everyMs: number,
  ) {
    super(fetch);
  }

  /** Keeps it current until the returned function is called. */
  watch = (): (() => void) => {
    // A PBX that answers slowly is not asked again before it did.
    const end = whileVisible(() => {
      if (!this.loading) void this.load();
    }, this.everyMs);
    return () => {
      end();
      this.cancel();
    };
  };
}
