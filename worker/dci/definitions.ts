import { and, eq, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { newPipelineId } from '../../objects/lib/ids';
import { nextRun, type PipelineSpec } from '../../objects/pipelines/contract';
import { openDb } from '../db';
import { people } from '../db/people';
import { pipelines as table } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { accepted, checkPipeline, needsOf } from './check';
import { listPipelines, pipelineOf, pipelinesOf, type PipelineRow } from './pipelines-store';
import { CheckBody, DefinitionBody, DRAFT_EXAMPLE, PipelineBody, PipelineId, PipelineInput } from './schema';
import { iso, pipelineView } from './views';

const MOST = 100;
const LIMIT = 256 * 1_024;
const idParam = z.object({ id: PipelineId });

const list = apiRoute({
  method: 'get',
  path: '/api/dci/pipelines',
  summary: 'Pipelines',
  description: 'By name, each with where it stands: its newest run and when it starts by itself.',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  responses: { 200: json(z.array(PipelineBody), 'All of them.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/dci/pipelines/{id}',
  summary: 'A pipeline’s definition',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  errors: ['NOT_FOUND'],
  request: { params: idParam },
  responses: { 200: json(DefinitionBody, 'The definition.') },
});

const check = apiRoute({
  method: 'post',
  path: '/api/dci/pipelines/check',
  summary: 'Check a pipeline without storing it',
  tags: ['Pipelines'],
  access: 'pipeline.manage',
  bodyLimit: LIMIT,
  request: {
    body: jsonRequest(z.record(z.string(), z.unknown()).openapi('PipelineDraft'), DRAFT_EXAMPLE),
  },
  responses: { 200: json(CheckBody, 'What is wrong with it, by field, and when it would run next.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/dci/pipelines',
  summary: 'Define a pipeline',
  description:
    'Steps: a command of a bridge, a script on a slot, an HTTP check (https at a public address, no redirects), a reload ' +
    'of an Asterisk module, a wait, an approval by a person. Each asks for the right to do it by hand.',
  tags: ['Pipelines'],
  access: 'pipeline.manage',
  bodyLimit: LIMIT,
  request: { body: jsonRequest(PipelineInput) },
  responses: { 201: json(DefinitionBody, 'The definition.') },
});

const replace = apiRoute({
  method: 'put',
  path: '/api/dci/pipelines/{id}',
  summary: 'Replace a pipeline’s definition',
  description: 'A run under way goes on with the definition it began with.',
  tags: ['Pipelines'],
  access: 'pipeline.manage',
  errors: ['NOT_FOUND'],
  bodyLimit: LIMIT,
  request: { params: idParam, body: jsonRequest(PipelineInput) },
  responses: { 200: json(DefinitionBody, 'The definition as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/dci/pipelines/{id}',
  summary: 'Delete a pipeline',
  description: 'With its runs and their logs. Not while it runs.',
  tags: ['Pipelines'],
  access: 'pipeline.manage',
  errors: ['NOT_FOUND', 'PIPELINE_ERROR'],
  request: { params: idParam },
  responses: { 204: { description: 'It is gone.' } },
});

/** `/api/dci/pipelines…`: the definitions. */
export const definitions = newApiApp();

definitions.openapi(list, async (c) => {
  const { tenantId } = c.var.identity;
  const rows = await listPipelines(c.env, tenantId);
  const states = await pipelinesOf(c.env, tenantId).states(rows.map(({ id }) => id));
  return c.json(
    rows.map((row) => pipelineView(row, states[row.id])),
    200,
  );
});

definitions.openapi(check, async (c) => {
  const { identity } = c.var;
  const checked = await checkPipeline(c.env, identity, c.req.valid('json'));
  if (!checked.ok) return c.json({ ok: false, problems: checked.problems, next_run: null }, 200);
  const now = Date.now();
  const next = nextRun(checked.spec.schedule, now, now, identity.tenant.timeZone);
  return c.json({ ok: true, problems: {}, next_run: next === null ? null : iso(next) }, 200);
});

definitions.openapi(create, async (c) => {
  const { identity } = c.var;
  const { spec, stored } = await accepted(c.env, identity, c.req.valid('json'));
  const now = Date.now();
  const id = newPipelineId(now);
  // One statement, so that two people can't step over the limit or each other.
  const { meta } = await openDb(c.env.DB).run(sql`
    INSERT INTO pipelines (tenant_id, id, name, branch, spec, created_at, updated_at, updated_by)
    SELECT ${identity.tenantId}, ${id}, ${spec.name}, ${spec.branch}, ${JSON.stringify(stored)}, ${now}, ${now},
      ${identity.userId}
    WHERE (SELECT count(*) FROM pipelines WHERE tenant_id = ${identity.tenantId}) < ${MOST}
    ON CONFLICT DO NOTHING`);
  if (meta.changes === 0) {
    const all = await listPipelines(c.env, identity.tenantId);
    throw invalid(
      all.some(({ name }) => name === spec.name)
        ? 'a pipeline has this name already'
        : `there are ${MOST} pipelines already`,
    );
  }
  await changed(c.env, identity, c.req.raw, 'pipeline.create', id, null, spec);
  return c.json(await definitionOf(c.env, identity, id), 201);
});

definitions.openapi(show, async (c) =>
  c.json(await definitionOf(c.env, c.var.identity, c.req.valid('param').id), 200),
);

definitions.openapi(replace, async (c) => {
  const { identity } = c.var;
  const { id } = c.req.valid('param');
  const before = await pipelineOf(c.env, identity.tenantId, id);
  const { spec, stored } = await accepted(c.env, identity, c.req.valid('json'));
  const { name, branch } = spec;
  const { meta } = await openDb(c.env.DB).run(sql`
    UPDATE OR IGNORE pipelines SET name = ${name}, branch = ${branch}, spec = ${JSON.stringify(stored)},
      updated_at = ${Date.now()}, updated_by = ${identity.userId}
    WHERE tenant_id = ${identity.tenantId} AND id = ${id}`);
  if (meta.changes === 0) {
    await pipelineOf(c.env, identity.tenantId, id);
    throw invalid('a pipeline has this name already');
  }
  await changed(c.env, identity, c.req.raw, 'pipeline.update', id, specOf(before), spec);
  return c.json(await definitionOf(c.env, identity, id), 200);
});

definitions.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { tenantId } = identity;
  const { id } = c.req.valid('param');
  const before = await pipelineOf(c.env, tenantId, id);
  const object = pipelinesOf(c.env, tenantId);
  // First what runs: with its row gone nobody could stop it any more.
  if (!(await object.forget(id)))
    throw new PlatformError('PIPELINE_ERROR', 'The pipeline is running: stop it first.');
  await openDb(c.env.DB)
    .delete(table)
    .where(and(eq(table.tenantId, tenantId), eq(table.id, id)));
  // A run that began between the two has nobody left to watch it.
  if (!(await object.forget(id))) {
    const by = { userId: identity.userId, name: identity.username };
    await object.stop({ pipelineId: id, by, reason: 'the pipeline was deleted' });
    await object.forget(id);
  }
  await changed(c.env, identity, c.req.raw, 'pipeline.delete', id, specOf(before), null);
  return c.body(null, 204);
});

const invalid = (problem: string): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The pipeline does not validate.', { details: { name: [problem] } });

const specOf = ({ name, branch, spec }: PipelineRow): PipelineSpec => ({
  name,
  branch,
  steps: spec.steps,
  schedule: spec.schedule,
});

async function changed(
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  id: string,
  before: PipelineSpec | null,
  after: PipelineSpec | null,
): Promise<void> {
  await recordAudit(openDb(env.DB), identity, action, id, before, after, clientAddress(request, env));
  const kept = JSON.stringify(before?.schedule ?? null) === JSON.stringify(after?.schedule ?? null);
  await pipelinesOf(env, identity.tenantId).configChanged(kept ? undefined : id);
}

async function definitionOf(
  env: Env,
  identity: Identity,
  id: string,
): Promise<z.infer<typeof DefinitionBody>> {
  const { tenantId } = identity;
  const row = await pipelineOf(env, tenantId, id);
  const states = await pipelinesOf(env, tenantId).states([id]);
  const nameOf = await people(env, tenantId, [row.updatedBy]);
  return {
    ...pipelineView(row, states[id]),
    steps: row.spec.steps,
    updated_by: nameOf(row.updatedBy) ?? { id: row.updatedBy, username: row.updatedBy, name: row.updatedBy },
    needs: await needsOf(env, identity, specOf(row)),
  };
}
