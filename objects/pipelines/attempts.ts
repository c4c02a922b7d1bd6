import { executeStep, type Attempt, type ExecuteParts } from './execute';
import type { Outcome } from './machine';

interface Heard {
  say(text: string): void;
  keepRef(ref: string): void;
  ended(outcome: Outcome): void;
}

/** Attempts under way in this life of the object, one of each run. */
export class Attempts {
  readonly #byRun = new Map<string, AbortController>();

  has(runId: string): boolean {
    return this.#byRun.has(runId);
  }

  /** Nobody waits for the run's attempt any more. */
  giveUp(runId: string): void {
    this.#byRun.get(runId)?.abort(new Error('given up'));
    this.#byRun.delete(runId);
  }

  begin(
    parts: Omit<ExecuteParts, 'sleep'>,
    attempt: Omit<Attempt, 'signal' | 'say' | 'keepRef'>,
    heard: Heard,
  ): void {
    const cancel = new AbortController();
    const { signal } = cancel;
    const { run } = attempt;
    this.#byRun.set(run.id, cancel);
    const work = executeStep(
      { ...parts, sleep },
      {
        ...attempt,
        signal,
        say: (text) => {
          if (!signal.aborted) heard.say(text);
        },
        keepRef: (ref) => heard.keepRef(ref),
      },
    );
    void work
      .catch((error: unknown): Outcome => {
        if (!signal.aborted) console.error(`pipelines: ${run.id} step ${attempt.step + 1}`, error);
        return { ok: false, message: `the step broke off: ${String(error)}`, retry: true };
      })
      .then((outcome) => {
        if (this.#byRun.get(run.id) === cancel) this.#byRun.delete(run.id);
        heard.ended(outcome);
      });
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
