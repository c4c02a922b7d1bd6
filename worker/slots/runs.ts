import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS, bridgeOfId, linkOf, platformErrorOf, startOnAnySlot } from '../bridge/links';
import { openDb } from '../db';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import type { Identity } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { people } from './people';
import { scriptNeedsShell } from './script-check';
import { fillParams } from './script-params';
import { RunBody, RunId, RunListBody, RunStart } from './script-schema';
import { findScript } from '../db/scripts';
import { SlotId } from './schema';
import { runView } from './views';

const runParam = z.object({ script_id: RunId });

const start = apiRoute({
  method: 'post',
  path: '/api/gacs/run-script',
  summary: 'Run a script on a slot',
  description:
    '`"AUTO"` takes the online, free slot that is idle the longest. One script runs on a slot at a time.',
  tags: ['Scripts'],
  access: 'script.run',
  errors: BRIDGE_REFUSALS,
  request: {
    body: jsonRequest(RunStart, { slot_id: 44, script: 'gsm_call', params: { number: '+375290000000' } }),
  },
  responses: {
    200: json(
      z.object({ status: z.literal('executing'), script_id: z.string(), slot: z.int() }),
      'It runs; how far it is, is at `/api/gacs/status/{script_id}`.',
      { status: 'executing', script_id: 'gacs_1_001', slot: 44 },
    ),
  },
});

const status = apiRoute({
  method: 'get',
  path: '/api/gacs/status/{script_id}',
  summary: 'How far a run is',
  tags: ['Scripts'],
  access: 'script.view',
  errors: ['NOT_FOUND'],
  request: { params: runParam },
  responses: { 200: json(RunBody, 'Its steps with result and time, and the error that ended it.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/gacs/runs',
  summary: 'Runs of scripts',
  tags: ['Scripts'],
  access: 'script.view',
  request: {
    query: z.object({
      slot: SlotId.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
  },
  responses: { 200: json(RunListBody, 'Newest first.') },
});

const stop = apiRoute({
  method: 'post',
  path: '/api/gacs/stop/{script_id}',
  summary: 'Stop a run',
  description: 'Between two steps, and in the middle of a wait. Stopping what has ended is no error.',
  tags: ['Scripts'],
  access: 'script.run',
  errors: BRIDGE_REFUSALS,
  request: { params: runParam },
  responses: { 200: json(RunBody, 'The run as it is now; its end follows at once.') },
});

const screenshot = apiRoute({
  method: 'get',
  path: '/api/gacs/runs/{id}/steps/{n}/screenshot',
  summary: 'Picture that a step took',
  tags: ['Scripts'],
  access: 'script.view',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({
      id: RunId,
      n: z.coerce.number().int().min(1).max(1_000).openapi({ type: 'integer', example: 2 }),
    }),
  },
  responses: {
    200: {
      description: 'The picture.',
      content: { 'image/png': { schema: z.string().openapi({ format: 'binary' }) } },
    },
  },
});

/** `/api/gacs/…`: running scripts on slots. */
export const scriptRuns = newApiApp();

scriptRuns.openapi(start, async (c) => {
  const { identity } = c.var;
  const { slot_id: slot, script: name, params: given } = c.req.valid('json');
  const stored = await findScript(c.env, identity.tenantId, name);
  if (stored === null) throw invalid({ script: ['no such script'] });
  const { script } = stored;
  const filled = fillParams(script, given, identity.tenant.country);
  if (!filled.ok) throw invalid(filled.problems);
  const free = identity.permissions.has('slot.shell');
  if (!free && scriptNeedsShell(script))
    throw new PlatformError(
      'PERMISSION_DENIED',
      'Your role does not allow slot.shell, which a step asks for.',
    );
  const { answer } = await startOnAnySlot(c.env, identity.tenant, slot, async (link, chosen) =>
    link.startScript({ slot: chosen, script, params: filled.params, free, userId: identity.userId }),
  );
  if (!answer.ok) throw platformErrorOf(answer);
  const { runId, slotId } = answer;
  await audit(c.env, identity, c.req.raw, 'script.run', runId, { script: name, slot: slotId });
  return c.json({ status: 'executing' as const, script_id: runId, slot: slotId }, 200);
});

scriptRuns.openapi(status, async (c) => {
  const { identity } = c.var;
  const { run } = await runOf(c.env, identity, c.req.valid('param').script_id);
  return c.json(runView(run, await people(c.env, identity.tenantId, [run.userId])), 200);
});

scriptRuns.openapi(list, async (c) => {
  const { identity } = c.var;
  const { slot, limit } = c.req.valid('query');
  const asked = await Promise.all(
    identity.tenant.bridges.map((bridge) =>
      linkOf(c.env, identity.tenantId, bridge.id).scripts({
        limit,
        ...(slot !== undefined && { slotId: slot }),
      }),
    ),
  );
  const found = asked
    .flat()
    .sort((a, b) => b.startedAt - a.startedAt)
    .slice(0, limit);
  const nameOf = await people(
    c.env,
    identity.tenantId,
    found.map(({ userId }) => userId),
  );
  return c.json({ items: found.map((run) => runView(run, nameOf)) }, 200);
});

scriptRuns.openapi(stop, async (c) => {
  const { identity } = c.var;
  const { script_id: runId } = c.req.valid('param');
  const { link, run } = await runOf(c.env, identity, runId);
  const answer = await link.stopScript({ runId, by: `user:${identity.userId}` });
  if (run.status === 'executing')
    await audit(c.env, identity, c.req.raw, 'script.stop', runId, { result: answer.ok ? 'ok' : answer.code });
  if (!answer.ok) throw platformErrorOf(answer);
  const now = (await link.script(runId)) ?? run;
  return c.json(runView(now, await people(c.env, identity.tenantId, [now.userId])), 200);
});

scriptRuns.openapi(screenshot, async (c) => {
  const { id, n } = c.req.valid('param');
  const { run } = await runOf(c.env, c.var.identity, id);
  const key = run.steps[n - 1]?.screenshot ?? null;
  const picture = key === null ? null : await c.env.BLOBS.get(key);
  if (picture === null) throw new PlatformError('NOT_FOUND', 'No such picture.');
  return c.body(picture.body, 200, {
    'content-type': 'image/png',
    'cache-control': 'private, max-age=86400',
  });
});

const invalid = (details: Record<string, string[]>) =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });

/** @throws PlatformError NOT_FOUND */
async function runOf(env: Env, identity: Identity, runId: string) {
  const bridge = bridgeOfId(identity.tenant, runId);
  const link = bridge === null ? null : linkOf(env, identity.tenantId, bridge.id);
  const run = link === null ? null : await link.script(runId);
  if (link === null || run === null) throw new PlatformError('NOT_FOUND', 'No such run.');
  return { link, run };
}

const audit = (
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  runId: string,
  after: unknown,
): Promise<void> =>
  recordAudit(openDb(env.DB), identity, action, runId, null, after, clientAddress(request, env));
