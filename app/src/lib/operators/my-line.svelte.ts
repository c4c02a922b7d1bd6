import { asApiError, type ApiError } from '#lib/api/errors.js';
import { whileVisible } from '#lib/lists/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { session } from '#lib/state/session.svelte.js';
import { ask, getMyLine, lineErrorText, lookUp } from './line-api';
import {
  keeping,
  mending,
  placesOf,
  withQueue,
  withUpdate,
  type MyLine,
  type Outcome,
  type Step,
} from './line-model';

/** Telephony that tells nothing by itself is asked so often. */
const ASK_MS = 30_000;

/** The line of whoever is signed in: where they stand in their queues, and what they ask for. */
export class OwnLine {
  #mine = $state.raw<MyLine | null>(null);
  /** Why it can't be shown. */
  failure = $state.raw<ApiError | null>(null);
  loading = $state(false);
  /** What is being done now, for its button. */
  doing = $state<string | null>(null);
  /** Why the last deed failed. */
  error = $state<string | null>(null);
  /** Queues that did not take the last deed though others did, and what it was. */
  missed = $state.raw<{ outcomes: Outcome[]; step: Step } | null>(null);
  #turn = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Null: not known, or this user is no operator. */
  readonly me = $derived(this.#mine?.operator ?? null);
  readonly reasons = $derived(this.#mine?.pause_reasons ?? []);
  /** Where the softphone registers; null: nobody entered it. */
  readonly server = $derived(this.#mine?.softphone_server ?? null);
  readonly places = $derived(this.me === null ? [] : placesOf(this.me, this.#mine?.queues ?? []));
  readonly #toldLive = $derived(this.#mine?.told_live ?? true);
  /** Of whom telephony is to be asked again and again. */
  readonly asked = $derived(this.#toldLive || this.me?.in_telephony !== true ? null : this.me.yandex_uuid);

  /** Follows the line; answers what ends it. */
  watch = (): (() => void) => {
    const end = calls.listen(this.#hear);
    void this.load();
    return () => {
      end();
      this.#turn += 1;
    };
  };

  /** Follows telephony that tells nothing by itself; answers what ends it. */
  follow = (uuid: string): (() => void) =>
    // A telephony that can't be asked now shows when something is asked of it.
    whileVisible(() => void lookUp(uuid).catch(() => undefined), ASK_MS);

  load = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    this.loading = true;
    try {
      const mine = await getMyLine();
      // The feed told something newer meanwhile, or another look began.
      if (turn !== this.#turn) return;
      this.#mine = mine;
      this.failure = null;
    } catch (cause) {
      if (turn === this.#turn) this.failure = asApiError(cause);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  };

  /** Goes on the line or off it, in all queues or some. */
  connect = (
    connected: boolean,
    queues: string[] | null = null,
    name = connected ? 'on' : 'off',
  ): Promise<boolean> => this.#run(name, [{ do: 'connection', connected, queues }]);

  /** Pauses where one is on the line. */
  pause = (reason: string | null): Promise<boolean> =>
    this.#run('pause', [{ do: 'pause', paused: true, reason, queues: null }]);

  resume = (): Promise<boolean> =>
    this.#run('resume', [{ do: 'pause', paused: false, reason: null, queues: null }]);

  /** Asks once more for what some queues did not take. */
  again = (): Promise<boolean> => {
    if (this.missed === null) return Promise.resolve(true);
    const { step, outcomes } = this.missed;
    return this.#run('again', [{ ...step, queues: outcomes.map(({ queue }) => queue) }]);
  };

  /** Has telephony do what was asked for. */
  mend = (): Promise<boolean> => this.#run('mend', mending(this.me?.queues ?? []));

  /** Takes what telephony does for what is wanted. */
  keep = (): Promise<boolean> => this.#run('keep', keeping(this.me?.queues ?? [], this.reasons));

  forgetMissed = (): void => {
    this.missed = null;
  };

  /** One after another: what telephony took shows before its answer is here, and the next press must not be lost. */
  #run(name: string, steps: readonly Step[]): Promise<boolean> {
    if (this.doing === name) return Promise.resolve(false);
    const done = this.#last.then(() => this.#do(name, steps));
    this.#last = done;
    return done;
  }

  /** True when every queue took every step. */
  async #do(name: string, steps: readonly Step[]): Promise<boolean> {
    const { me } = this;
    if (me === null) return false;
    this.doing = name;
    this.error = null;
    this.missed = null;
    try {
      for (const step of steps) {
        const failed = (await ask(me.yandex_uuid, step)).filter(({ ok }) => !ok);
        if (failed.length > 0) {
          this.missed = { outcomes: failed, step };
          return false;
        }
      }
      return true;
    } catch (cause) {
      this.error = lineErrorText(asApiError(cause));
      return false;
    } finally {
      this.doing = null;
      void this.load();
    }
  }

  #hear = (event: string, data: unknown): void => {
    if (event === 'reload') return void this.load();
    const mine = this.#mine;
    if (mine === null) return;
    // Told of at all: this user was made an operator just now.
    if (mine.operator === null && event === 'operator.update') return void this.load();
    const next =
      event === 'operator.update'
        ? withUpdate(mine, session.user?.id ?? '', data)
        : event === 'queue.update'
          ? withQueue(mine, data)
          : null;
    if (next === null) return;
    this.#mine = next;
    // An answer that is on its way may be older than this.
    if (this.loading) void this.load();
  };
}
