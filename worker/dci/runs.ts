import { z } from '@hono/zod-openapi';
import type { Actor, PipelineRefusal, RunDetail, RunResult } from '../../objects/pipelines/contract';
import { openDb } from '../db';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { pipelineOf, pipelinesOf } from './pipelines-store';
import { PipelineId, RunDetailBody, RunId, RunListBody, StateBody } from './schema';
import { pipelineView, runDetailView, runView } from './views';

const idParam = z.object({ id: PipelineId });
const runParam = z.object({ id: RunId });
const errors = ['NOT_FOUND', 'PIPELINE_ERROR'] as const;
const Comment = z.string().trim().max(500);

const start = apiRoute({
  method: 'post',
  path: '/api/dci/pipeline/{id}/run',
  summary: 'Run a pipeline now',
  description: 'One run at a time per pipeline, and at most 20 of a tenant.',
  tags: ['Pipelines'],
  access: 'pipeline.run',
  errors,
  request: { params: idParam },
  responses: { 200: json(RunDetailBody, 'The run as it begins.') },
});

const stop = apiRoute({
  method: 'post',
  path: '/api/dci/pipeline/{id}/stop',
  summary: 'Stop the run of a pipeline',
  description:
    'At once: a wait ends, a script is stopped, an answer is waited for no more. What a bridge has taken already is not undone.',
  tags: ['Pipelines'],
  access: 'pipeline.run',
  errors,
  // Clients that were written before there was a reason send no body.
  bodyOptional: true,
  request: {
    params: idParam,
    body: jsonRequest(z.strictObject({ reason: Comment.optional() }).openapi('PipelineStop'), {
      reason: 'The shop is being moved.',
    }),
  },
  responses: { 200: json(RunDetailBody, 'The run as it ended.') },
});

const status = apiRoute({
  method: 'get',
  path: '/api/dci/pipeline/{id}/status',
  summary: 'Where a pipeline stands',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  errors: ['NOT_FOUND'],
  request: { params: idParam },
  responses: { 200: json(StateBody, 'The pipeline, and its newest run step by step in `detail`.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/dci/pipeline/{id}/runs',
  summary: 'Runs of a pipeline',
  description: 'The newest 100 are kept.',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({ cursor: RunId.optional(), limit: z.coerce.number().int().min(1).max(100).default(20) }),
  },
  responses: { 200: json(RunListBody, 'Newest first.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/dci/runs/{id}',
  summary: 'One run, step by step',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  errors: ['NOT_FOUND'],
  request: { params: runParam },
  responses: { 200: json(RunDetailBody, 'The run.') },
});

const retry = apiRoute({
  method: 'post',
  path: '/api/dci/runs/{id}/retry',
  summary: 'Retry the failed step of a run',
  description:
    'The run goes on with the step that failed or was stopped; what went well before it is not done again. Only the newest ' +
    'run of a pipeline, with the definition it began with.',
  tags: ['Pipelines'],
  access: 'pipeline.run',
  errors,
  request: { params: runParam },
  responses: { 200: json(RunDetailBody, 'The run as it goes on.') },
});

const decide = apiRoute({
  method: 'post',
  path: '/api/dci/runs/{id}/approval',
  summary: 'Approve or reject what a run waits for',
  tags: ['Pipelines'],
  access: 'pipeline.run',
  errors,
  request: {
    params: runParam,
    body: jsonRequest(
      z
        .strictObject({
          step: z.int().min(1).max(50).openapi({ description: 'The step that asks.' }),
          approve: z.boolean(),
          comment: Comment.default(''),
        })
        .openapi('PipelineApproval'),
      { step: 2, approve: true, comment: 'Looks good.' },
    ),
  },
  responses: { 200: json(RunDetailBody, 'The run as it goes on.') },
});

/** `/api/dci/pipeline/…` and `/api/dci/runs/…`: running pipelines. */
export const runs = newApiApp();

runs.openapi(start, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  await pipelineOf(c.env, identity.tenantId, id);
  const run = taken(
    await pipelinesOf(c.env, identity.tenantId).start({ pipelineId: id, by: actor(identity) }),
  );
  await audit(c.env, identity, c.req.raw, 'pipeline.run', id, { run: run.id });
  return c.json(runDetailView(run), 200);
});

runs.openapi(stop, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const { reason = '' } = c.req.valid('json');
  await pipelineOf(c.env, identity.tenantId, id);
  const by = actor(identity);
  const run = taken(await pipelinesOf(c.env, identity.tenantId).stop({ pipelineId: id, by, reason }));
  await audit(c.env, identity, c.req.raw, 'pipeline.stop', id, { run: run.id, reason });
  return c.json(runDetailView(run), 200);
});

runs.openapi(status, async (c) => {
  const { tenantId } = c.var.identity;
  const row = await pipelineOf(c.env, tenantId, c.req.valid('param').id);
  const object = pipelinesOf(c.env, tenantId);
  const state = (await object.states([row.id]))[row.id];
  const detail = state?.last ? await object.run(state.last.id) : null;
  return c.json({ ...pipelineView(row, state), detail: detail && runDetailView(detail) }, 200);
});

runs.openapi(list, async (c) => {
  const { tenantId } = c.var.identity;
  const { cursor, limit } = c.req.valid('query');
  const row = await pipelineOf(c.env, tenantId, c.req.valid('param').id);
  const page = await pipelinesOf(c.env, tenantId).runs({
    pipelineId: row.id,
    limit,
    ...(cursor !== undefined && { before: cursor }),
  });
  return c.json({ items: page.items.map(runView), next: page.next }, 200);
});

runs.openapi(show, async (c) => {
  const run = await pipelinesOf(c.env, c.var.identity.tenantId).run(c.req.valid('param').id);
  if (run === null) throw NO_RUN();
  return c.json(runDetailView(run), 200);
});

runs.openapi(retry, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const run = taken(await pipelinesOf(c.env, identity.tenantId).retry({ runId: id, by: actor(identity) }));
  await audit(c.env, identity, c.req.raw, 'pipeline.retry', run.pipelineId, { run: id });
  return c.json(runDetailView(run), 200);
});

runs.openapi(decide, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const { step, approve, comment } = c.req.valid('json');
  const by = actor(identity);
  const object = pipelinesOf(c.env, identity.tenantId);
  const run = taken(await object.decide({ runId: id, step, approve, by, comment }));
  const action = approve ? 'pipeline.approve' : 'pipeline.reject';
  await audit(c.env, identity, c.req.raw, action, run.pipelineId, { run: id, step, comment });
  return c.json(runDetailView(run), 200);
});

const NO_RUN = (): PlatformError => new PlatformError('NOT_FOUND', 'No such run.');

const WORDS: Record<Exclude<PipelineRefusal['code'], 'not_found'>, string> = {
  running: 'The pipeline is already running.',
  not_running: 'There is nothing of it under way that could be stopped or decided.',
  not_retryable: 'Only the newest run of a pipeline can go on, and only one that did not end well.',
  busy: 'Too many pipelines run at once: wait for one to end.',
};

/** @throws PlatformError for a refusal */
function taken(result: RunResult): RunDetail {
  if (result.ok) return result.run;
  if (result.code === 'not_found') throw NO_RUN();
  throw new PlatformError('PIPELINE_ERROR', WORDS[result.code]);
}

const actor = ({ userId, username }: Identity): Actor => ({ userId, name: username });

const audit = (
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  target: string,
  after: unknown,
): Promise<void> =>
  recordAudit(openDb(env.DB), identity, action, target, null, after, clientAddress(request, env));
