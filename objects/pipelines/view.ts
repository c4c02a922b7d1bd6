import type { RunDetail, RunSummary } from './contract';
import { currentStep, type RunRecord } from './machine';
import type { StoredRun } from './store';

export function summaryOf({ run, lines }: StoredRun): RunSummary {
  const at = endedAtStep(run);
  const failed = run.state === 'failed' ? run.states[at] : undefined;
  return {
    id: run.id,
    pipelineId: run.pipelineId,
    name: run.name,
    branch: run.branch,
    state: run.state,
    by: run.by,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    step: at < 0 ? null : at + 1,
    stepCount: run.steps.length,
    waits: run.states[at]?.state === 'approval',
    cancelled: run.cancelled,
    error: failed?.message ?? null,
    lines,
  };
}

/** @param newest whether no run of the pipeline came after it */
export function detailOf(stored: StoredRun, newest: boolean): RunDetail {
  const { run } = stored;
  return {
    ...summaryOf(stored),
    retryable: newest && (run.state === 'failed' || run.state === 'cancelled'),
    steps: run.steps.flatMap((step, n) => {
      const state = run.states[n];
      if (state === undefined) return [];
      const { attempt, startedAt, endedAt, dueAt, message } = state;
      return {
        n: n + 1,
        kind: step.kind,
        name: step.name,
        state: state.state,
        attempt,
        attempts: step.retries + 1,
        startedAt,
        endedAt,
        dueAt,
        message,
        ask: step.kind === 'approval' ? step.ask : null,
      };
    }),
  };
}

/** The step under way, or the one that ended the run. */
function endedAtStep(run: RunRecord): number {
  if (run.state === 'running') return currentStep(run);
  if (run.state === 'ok') return -1;
  const wanted = run.state === 'failed' ? 'failed' : 'cancelled';
  return run.states.findLastIndex(({ state }) => state === wanted);
}
