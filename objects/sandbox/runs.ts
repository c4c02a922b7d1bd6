import type { Env } from '../../worker/env';
import type { Timers } from '../lib/timers';
import { cancel, type Run } from './machine';
import { AGAIN_MS, type Opening } from './opening';
import { recordRun } from './record';
import type { Stand } from './stand';
import type { SandboxStore } from './store';

export interface RunsParts {
  env: Env;
  store: SandboxStore;
  timers: Timers;
  stand: Stand;
  opening(): Opening | null;
  commit<T>(work: () => T): T;
}

/** Runs of the test stand: begun, carried on until they end, and told to D1. */
export class Runs {
  constructor(private readonly parts: RunsParts) {}

  begin(run: Run, now: number): void {
    const { store, timers, commit } = this.parts;
    commit(() => {
      store.save(run);
      timers.setBy('step', now + AGAIN_MS);
    });
  }

  /** Null: there is no such run. One that is over stays as it is. */
  cancel(id: string, now: number): Run | null {
    const { store, commit } = this.parts;
    const known = store.run(id);
    if (known === null) return null;
    const run = cancel(known, now);
    if (run !== known) commit(() => store.save(run));
    return run;
  }

  /** Never throws: what could not be done now, the alarm does. */
  async carryOn(): Promise<void> {
    const { store, stand, timers } = this.parts;
    try {
      const next = await stand.step(() => Date.now());
      if (next === null && store.running() === null) timers.clear('step');
      else timers.set('step', next ?? Date.now() + AGAIN_MS);
      await this.record();
    } catch (error) {
      console.warn('a run of the test stand rests:', error);
      timers.setBy('step', Date.now() + AGAIN_MS);
    }
  }

  /** Tells D1 how runs ended. */
  async record(): Promise<void> {
    const { env, store, timers } = this.parts;
    const opening = this.parts.opening();
    for (let run = store.unrecorded(); run !== null; run = store.unrecorded()) {
      timers.setBy('record', Date.now() + AGAIN_MS);
      if (opening !== null) await recordRun(env, opening.appCode, opening.tie.appVersion, run);
      store.recorded(run.id);
    }
    timers.clear('record');
  }
}
