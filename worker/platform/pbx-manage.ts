import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS } from '../bridge/links';
import { openDb } from '../db';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { Identity } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { askPbx, choosePbx, Extension, PbxWish, PbxWord } from './pbx-choice';

const label = z
  .string()
  .trim()
  .max(80)
  .regex(/^[^\r\n,"]*$/, 'no commas, quotes or line breaks');
const queueParam = z.object({ queue: PbxWord });
const memberParam = queueParam.extend({ extension: Extension });
const errors = BRIDGE_REFUSALS;

const add = apiRoute({
  method: 'post',
  path: '/api/pbx/queues/{queue}/members',
  summary: 'Add an extension to a queue',
  tags: ['PBX'],
  access: 'pbx.manage',
  errors,
  request: {
    params: queueParam,
    body: jsonRequest(
      z
        .strictObject({
          extension: Extension,
          penalty: z.int().min(0).max(100).default(0),
          name: label.optional(),
          ...PbxWish,
        })
        .openapi('QueueMemberAdd'),
      { extension: '150', penalty: 0 },
    ),
  },
  responses: {
    200: json(z.object({ already: z.boolean() }), '`already`: it was a member; nothing changed.', {
      already: false,
    }),
  },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/pbx/queues/{queue}/members/{extension}',
  summary: 'Remove an extension from a queue',
  description:
    'Only members that were added while running; those of the PBX’s own configuration stay (CALL_FAILED).',
  tags: ['PBX'],
  access: 'pbx.manage',
  errors,
  request: { params: memberParam, query: z.object(PbxWish) },
  responses: {
    200: json(z.object({ already: z.boolean() }), '`already`: it was no member; nothing changed.', {
      already: false,
    }),
  },
});

const pause = apiRoute({
  method: 'patch',
  path: '/api/pbx/queues/{queue}/members/{extension}',
  summary: 'Pause a member of a queue, or let it go on',
  tags: ['PBX'],
  access: 'pbx.manage',
  errors,
  request: {
    params: memberParam,
    body: jsonRequest(
      z
        .strictObject({ paused: z.boolean(), reason: label.optional(), ...PbxWish })
        .openapi('QueueMemberPause'),
      { paused: true, reason: 'lunch' },
    ),
  },
  responses: { 200: json(z.object({ paused: z.boolean() }), 'As it is now.', { paused: true }) },
});

const reload = apiRoute({
  method: 'post',
  path: '/api/pbx/reload',
  summary: 'Reload a module of Asterisk',
  description: 'Only modules that the bridge’s configuration allows.',
  tags: ['PBX'],
  access: 'pbx.manage',
  errors,
  request: {
    body: jsonRequest(
      z
        .strictObject({ module: z.string().regex(/^[a-z0-9_]{1,40}\.so$/, 'not a module'), ...PbxWish })
        .openapi('PbxReload'),
      { module: 'res_pjsip.so' },
    ),
  },
  responses: { 200: json(z.object({ output: z.string() }), 'What Asterisk said.') },
});

/** Changes of a PBX: members of its queues, reloads of its modules. */
export const pbxManage = newApiApp();

pbxManage.openapi(add, async (c) => {
  const { identity } = c.var;
  const { queue } = c.req.valid('param');
  const { extension, penalty, name, ...wish } = c.req.valid('json');
  const ref = await choosePbx(c.env, identity.tenant, wish);
  const { already } = await askPbx(c.env, identity, ref, 'pbx.queue.add', {
    pbx: ref.pbx,
    queue,
    extension,
    penalty,
    ...(name !== undefined && { name }),
  });
  if (!already)
    await audit(c.env, identity, c.req.raw, 'pbx.queue.add', `${queue}/${extension}`, { penalty, name });
  return c.json({ already }, 200);
});

pbxManage.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { queue, extension } = c.req.valid('param');
  const ref = await choosePbx(c.env, identity.tenant, c.req.valid('query'));
  const { already } = await askPbx(c.env, identity, ref, 'pbx.queue.remove', {
    pbx: ref.pbx,
    queue,
    extension,
  });
  if (!already)
    await audit(c.env, identity, c.req.raw, 'pbx.queue.remove', `${queue}/${extension}`, { removed: true });
  return c.json({ already }, 200);
});

pbxManage.openapi(pause, async (c) => {
  const { identity } = c.var;
  const { queue, extension } = c.req.valid('param');
  const { paused, reason, ...wish } = c.req.valid('json');
  const ref = await choosePbx(c.env, identity.tenant, wish);
  const given = reason === undefined ? {} : { reason };
  await askPbx(c.env, identity, ref, 'pbx.queue.pause', { pbx: ref.pbx, queue, extension, paused, ...given });
  await audit(c.env, identity, c.req.raw, 'pbx.queue.pause', `${queue}/${extension}`, { paused, reason });
  return c.json({ paused }, 200);
});

pbxManage.openapi(reload, async (c) => {
  const { identity } = c.var;
  const { module, ...wish } = c.req.valid('json');
  const ref = await choosePbx(c.env, identity.tenant, wish);
  const { output } = await askPbx(c.env, identity, ref, 'pbx.reload', { pbx: ref.pbx, module });
  await audit(c.env, identity, c.req.raw, 'pbx.reload', ref.pbx, { module });
  return c.json({ output }, 200);
});

const audit = (
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  target: string,
  after: unknown,
): Promise<void> =>
  recordAudit(openDb(env.DB), identity, action, target, null, after, clientAddress(request, env));
