/**
 * What other rooms may ask of a Pipelines object: one per tenant (named by the tenant's id), the only one that runs the
 * tenant's pipelines, keeps their runs and the log, and starts them by their schedules. Definitions live in D1
 * (`pipelines`) and are read when a run starts. Times are milliseconds since the epoch. Expected refusals are results
 * with `ok: false`; a throw is a bug or an unreachable object and may be retried.
 */
import type { Actor, RunState, StepState } from './machine';
import type { PipelineStep } from './spec';
import type { LogEntry, Severity } from './wire';

export * from './spec';
export type { Actor, RunState, StepState } from './machine';
export { nextRun } from './schedule';
export { logWire, SEVERITIES } from './wire';
export type { LogEntry, Severity } from './wire';

/** A run without its steps. */
export interface RunSummary {
  id: string;
  pipelineId: string;
  name: string;
  branch: string;
  state: RunState;
  by: Actor;
  startedAt: number;
  endedAt: number | null;
  /** Step under way, or the one that ended it; from 1, null before the first and of a run that ended well. */
  step: number | null;
  stepCount: number;
  /** It waits for a person. */
  waits: boolean;
  cancelled: { by: Actor; reason: string; at: number } | null;
  /** Why it failed, in words. */
  error: string | null;
  /** Lines of its log so far. */
  lines: number;
}

export interface RunStep {
  /** From 1. */
  n: number;
  kind: PipelineStep['kind'];
  name: string;
  state: StepState;
  attempt: number;
  attempts: number;
  startedAt: number | null;
  endedAt: number | null;
  /** End of its limit, its wait or its rest. */
  dueAt: number | null;
  message: string | null;
  /** What an approval asks. */
  ask: string | null;
}

export interface RunDetail extends RunSummary {
  steps: RunStep[];
  /** It ended, and nothing is in the way of going on with the step that did not end well. */
  retryable: boolean;
}

/** Where one pipeline stands. */
export interface PipelineState {
  last: RunSummary | null;
  nextAt: number | null;
}

export interface Overview {
  /** Runs under way. */
  running: number;
  /** Of those, waiting for a person. */
  waiting: number;
  /** Runs ended since the object was made, by how. */
  totals: Record<Exclude<RunState, 'running'>, number>;
  /** Newest first, at most 5. */
  failures: RunSummary[];
}

/**
 * `not_found`: no such pipeline or run here. `running`: one runs already. `not_running`: nothing to stop or decide.
 * `not_retryable`: it did not fail, or a newer run came after it. `busy`: too many pipelines run at once.
 */
export type PipelineRefusal = {
  ok: false;
  code: 'not_found' | 'running' | 'not_running' | 'not_retryable' | 'busy';
};
export type RunResult = { ok: true; run: RunDetail } | PipelineRefusal;

export interface LogQuery {
  module?: string;
  severity?: Severity;
  runId?: string;
  /** Case does not matter. */
  text?: string;
  from?: number;
  to?: number;
  /** Entries older than this one, newest first. */
  before?: number;
  /** Entries newer than this one, oldest first. */
  after?: number;
  limit: number;
}

export interface PipelinesApi extends Rpc.DurableObjectBranded {
  /** A definition or the tenant's zone changed in D1: schedules are planned anew. `reset`: this one's was edited. */
  configChanged(reset?: string): Promise<void>;
  start(input: { pipelineId: string; by: Actor }): Promise<RunResult>;
  /** Stops the run under way at once: what a step waits for is waited for no more. */
  stop(input: { pipelineId: string; by: Actor; reason: string }): Promise<RunResult>;
  /** Of the approval that step `step` (from 1) waits for. */
  decide(input: {
    runId: string;
    step: number;
    approve: boolean;
    by: Actor;
    comment: string;
  }): Promise<RunResult>;
  /** Goes on with the step that failed or was stopped, with the definition the run began with. */
  retry(input: { runId: string; by: Actor }): Promise<RunResult>;
  states(pipelineIds: string[]): Promise<Record<string, PipelineState>>;
  /** Newest first. `before` is a run's id. */
  runs(query: {
    pipelineId: string;
    before?: string;
    limit: number;
  }): Promise<{ items: RunSummary[]; next: string | null }>;
  run(runId: string): Promise<RunDetail | null>;
  /** Lines of a run after line `after`, in order; null: no such run. */
  runLog(query: { runId: string; after: number; limit: number }): Promise<LogEntry[] | null>;
  logEvent(entry: {
    module: string;
    severity: Severity;
    message: string;
    context: string | null;
    userId: string | null;
    by: string;
  }): Promise<LogEntry>;
  log(query: LogQuery): Promise<LogEntry[]>;
  overview(): Promise<Overview>;
  /** The pipeline was deleted: its runs and their lines go. False: one runs. */
  forget(pipelineId: string): Promise<boolean>;
}
