import { api, body } from '#lib/api/client.js';
import type { Phone } from '#lib/api/model.js';
import { Resource } from './resource.svelte';

/** How often the state of one's phones is asked for while somebody looks. */
const EVERY_MS = 15_000;
/** Not polling but seen this recently: the app sleeps, and a push or its next poll wakes it. */
const SLEEPING_FOR_MS = 60 * 60_000;

export type PhoneCondition = 'online' | 'sleeping' | 'offline' | 'stuck';

/** A stuck queue outranks everything: its results are not reaching us. */
export function conditionOf(phone: Phone, now: number): PhoneCondition {
  if (phone.queue_stuck) return 'stuck';
  if (phone.state === 'polling' || phone.state === 'recent') return 'online';
  const seen = phone.last_seen_at === null ? null : Date.parse(phone.last_seen_at);
  return seen !== null && now - seen < SLEEPING_FOR_MS ? 'sleeping' : 'offline';
}

/** The signed-in user's own phones. */
class MyPhones extends Resource<Phone[]> {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super(async (signal) => {
      const { items } = await body(api.GET('/api/phones', { params: { query: { mine: '1' } }, signal }));
      return items;
    });
  }

  /** Keeps the list current until the returned function is called. */
  watch = (): (() => void) => {
    void this.load();
    this.#timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.load();
    }, EVERY_MS);
    const seen = () => {
      if (document.visibilityState === 'visible') void this.load();
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearInterval(this.#timer);
      document.removeEventListener('visibilitychange', seen);
      this.cancel();
    };
  };
}

export const myPhones = new MyPhones();
