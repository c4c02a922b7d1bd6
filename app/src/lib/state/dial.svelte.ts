import { api, body } from '#lib/api/client.js';
import { asApiError, errorText } from '#lib/api/errors.js';
import { isInternal, readSource, sourceKey, sourceToUse, type DialSource } from '#lib/calls/dial-source.js';
import type { NumberCheck } from '#lib/calls/phone-number.js';
import { m } from '#lib/paraglide/messages.js';
import { otherSources } from './call-sources.svelte';
import { calls } from './calls.svelte';
import { numbers } from './numbers.svelte';
import { myPhones } from './phones.svelte';
import { session } from './session.svelte';

/** How many different numbers "last dialled" offers. */
const LAST = 4;

/** What a user rings from is remembered for each who signs in here. */
const stored = (): string => `trunkline.dial-from.${session.user?.id ?? ''}`;

export interface Dialled {
  callId: string;
  /** As dialled: E.164, or an internal number. */
  number: string;
  via: DialSource['via'];
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
  /** Chosen since the page was opened; before that what was remembered counts. */
  #chosen = $state.raw<DialSource | null>(null);
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

  /** What is rung from; null when there is nothing at all. */
  readonly source = $derived.by<DialSource | null>(() => {
    const others = otherSources.value;
    return sourceToUse(this.#chosen ?? readSource(localStorage.getItem(stored())), {
      devices: session.can('phone.own') ? (myPhones.value?.map(({ id }) => id) ?? null) : [],
      extension: others && others.extension !== null,
      anySlot: others && others.any_slot,
      slots: others && others.slots.map(({ id }) => id),
    });
  });

  /** Rings from there from now on. */
  choose = (source: DialSource): void => {
    this.#chosen = source;
    localStorage.setItem(stored(), sourceKey(source));
  };

  focus = (): void => {
    this.input?.focus();
    this.input?.select();
  };

  reset = (): void => {
    this.text = '';
    this.#chosen = null;
    this.error = null;
  };

  /** Rings a number from the chosen source; null when it could not, with `error` saying why. */
  call = async (number = this.text): Promise<Dialled | null> => {
    if (this.busy) return null;
    this.error = null;
    this.busy = true;
    try {
      const source = this.source ?? { via: 'phone', device: null };
      const wanted = await this.#numberFor(source, number);
      if (wanted === null) return null;
      const answer = await body(
        api.POST('/api/call/start', {
          body: { number: wanted, ...startOf(source) },
          // A press is one call, however often the network makes us say it.
          headers: { 'Idempotency-Key': crypto.randomUUID() },
        }),
      );
      this.text = '';
      return { callId: answer.call_id, number: wanted, via: source.via };
    } catch (cause) {
      return this.#fail(errorText(asApiError(cause)));
    } finally {
      this.busy = false;
    }
  };

  /** The number as the server wants it; null, with `error` set, when it can't be dialled. */
  async #numberFor(source: DialSource, typed: string): Promise<string | null> {
    if (source.via === 'pbx' && isInternal(typed)) return typed.replace(/[^0-9*#]/g, '');
    const check = await numbers.check(typed).catch(() => null);
    if (check === null) return this.#fail(m.dial_load_failed());
    return check.state === 'ok' ? check.e164 : this.#fail(checkText(check));
  }

  #fail(text: string | null): null {
    this.error = text;
    return null;
  }
}

function startOf(source: DialSource) {
  if (source.via !== 'phone') return source;
  return { via: source.via, ...(source.device !== null && { device_id: source.device }) };
}

export const dial = new Dial();
