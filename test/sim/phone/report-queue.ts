import type { Outcome } from './http.ts';
import { afterReport, extendedReport, legacyReport, type Attempt, type CallOutcome } from './reports.ts';

/** Sends call outcomes one by one, as the app's own offline queue does. */
export class ReportQueue {
  readonly #send: (body: unknown) => Promise<Outcome>;
  readonly #retryMs: number;
  readonly #done: (call: CallOutcome, answer: number, lost: boolean) => void;
  readonly #waiting: CallOutcome[] = [];
  #closed = false;
  #busy = false;
  #wake: (() => void) | null = null;

  /** `done` is told of every outcome once: accepted, or lost for good. */
  constructor(
    send: (body: unknown) => Promise<Outcome>,
    options: { retryMs: number; done: (call: CallOutcome, answer: number, lost: boolean) => void },
  ) {
    this.#send = send;
    this.#retryMs = options.retryMs;
    this.#done = options.done;
  }

  add(call: CallOutcome): void {
    this.#waiting.push(call);
    void this.#drain();
  }

  /** Nothing more is sent, and a wait for a retry ends. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift())
      await this.#deliver(call);
    this.#busy = false;
  }

  async #deliver(call: CallOutcome): Promise<void> {
    let attempt: Attempt = { payload: 'extended', retries: 0 };
    while (!this.#closed) {
      const body = attempt.payload === 'extended' ? extendedReport(call) : legacyReport(call);
      const outcome = await this.#send(body);
      const status = outcome.ok ? outcome.status : 0;
      const after = afterReport(attempt, status);
      if (after.next !== 'again') return this.#done(call, status, after.next === 'lost');
      attempt = after;
      if (after.delayed) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), this.#retryMs);
    this.#wake = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    return promise;
  }
}
