import { api, body } from '#lib/api/client.js';
import { asApiError, errorText } from '#lib/api/errors.js';
import type { NumberCheck } from '#lib/calls/phone-number.js';
import { m } from '#lib/paraglide/messages.js';
import { calls } from './calls.svelte';
import { numbers } from './numbers.svelte';
import { session } from './session.svelte';

/** How many different numbers "last dialled" offers. */
const LAST = 4;

export interface Dialled {
  callId: string;
  /** As dialled, E.164. */
  number: string;
}

/** The words for a check that failed; null when the number can be dialled. */
export function checkText(check: NumberCheck): string | null {
  switch (check.state) {
    case 'ok':
      return null;
    case 'empty':
      return m.dial_empty();
    case 'short':
      return m.dial_short();
    case 'long':
      return m.dial_long();
    case 'unknown_country':
      return m.dial_unknown_country();
    case 'invalid':
      return m.dial_invalid();
  }
}

/** The dial box: what is typed, from which phone, and what went wrong. */
class Dial {
  text = $state('');
  /** `devices.id` to ring from; empty for any of the user's phones. */
  from = $state('');
  busy = $state(false);
  error = $state<string | null>(null);
  input: HTMLInputElement | null = null;

  /** Different numbers this user dialled last, newest first. */
  readonly last = $derived.by<readonly string[]>(() => {
    const me = session.user?.id;
    const found: string[] = [];
    for (const call of calls.list) {
      if (
        call.direction !== 'out' ||
        call.user?.id !== me ||
        call.number === '' ||
        found.includes(call.number)
      )
        continue;
      found.push(call.number);
      if (found.length === LAST) break;
    }
    return found;
  });

  focus = (): void => {
    this.input?.focus();
    this.input?.select();
  };

  reset = (): void => {
    this.text = '';
    this.from = '';
    this.error = null;
  };

  /** Sends the number to a phone; null when it could not, with `error` saying why. */
  call = async (number = this.text): Promise<Dialled | null> => {
    if (this.busy) return null;
    this.error = null;
    this.busy = true;
    try {
      const check = await numbers.check(number).catch(() => null);
      if (check === null) return this.#fail(m.dial_load_failed());
      if (check.state !== 'ok') return this.#fail(checkText(check));
      const answer = await body(
        api.POST('/api/call/start', {
          body: { number: check.e164, via: 'phone', ...(this.from && { device_id: this.from }) },
          // A press is one call, however often the network makes us say it.
          headers: { 'Idempotency-Key': crypto.randomUUID() },
        }),
      );
      this.text = '';
      return { callId: answer.call_id, number: check.e164 };
    } catch (cause) {
      return this.#fail(errorText(asApiError(cause)));
    } finally {
      this.busy = false;
    }
  };

  #fail(text: string | null): null {
    this.error = text;
    return null;
  }
}

export const dial = new Dial();
