import { asApiError, type ApiError } from '#lib/api/errors.js';

/**
 * Something fetched for a screen: loading at first, then its value or an error with a way to try again. A
 * reload keeps the old value on screen; a slower, older answer never overwrites a newer one.
 */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  #fetch: (signal: AbortSignal) => Promise<T>;
  #turn: AbortController | null = null;

  constructor(fetch: (signal: AbortSignal) => Promise<T>) {
    this.#fetch = fetch;
  }

  /** Nothing to show yet and an answer is on its way. */
  get pending(): boolean {
    return this.value === null && this.error === null;
  }

  load = async (): Promise<void> => {
    this.#turn?.abort();
    const turn = new AbortController();
    this.#turn = turn;
    this.loading = true;
    try {
      const value = await this.#fetch(turn.signal);
      if (this.#turn !== turn) return;
      this.value = value;
      this.error = null;
    } catch (cause) {
      if (this.#turn !== turn) return;
      this.error = asApiError(cause);
    } finally {
      if (this.#turn === turn) this.loading = false;
    }
  };

  /** Forgets everything: what one user was shown is not for the next. */
  reset = (): void => {
    this.cancel();
    this.value = null;
    this.error = null;
  };

  /** Drops what is under way; the answer will be ignored. */
  cancel = (): void => {
    this.#turn?.abort();
    this.#turn = null;
    this.loading = false;
  };
}
