/**
 * A run of a pipeline as a pure machine: what it is, what happens to it, what is to be done then. Steps go one after
 * another. Times are milliseconds since the epoch; steps are counted from 0 here, from 1 wherever people see them.
 */
import { limitOf, type PipelineStep } from './spec';

export type RunState = 'running' | 'ok' | 'failed' | 'cancelled';
/** `retrying` rests before its next attempt; `approval` waits for a person. */
export type StepState =
  'pending' | 'running' | 'retrying' | 'approval' | 'ok' | 'failed' | 'skipped' | 'cancelled';

/** Who did something; `userId` null: the schedule. */
export interface Actor {
  userId: string | null;
  name: string;
}

export interface StepRun {
  state: StepState;
  /** Attempts begun in the whole run: with the step it names a try, so that a late result of another is known. */
  attempt: number;
  /** Attempts since the run was started or retried by somebody: what `retries` counts. */
  tries: number;
  startedAt: number | null;
  endedAt: number | null;
  /** When the attempt is given up, the wait or rest is over, or the approval comes too late. */
  dueAt: number | null;
  /** How it ended, in words. */
  message: string | null;
  /** What the attempt under way is known by elsewhere (a script's run), so that it can be found again. */
  ref: string | null;
}

export interface RunRecord {
  id: string;
  pipelineId: string;
  name: string;
  branch: string;
  steps: PipelineStep[];
  states: StepRun[];
  state: RunState;
  by: Actor;
  /** Whose definition it is: scripts of a scheduled run are his. */
  ownerId: string;
  shell: boolean;
  startedAt: number;
  endedAt: number | null;
  cancelled: { by: Actor; reason: string; at: number } | null;
}

/** `retry`: the same may work another time. Where nobody knows whether something was done, it must not be repeated. */
export type Outcome = { ok: true; message: string } | { ok: false; message: string; retry: boolean };

export type RunEvent =
  | { type: 'begin' }
  | { type: 'result'; step: number; attempt: number; outcome: Outcome }
  | { type: 'ref'; step: number; attempt: number; ref: string }
  | { type: 'tick' }
  | { type: 'decide'; step: number; approve: boolean; by: Actor; comment: string }
  | { type: 'cancel'; by: Actor; reason: string }
  | { type: 'retry'; by: Actor };

export type Effect =
  | { type: 'execute'; step: number; attempt: number }
  /** Nobody waits for this attempt any more. */
  | { type: 'abort'; step: number; attempt: number; ref: string | null };

export interface LogText {
  step: number | null;
  severity: 'info' | 'warning' | 'error';
  text: string;
}

export interface Reduced {
  run: RunRecord;
  effects: Effect[];
  lines: LogText[];
}

const FRESH: StepRun = {
  state: 'pending',
  attempt: 0,
  tries: 0,
  startedAt: null,
  endedAt: null,
  dueAt: null,
  message: null,
  ref: null,
};

export function newRun(
  given: Pick<RunRecord, 'id' | 'pipelineId' | 'name' | 'branch' | 'steps' | 'by' | 'ownerId' | 'shell'>,
  now: number,
): RunRecord {
  const states = given.steps.map(() => ({ ...FRESH }));
  return { ...given, states, state: 'running', startedAt: now, endedAt: null, cancelled: null };
}

/** The step that is under way; -1 when none is. */
export const currentStep = (run: RunRecord): number =>
  run.states.findIndex(({ state }) => state === 'running' || state === 'retrying' || state === 'approval');

/** When `tick` has something to do; null while the run only waits for a result, and after its end. */
export const dueAt = (run: RunRecord): number | null => run.states[currentStep(run)]?.dueAt ?? null;

/** What becomes of a run; null: the event does not fit (late, repeated, or not possible now) and nothing changes. */
export function reduce(run: RunRecord, event: RunEvent, now: number): Reduced | null {
  const turn = new Turn(run, now);
  return turn.take(event) ? turn.reduced() : null;
}

class Turn {
  readonly #run: RunRecord;
  readonly #effects: Effect[] = [];
  readonly #lines: LogText[] = [];

  constructor(
    run: RunRecord,
    private readonly now: number,
  ) {
    this.#run = { ...run, states: run.states.map((state) => ({ ...state })) };
  }

  reduced(): Reduced {
    return { run: this.#run, effects: this.#effects, lines: this.#lines };
  }

  take(event: RunEvent): boolean {
    switch (event.type) {
      case 'begin':
        return this.#begin();
      case 'result':
        return this.#result(event.step, event.attempt, event.outcome);
      case 'ref':
        return this.#ref(event.step, event.attempt, event.ref);
      case 'tick':
        return this.#tick();
      case 'decide':
        return this.#decide(event);
      case 'cancel':
        return this.#cancel(event.by, event.reason);
      case 'retry':
        return this.#retry(event.by);
    }
  }

  #begin(): boolean {
    const run = this.#run;
    if (run.state !== 'running' || run.states.some(({ state }) => state !== 'pending')) return false;
    this.#say(null, 'info', `Run of ${run.name} (${run.branch}) started by ${run.by.name}`);
    this.#next();
    return true;
  }

  #result(step: number, attempt: number, outcome: Outcome): boolean {
    const state = this.#attempt(step, attempt);
    if (state === null) return false;
    if (outcome.ok) this.#done(step, outcome.message);
    else this.#failedAttempt(step, outcome.message, outcome.retry);
    return true;
  }

  #ref(step: number, attempt: number, ref: string): boolean {
    const state = this.#attempt(step, attempt);
    if (state === null || state.ref === ref) return false;
    state.ref = ref;
    return true;
  }

  #tick(): boolean {
    const at = currentStep(this.#run);
    const state = this.#run.states[at];
    const step = this.#run.steps[at];
    if (state === undefined || step === undefined || state.dueAt === null || state.dueAt > this.now)
      return false;
    if (state.state === 'retrying') this.#attemptStep(at);
    else if (state.state === 'approval') this.#fail(at, `nobody approved it within ${words(limitOf(step))}`);
    else if (step.kind === 'wait') this.#done(at, `waited ${words(limitOf(step))}`);
    else {
      this.#effects.push({ type: 'abort', step: at, attempt: state.attempt, ref: state.ref });
      this.#failedAttempt(at, `stopped at its limit of ${words(limitOf(step))}`, true);
    }
    return true;
  }

  #decide({ step, approve, by, comment }: Extract<RunEvent, { type: 'decide' }>): boolean {
    const state = this.#run.states[step];
    if (this.#run.state !== 'running' || state?.state !== 'approval') return false;
    const said = `${approve ? 'approved' : 'rejected'} by ${by.name}${comment === '' ? '' : `: ${comment}`}`;
    if (approve) this.#done(step, said);
    else this.#fail(step, said);
    return true;
  }

  #cancel(by: Actor, reason: string): boolean {
    const run = this.#run;
    if (run.state !== 'running') return false;
    const at = currentStep(run);
    const state = run.states[at];
    const why = reason === '' ? '' : `: ${reason}`;
    this.#say(at < 0 ? null : at, 'warning', `Stopped by ${by.name}${why}`);
    if (state !== undefined) {
      if (state.state === 'running' && run.steps[at]?.kind !== 'wait')
        this.#effects.push({ type: 'abort', step: at, attempt: state.attempt, ref: state.ref });
      this.#settle(at, 'cancelled', `stopped by ${by.name}${why}`);
    }
    run.cancelled = { by, reason, at: this.now };
    this.#end('cancelled');
    return true;
  }

  /** Goes on with the first step that did not end well; what went well before it is not done again. */
  #retry(by: Actor): boolean {
    const run = this.#run;
    if (run.state !== 'failed' && run.state !== 'cancelled') return false;
    const from = run.states.findIndex(
      ({ state }, n) => state !== 'ok' && !(state === 'failed' && run.steps[n]?.continue_on_error === true),
    );
    if (from < 0) return false;
    run.states = run.states.map((state, n) => (n < from ? state : { ...FRESH, attempt: state.attempt }));
    run.state = 'running';
    run.endedAt = null;
    run.cancelled = null;
    this.#say(from, 'info', `Retried from step ${from + 1} by ${by.name}`);
    this.#next();
    return true;
  }

  /** The state of the attempt that is under way, null for any other. */
  #attempt(step: number, attempt: number): StepRun | null {
    const state = this.#run.states[step];
    const here = this.#run.state === 'running' && state?.state === 'running' && state.attempt === attempt;
    return here ? state : null;
  }

  #next(): void {
    const at = this.#run.states.findIndex(({ state }) => state === 'pending');
    if (at >= 0) return this.#attemptStep(at);
    const failed = this.#run.states.filter(({ state }) => state === 'failed').length;
    this.#say(
      null,
      failed > 0 ? 'warning' : 'info',
      failed > 0 ? `Run ended well, with ${failed} failed steps passed over` : 'Run ended well',
    );
    this.#end('ok');
  }

  #attemptStep(at: number): void {
    const step = this.#run.steps[at];
    const state = this.#run.states[at];
    if (step === undefined || state === undefined) return;
    state.attempt += 1;
    state.tries += 1;
    state.startedAt ??= this.now;
    state.dueAt = this.now + limitOf(step);
    state.ref = null;
    if (step.kind === 'approval') {
      state.state = 'approval';
      this.#say(at, 'warning', `Step ${at + 1} (${step.name}) waits for an approval: ${step.ask}`);
      return;
    }
    state.state = 'running';
    const again = state.tries > 1 ? `, attempt ${state.tries} of ${step.retries + 1}` : '';
    this.#say(at, 'info', `Step ${at + 1} (${step.name}) started${again}`);
    if (step.kind !== 'wait') this.#effects.push({ type: 'execute', step: at, attempt: state.attempt });
  }

  #failedAttempt(at: number, message: string, again: boolean): void {
    const step = this.#run.steps[at];
    const state = this.#run.states[at];
    if (step === undefined || state === undefined) return;
    if (!again || state.tries > step.retries) return this.#fail(at, message);
    state.state = 'retrying';
    state.dueAt = this.now + step.retry_delay_sec * 1_000;
    state.message = message;
    state.ref = null;
    this.#say(at, 'warning', `Attempt failed: ${message}. Again in ${words(step.retry_delay_sec * 1_000)}`);
  }

  #done(at: number, message: string): void {
    this.#settle(at, 'ok', message);
    this.#say(at, 'info', `Step ${at + 1} ended well: ${message}`);
    this.#next();
  }

  #fail(at: number, message: string): void {
    this.#settle(at, 'failed', message);
    const goesOn = this.#run.steps[at]?.continue_on_error === true;
    this.#say(at, 'error', `Step ${at + 1} failed: ${message}${goesOn ? '. The run goes on' : ''}`);
    if (goesOn) return this.#next();
    this.#say(null, 'error', `Run failed in step ${at + 1}`);
    this.#end('failed');
  }

  #settle(at: number, state: StepState, message: string): void {
    Object.assign(this.#run.states[at] ?? {}, { state, message, endedAt: this.now, dueAt: null });
  }

  #end(state: RunState): void {
    for (const step of this.#run.states) if (step.state === 'pending') step.state = 'skipped';
    this.#run.state = state;
    this.#run.endedAt = this.now;
  }

  #say(step: number | null, severity: LogText['severity'], text: string): void {
    this.#lines.push({ step, severity, text });
  }
}

/** A length of time as people say it. */
function words(ms: number): string {
  const sec = Math.round(ms / 1_000);
  if (sec < 120) return `${sec} s`;
  if (sec < 7_200) return `${Math.round(sec / 60)} min`;
  return `${Math.round(sec / 3_600)} h`;
}
