import type { z } from '@hono/zod-openapi';
import type { PipelineState, RunDetail, RunSummary, StoredSpec } from '../../objects/pipelines/contract';
import type { PipelineBody, RunBody, RunDetailBody } from './schema';

export const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

const statusOf = (run: RunSummary): z.infer<typeof RunBody>['status'] =>
  run.state === 'running' && run.waits ? 'waiting' : run.state;

export const runView = (run: RunSummary): z.infer<typeof RunBody> => ({
  id: run.id,
  pipeline_id: run.pipelineId,
  name: run.name,
  branch: run.branch,
  status: statusOf(run),
  triggered_by: run.by.name,
  start_time: iso(run.startedAt),
  end_time: isoOrNull(run.endedAt),
  step: run.step,
  step_count: run.stepCount,
  cancelled: run.cancelled && {
    by: run.cancelled.by.name,
    reason: run.cancelled.reason,
    at: iso(run.cancelled.at),
  },
  error: run.error,
  lines: run.lines,
  log_url: `/api/dci/runs/${run.id}/log`,
});

export const runDetailView = (run: RunDetail): z.infer<typeof RunDetailBody> => ({
  ...runView(run),
  retryable: run.retryable,
  steps: run.steps.map(({ startedAt, endedAt, dueAt, ...step }) => ({
    ...step,
    start_time: isoOrNull(startedAt),
    end_time: isoOrNull(endedAt),
    due_time: isoOrNull(dueAt),
  })),
});

/** A pipeline of the configuration with where it stands. */
export function pipelineView(
  row: { id: string; name: string; branch: string; spec: StoredSpec; updatedAt: number },
  state: PipelineState | undefined,
): z.infer<typeof PipelineBody> {
  const run = state?.last ? runView(state.last) : null;
  return {
    id: row.id,
    name: row.name,
    branch: row.branch,
    status: run?.status ?? 'idle',
    triggered_by: run?.triggered_by ?? null,
    start_time: run?.start_time ?? null,
    end_time: run?.end_time ?? null,
    log_url: run?.log_url ?? null,
    run_id: run?.id ?? null,
    run,
    step_count: row.spec.steps.length,
    schedule: row.spec.schedule,
    next_run: isoOrNull(state?.nextAt ?? null),
    updated_at: iso(row.updatedAt),
  };
}
