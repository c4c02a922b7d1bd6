import {
  checkNumber,
  formatTyped,
  showNumber,
  type NumberCheck,
  type NumberLibrary,
  type ShownNumber,
} from '#lib/calls/phone-number.js';
import { session } from './session.svelte';

/**
 * Telephone numbers on screen. The library and its metadata come after the first paint; until then numbers
 * show as they are and re-render by themselves.
 */
class Numbers {
  #lib = $state.raw<NumberLibrary | null>(null);
  #loading: Promise<NumberLibrary> | null = null;
  #shown = new Map<string, ShownNumber>();
  #names = new Map<string, Intl.DisplayNames>();

  load = (): Promise<NumberLibrary> => {
    this.#loading ??= import('libphonenumber-js/min').then(
      (lib) => (this.#lib = lib),
      (cause: unknown) => {
        this.#loading = null;
        throw cause;
      },
    );
    return this.#loading;
  };

  get #country(): string {
    return session.tenant?.country ?? '';
  }

  show(number: string): ShownNumber {
    if (!this.#lib) return showNumber(null, number, '');
    const key = `${this.#country}${number}`;
    const known = this.#shown.get(key);
    if (known) return known;
    const shown = showNumber(this.#lib, number, this.#country);
    this.#shown.set(key, shown);
    return shown;
  }

  typed(text: string): string {
    return formatTyped(this.#lib, text, this.#country);
  }

  check = async (text: string): Promise<NumberCheck> => checkNumber(await this.load(), text, this.#country);

  /** The check when the library is there already, for messages while typing. */
  checkNow(text: string): NumberCheck | null {
    return this.#lib ? checkNumber(this.#lib, text, this.#country) : null;
  }

  countryName(code: string, locale: string): string {
    let names = this.#names.get(locale);
    if (!names) {
      names = new Intl.DisplayNames([locale], { type: 'region' });
      this.#names.set(locale, names);
    }
    return names.of(code) ?? code;
  }
}

export const numbers = new Numbers();
