import { asApiError } from '#lib/api/errors.js';
import { listPhones } from './api';
import type { Phone } from './model';
import { createQr, qrStatus } from './dialer-api';
import { next, type SignIn, type SignInEvent } from './sign-in';
import { whileVisible } from '#lib/lists/while-visible.js';

const STATUS_EVERY_MS = 2_000;
const TICK_MS = 1_000;
/** The app registers its phone a moment after it has signed in. */
const LOOK_FOR_PHONE_MS = 30_000;

/** Asks for a code, follows what becomes of it, and finds the phone that used it. */
export class SignInAttempt {
  state = $state.raw<SignIn>({ phase: 'asking' });
  /** The phone that signed in, once it has registered. */
  phone = $state.raw<Phone | null>(null);
  #before: ReadonlyMap<string, string> | null = null;
  #ends: (() => void)[] = [];
  #asking = 0;

  /** Starts an attempt; answers what ends it. */
  start = (): (() => void) => {
    void this.renew();
    const ticker = setInterval(() => this.#take({ type: 'tick', now: Date.now() }), TICK_MS);
    this.#ends = [() => clearInterval(ticker), whileVisible(() => void this.#ask(), STATUS_EVERY_MS)];
    return () => {
      this.#asking += 1;
      for (const end of this.#ends) end();
    };
  };

  /** A new code; the one before it is simply not used. */
  renew = async (): Promise<void> => {
    const turn = ++this.#asking;
    this.phone = null;
    this.#before = null;
    this.#take({ type: 'asked' });
    // Which phones there were, to tell the new one from them. Without it the dialog only says that one signed in.
    const [code, phones] = await Promise.allSettled([createQr(), listPhones(undefined, true)]);
    if (turn !== this.#asking) return;
    if (phones.status === 'fulfilled') this.#before = seen(phones.value);
    if (code.status === 'fulfilled') this.#take({ type: 'code', code: code.value });
    else this.#take({ type: 'refused', error: asApiError(code.reason) });
  };

  #take(event: SignInEvent): void {
    this.state = next(this.state, event);
  }

  async #ask(): Promise<void> {
    if (this.state.phase !== 'pending') return this.#found();
    const { token } = this.state;
    try {
      this.#take({ type: 'status', token, status: await qrStatus(token), now: Date.now() });
    } catch (cause) {
      this.#take({ type: 'status_failed', token, error: asApiError(cause) });
    }
    await this.#found();
  }

  async #found(): Promise<void> {
    const before = this.#before;
    if (this.state.phase !== 'used' || this.phone || !before) return;
    if (Date.now() - this.state.at > LOOK_FOR_PHONE_MS) return;
    try {
      const phones = await listPhones(undefined, true);
      this.phone = phones.find((phone) => before.get(phone.id) !== mark(phone)) ?? null;
    } catch {
      // Asked again by the next turn of the timer.
    }
  }
}

/** What changes when a phone signs in again on a row it had. */
const mark = (phone: Phone): string => `${phone.registered_at} ${phone.last_seen_at ?? ''}`;
const seen = (phones: readonly Phone[]) => new Map(phones.map((phone) => [phone.id, mark(phone)]));
