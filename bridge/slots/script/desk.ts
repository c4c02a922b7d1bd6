/** The scripts that run now: one per phone, each step told as it goes, ended at once by a stop or an unplugged phone. */
import { Refusal, type BridgeServices, type Handler } from '../../part.ts';
import type { Script } from '../../protocol/slots.ts';
import { wordsOf } from '../adb/shell.ts';
import type { CallWatcher } from '../calls/watcher.ts';
import type { Occupancy } from '../occupancy.ts';
import type { Registry } from '../registry.ts';
import type { Slot } from '../slot.ts';
import type { SlotStore } from '../store.ts';
import { HANGUP_LINE } from '../verbs/call.ts';
import type { Screens } from '../verbs/screen.ts';
import { checkedLine } from '../verbs/shell.ts';
import { checkedParams, fill } from './fill.ts';
import type { Shots } from './shots.ts';
import { perform, type StepTools } from './steps.ts';

const HANGUP_WITHIN_MS = 4_000;

interface Run {
  runId: string;
  slot: Slot;
  script: Script;
  values: Record<string, string>;
  free: boolean;
  abort: AbortController;
  /** It began a call by an intent. */
  dialled: boolean;
  /** Why it was aborted: `stopped` by a person, or what happened to the phone. */
  ended: { result: 'stopped' | 'failed'; message: string } | null;
  done: Promise<void>;
}

export interface DeskParts {
  registry: Registry;
  store: SlotStore;
  services: BridgeServices;
  calls: CallWatcher;
  occupancy: Occupancy;
  screens: Screens;
  shots: Shots;
  config: { verbs: readonly string[]; free_shell: boolean };
}

export class ScriptDesk {
  readonly #parts: DeskParts;
  readonly #runs = new Map<string, Run>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Tells the end of scripts that the bridge was killed in. */
  start(): void {
    for (const { runId, slot } of this.#parts.store.runs()) {
      this.#end(runId, slot, 'failed', 'The bridge was restarted in the middle of the script.');
    }
  }

  async stop(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const run of runs) this.#abort(run, 'failed', 'The bridge was stopped.');
    await Promise.all(runs.map(({ done }) => done));
  }

  /** Ends whatever script runs on a slot. */
  end(slot: Slot, message: string): void {
    for (const run of this.#runs.values()) {
      if (run.slot.key === slot.key) this.#abort(run, 'failed', message);
    }
  }

  readonly runHandler: Handler<'script.run'> = async (args) => {
    const { occupancy, store, calls, config } = this.#parts;
    const { script } = args;
    const values = checkedParams(script, args.params);
    checkScript(script, values, args.free, config);
    const slot = occupancy.admit(args.slot, args.fence);
    occupancy.take(slot, `the script ${script.name}`);
    store.keepRun(args.run_id, slot.key);
    const run: Run = {
      runId: args.run_id,
      slot,
      script,
      values,
      free: args.free,
      abort: new AbortController(),
      dialled: false,
      ended: null,
      done: Promise.resolve(),
    };
    this.#runs.set(run.runId, run);
    calls.alert(slot, true);
    run.done = this.#steps(run).finally(() => {
      this.#runs.delete(run.runId);
      calls.alert(slot, false);
      occupancy.release(slot);
    });
    return { steps: script.steps.length };
  };

  readonly stopHandler: Handler<'script.stop'> = async ({ run_id }) => {
    const run = this.#runs.get(run_id);
    if (!run) return { stopped: false };
    this.#abort(run, 'stopped', 'Stopped.');
    await run.done;
    return { stopped: true };
  };

  #abort(run: Run, result: 'stopped' | 'failed', message: string): void {
    run.ended ??= { result, message };
    run.abort.abort();
  }

  /** Never throws. */
  async #steps(run: Run): Promise<void> {
    const { runId, slot, script } = run;
    const { services } = this.#parts;
    const tell = (step: number, state: 'running' | 'ok' | 'failed' | 'skipped', more = {}): void =>
      services.emit({
        kind: 'script.step',
        data: { run_id: runId, step, state, ms: null, message: null, ...more },
      });
    for (const [index, step] of script.steps.entries()) {
      tell(index, 'running');
      const began = performance.now();
      const ms = (): number => Math.round(performance.now() - began);
      try {
        run.abort.signal.throwIfAborted();
        const message = await perform(step, this.#tools(run, index));
        run.abort.signal.throwIfAborted();
        tell(index, 'ok', { ms: ms(), message });
      } catch (error) {
        const { result, message } = run.ended ?? {
          result: 'failed' as const,
          message: this.#why(slot, error),
        };
        if (result === 'stopped') await this.#hangUp(run);
        tell(index, result === 'stopped' ? 'skipped' : 'failed', { ms: ms(), message });
        this.#end(runId, slot.key, result, message);
        return;
      }
    }
    this.#end(runId, slot.key, 'ok', null);
  }

  /** Whoever stops a script that rings somebody means the call, too. */
  async #hangUp({ slot, dialled }: Run): Promise<void> {
    const { registry, calls, services } = this.#parts;
    const call = calls.call(slot.key);
    if (!dialled || call === null || call.callId !== null || call.direction !== 'out') return;
    try {
      calls.take(slot, { is: 'hung_up' });
      await registry.run(slot, HANGUP_LINE, { timeoutMs: HANGUP_WITHIN_MS });
    } catch (error) {
      services.log.warn('the call of a stopped script was not ended', {
        slot: slot.key,
        error: wordsOf(error),
      });
    }
  }

  #why(slot: Slot, error: unknown): string {
    if (error instanceof Refusal) return error.message.slice(0, 2_000);
    this.#parts.services.log.error('a step of a script failed by a fault of the bridge', {
      slot: slot.key,
      error: wordsOf(error),
    });
    return `A fault of the bridge: ${wordsOf(error)}`.slice(0, 2_000);
  }

  #tools(run: Run, step: number): StepTools {
    const { registry, calls, screens, shots, config } = this.#parts;
    const { signal } = run.abort;
    const { slot } = run;
    return {
      values: run.values,
      signal,
      run: (line, limits) => registry.run(slot, line, { ...limits, signal }),
      telephony: () => calls.look(slot, signal),
      dialling: (number) => {
        run.dialled = true;
        calls.begin(slot, null, number);
      },
      screenshot: async () => shots.keep(run.runId, step, await screens.take(registry, slot, signal)),
      shellLine: (argv) => checkedLine(argv, run.free, config),
    };
  }

  #end(runId: string, slot: string, result: 'ok' | 'failed' | 'stopped', message: string | null): void {
    const { services, store } = this.#parts;
    services.emit({ kind: 'script.end', data: { run_id: runId, slot, result, message } });
    store.forgetRun(runId);
  }
}

/** What can be known to fail is refused before anything is tapped. @throws Refusal INVALID_ARGS, FORBIDDEN */
function checkScript(
  script: Script,
  values: Record<string, string>,
  free: boolean,
  config: DeskParts['config'],
): void {
  for (const step of script.steps) {
    if (step.do === 'shell')
      checkedLine(
        step.argv.map((argument) => fill(argument, values)),
        free,
        config,
      );
    if (step.do === 'text') fill(step.text, values);
    if (step.do === 'intent') {
      for (const template of [step.data ?? '', ...Object.values(step.extras ?? {})]) fill(template, values);
    }
    if ('target' in step) for (const template of Object.values(step.target)) fill(template, values);
  }
}
