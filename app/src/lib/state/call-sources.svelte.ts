import { api, body } from '#lib/api/client.js';
import type { CallSources } from '#lib/api/model.js';
import { Resource } from './resource.svelte';

/** Rarely: who opens the choice asks at once. */
const EVERY_MS = 60_000;

/** What the signed-in user can ring from besides their phones. */
class OtherSources extends Resource<CallSources> {
  constructor() {
    super((signal) => body(api.GET('/api/call/sources', { signal })));
  }

  /** Keeps it current until the returned function is called. */
  watch = (): (() => void) => {
    const ask = () => {
      if (document.visibilityState === 'visible') void this.load();
    };
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => {
      clearInterval(timer);
      this.cancel();
    };
  };
}

export const otherSources = new OtherSources();
