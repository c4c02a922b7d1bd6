/** Shapes of `/api/dci/…`: pipelines, their runs, the log. Steps and lines are counted from 1; times are ISO 8601 in UTC. */
import { z } from '@hono/zod-openapi';
import { PipelineSchedule, PipelineSpec, PipelineStep, SEVERITIES } from '../../objects/pipelines/contract';

export const time = z.iso.datetime().openapi({ example: '2025-11-15T10:30:00.000Z' });

export const PipelineId = z
  .string()
  .regex(/^pl_[0-9a-z]{10,30}$/, 'not the id of a pipeline')
  .openapi({ example: 'pl_01k9zq3v5tq8m2r7xw' });
export const RunId = z
  .string()
  .regex(/^run_[0-9a-z]{10,30}$/, 'not the id of a run')
  .openapi({ example: 'run_01k9zq3v5tq8m2r7xw' });

export const Status = z
  .enum(['idle', 'running', 'waiting', 'ok', 'failed', 'cancelled'])
  .openapi('PipelineStatus', {
    description: 'Of the newest run; `idle`: there was none. `waiting`: for an approval.',
  });

const EXAMPLE = {
  name: 'Nightly check',
  branch: 'main',
  steps: [
    { kind: 'http' as const, name: 'Shop answers', url: 'https://shop.example/health', retries: 2 },
    { kind: 'wait' as const, name: 'Let it settle', sec: 5 },
  ],
  schedule: { kind: 'at' as const, times: ['03:30'], days: [1, 2, 3, 4, 5], enabled: true },
};

export const PipelineInput = PipelineSpec.openapi('PipelineInput', { example: EXAMPLE });
export const DRAFT_EXAMPLE = EXAMPLE;

const Cancelled = z
  .object({ by: z.string(), reason: z.string(), at: time })
  .openapi('RunCancelled', { description: 'Who stopped it and why.' });

export const RunBody = z
  .object({
    id: z.string(),
    pipeline_id: z.string(),
    name: z.string(),
    branch: z.string(),
    status: Status,
    triggered_by: z.string().openapi({ description: 'User name, or `schedule`.', example: 'admin' }),
    start_time: time,
    end_time: time.nullable(),
    step: z.int().nullable().openapi({ description: 'The one under way, or that ended the run.' }),
    step_count: z.int(),
    cancelled: z.union([Cancelled, z.null()]),
    error: z.string().nullable(),
    lines: z.int().openapi({ description: 'Lines of its log so far.' }),
    log_url: z.string().openapi({ example: '/api/dci/runs/run_01k9zq3v5tq8m2r7xw/log' }),
  })
  .openapi('PipelineRun');

export const RunDetailBody = RunBody.extend({
  retryable: z.boolean().openapi({ description: 'It can go on with the step that did not end well.' }),
  steps: z.array(
    z.object({
      n: z.int(),
      kind: z.enum(['bridge', 'script', 'http', 'reload', 'wait', 'approval']),
      name: z.string(),
      state: z.enum(['pending', 'running', 'retrying', 'approval', 'ok', 'failed', 'skipped', 'cancelled']),
      attempt: z.int().openapi({ description: 'Attempts begun; 0 before the first.' }),
      attempts: z.int().openapi({ description: 'Most attempts without somebody retrying it.' }),
      start_time: time.nullable(),
      end_time: time.nullable(),
      due_time: time
        .nullable()
        .openapi({ description: 'End of its limit, its wait or the rest before a retry.' }),
      message: z.string().nullable(),
      ask: z.string().nullable().openapi({ description: 'What an approval asks.' }),
    }),
  ),
}).openapi('PipelineRunDetail');

export const RunListBody = z
  .object({ items: z.array(RunBody), next: z.string().nullable() })
  .openapi('PipelineRuns');

export const PipelineBody = z
  .object({
    id: z.string(),
    name: z.string(),
    branch: z.string(),
    status: Status,
    triggered_by: z.string().nullable(),
    start_time: time.nullable(),
    end_time: time.nullable(),
    log_url: z.string().nullable(),
    run_id: z.string().nullable(),
    run: z.union([RunBody, z.null()]).openapi({ description: 'The newest run.' }),
    step_count: z.int(),
    schedule: z.union([PipelineSchedule, z.null()]),
    next_run: time.nullable(),
    updated_at: time,
  })
  .openapi('Pipeline');

export const DefinitionBody = PipelineBody.extend({
  steps: z.array(PipelineStep),
  updated_by: z.object({ id: z.string(), username: z.string(), name: z.string() }),
  needs: z.array(z.string()).openapi({
    description: 'Actions that whoever changes it must be allowed, because its steps do these things.',
    example: ['pbx.manage'],
  }),
}).openapi('PipelineDefinition');

export const CheckBody = z
  .object({
    ok: z.boolean(),
    problems: z.record(z.string(), z.array(z.string())).openapi({
      description: 'By field, dotted; positions in lists from 0.',
      example: { 'steps.0.url': ['must start with https://'] },
    }),
    next_run: time.nullable(),
  })
  .openapi('PipelineCheck');

export const StateBody = PipelineBody.extend({ detail: z.union([RunDetailBody, z.null()]) }).openapi(
  'PipelineState',
);

export const LogBody = z
  .object({
    id: z.int().openapi({ description: 'Grows by one with every entry of the tenant.' }),
    timestamp: time,
    module: z.string(),
    severity: z.enum(SEVERITIES),
    message: z.string(),
    context: z.unknown().openapi({ description: 'As it was posted, secrets masked; null of none.' }),
    user_id: z.string().nullable(),
    user: z.string().nullable(),
    run_id: z.string().nullable(),
    step: z.int().nullable(),
    line: z
      .int()
      .nullable()
      .openapi({ description: 'Number in its run’s log: it never changes, a link to it stays good.' }),
  })
  .openapi('LogEntry', {
    example: {
      id: 41,
      timestamp: '2025-11-15T10:30:00.000Z',
      module: 'backup',
      severity: 'info',
      message: 'Backup of the recordings is done.',
      context: { files: 214 },
      user_id: null,
      user: 'eng1',
      run_id: null,
      step: null,
      line: null,
    },
  });

export const OverviewBody = z
  .object({
    pipelines: z.int(),
    running: z.int(),
    waiting: z.int().openapi({ description: 'Of the running ones, those that wait for an approval.' }),
    runs: z
      .object({ ok: z.int(), failed: z.int(), cancelled: z.int() })
      .openapi({ description: 'Ended since the first one.' }),
    last_failures: z.array(RunBody).openapi({ description: 'Newest first, at most 5.' }),
    next_run: z.object({ pipeline_id: z.string(), name: z.string(), at: time }).nullable(),
  })
  .openapi('PipelineOverview');
