/** The test stand of a sandbox: a fixed list of checks of the provider's endpoints. */
import { z } from '@hono/zod-openapi';
import { ProblemError } from '../../http/problems';
import { Json } from '../marketplace/schemas';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../page';
import { commsRoute, newCommsApp } from '../route';
import { granted, sandboxFor } from './room';
import { RunBody, SANDBOX, tags, versionParams } from './schemas';
import { runView } from './views';

const path = `${SANDBOX}/runs`;
const runParams = versionParams.extend({ runId: z.string().min(1).max(64) });

const start = commsRoute({
  method: 'post',
  path,
  summary: 'Run the test stand',
  description:
    'It goes on by itself, also through restarts; ask for the run to see how far it is. One check waits for a message that ' +
    'you write as a customer, and the last one ends the integration. How it ended is what publication asks for, as long as ' +
    'the configuration that ran is the active one.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed', 'no_token', 'run_in_progress'],
  request: { params: versionParams },
  responses: { 201: Json(RunBody, 'It runs.') },
});

const list = commsRoute({
  method: 'get',
  path,
  summary: 'Runs of the test stand, newest first',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden'],
  request: { params: versionParams, query: pageQuery },
  responses: { 200: Json(pageOf(RunBody), 'A page of them.') },
});

const show = commsRoute({
  method: 'get',
  path: `${path}/{runId}`,
  summary: 'A run of the test stand',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden'],
  request: { params: runParams },
  responses: { 200: Json(RunBody, 'How far it is.') },
});

const cancel = commsRoute({
  method: 'post',
  path: `${path}/{runId}/cancel`,
  summary: 'Cancel a run',
  description: 'One that is over stays as it is.',
  tags,
  access: 'developer',
  errors: ['not_found'],
  request: { params: runParams },
  responses: { 200: Json(RunBody, 'As it is now.') },
});

/** `…/sandbox/runs`. */
export const runs = newCommsApp();

runs.openapi(start, async (c) => {
  const sandbox = await sandboxFor(c, c.req.valid('param'));
  const by = c.var.market.kind === 'developer' ? c.var.market.developer : c.var.market.kind;
  return c.json(runView(granted(await sandbox.startRun(by))), 201);
});

runs.openapi(list, async (c) => {
  const sandbox = await sandboxFor(c, c.req.valid('param'));
  const { cursor, limit } = c.req.valid('query');
  const [before] = decodeCursor(cursor, ['number']) ?? [];
  const { items, more } = await sandbox.runs({ before, limit });
  const last = items.at(-1);
  const nextCursor = more && last !== undefined ? encodeCursor([last.number]) : null;
  return c.json({ items: items.map(runView), nextCursor }, 200);
});

runs.openapi(show, async (c) => {
  const { runId, ...version } = c.req.valid('param');
  const run = await (await sandboxFor(c, version)).run(runId);
  if (run === null) throw new ProblemError('not_found', 'No such run.');
  return c.json(runView(run), 200);
});

runs.openapi(cancel, async (c) => {
  const { runId, ...version } = c.req.valid('param');
  return c.json(runView(granted(await (await sandboxFor(c, version)).cancelRun(runId))), 200);
});
