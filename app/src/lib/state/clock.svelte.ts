import { createSubscriber } from 'svelte/reactivity';

/** The current time for everything that runs on screen: one timer for all, none when nobody looks. */
class Clock {
  #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  });

  /** Milliseconds since the epoch; reading it in an effect or a template ticks each second. */
  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}

export const clock = new Clock();
