import { asApiError, type ApiError } from '#lib/api/errors.js';
import { whileVisible } from '#lib/lists/while-visible.js';
import { getBridge } from './api';
import { enrolmentOf, type EnrolmentPhase } from './enrolment';
import type { Bridge, NewCode } from './model';

const EVERY_MS = 2_000;

/** Follows a one-time code: whether a machine used it, and whether that machine is connected. */
export class Enrolment {
  bridge = $state.raw<Bridge>() as Bridge;
  /** The state could not be asked for just now; what is shown may be old. */
  error = $state.raw<ApiError | null>(null);
  readonly #before: string | null;

  constructor(
    readonly made: NewCode,
    /** When the key in use before was registered; null of a bridge that had none. */
    before: string | null,
  ) {
    this.bridge = made.bridge;
    this.#before = before;
  }

  phase(now: number): EnrolmentPhase {
    return enrolmentOf(this.bridge, this.#before, Date.parse(this.made.expires_at), now);
  }

  /** Asks while somebody looks, until the returned function is called. */
  watch = (): (() => void) => {
    const turn = new AbortController();
    const end = whileVisible(() => void this.#ask(turn.signal), EVERY_MS);
    return () => {
      end();
      turn.abort();
    };
  };

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const bridge = await getBridge(this.made.bridge.id, signal);
      if (signal.aborted) return;
      this.bridge = bridge;
      this.error = null;
    } catch (cause) {
      if (!signal.aborted) this.error = asApiError(cause);
    }
  }
}
