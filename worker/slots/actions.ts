import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS, linkOfSlot, platformErrorOf } from '../bridge/links';
import { openDb } from '../db';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import type { Identity } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { people } from './people';
import { SlotHolderBody, SlotId } from './schema';
import { isoOrNull } from './views';

const idParam = z.object({ id: SlotId });

const restart = apiRoute({
  method: 'post',
  path: '/api/slots/{id}/restart',
  summary: 'Restart a slot’s session',
  description:
    'The app in front (or the configured one) is stopped and started, and the bridge takes hold of the phone anew. ' +
    'The status follows.',
  tags: ['Slots'],
  access: 'slot.command',
  errors: BRIDGE_REFUSALS,
  request: { params: idParam },
  responses: {
    200: json(z.object({ status: z.literal('restarting'), slot: z.int() }), 'The phone took it.', {
      status: 'restarting',
      slot: 44,
    }),
  },
});

const reboot = apiRoute({
  method: 'post',
  path: '/api/slots/{id}/reboot-device',
  summary: 'Reboot the phone',
  description: 'The status follows the real device until it is back: REBOOTING, then ONLINE.',
  tags: ['Slots'],
  access: 'slot.command',
  errors: BRIDGE_REFUSALS,
  request: { params: idParam },
  responses: {
    200: json(z.object({ status: z.literal('rebooting'), slot: z.int() }), 'The phone took it.', {
      status: 'rebooting',
      slot: 44,
    }),
  },
});

const hold = apiRoute({
  method: 'post',
  path: '/api/slots/{id}/hold',
  summary: 'Reserve a slot for oneself',
  description:
    'Until the minutes are over or it is freed, nobody else’s call, script or command gets it, and AUTO passes it by. ' +
    'One’s own calls, scripts and commands run under the reservation. Asked for again, it lasts anew from now on.',
  tags: ['Slots'],
  access: 'slot.command',
  errors: ['NOT_FOUND', 'SLOT_BUSY', 'SLOT_OFFLINE'],
  request: {
    params: idParam,
    body: jsonRequest(z.strictObject({ minutes: z.int().min(1).max(480).default(30) }).openapi('SlotHold'), {
      minutes: 30,
    }),
  },
  responses: {
    200: json(
      z.object({ slot: z.int(), holder: z.union([SlotHolderBody, z.null()]) }),
      'Who has the slot now.',
    ),
  },
});

const free = apiRoute({
  method: 'delete',
  path: '/api/slots/{id}/hold',
  summary: 'Free a slot',
  description:
    'One’s own reservation. With `force=1` (asks for `slot.manage`) whatever holds the slot: its call or script is ' +
    'ended, and its later commands are refused. Freeing a free slot is no error.',
  tags: ['Slots'],
  access: 'slot.command',
  errors: ['NOT_FOUND', 'SLOT_BUSY'],
  request: { params: idParam, query: z.object({ force: z.enum(['0', '1']).optional() }) },
  responses: {
    200: json(
      z.object({ slot: z.int(), released: z.union([SlotHolderBody.omit({ until: true }), z.null()]) }),
      'Who had it; null where nobody did.',
    ),
  },
});

/** `/api/slots/{id}/…`: what is done with a phone as a whole. */
export const slotActions = newApiApp();

slotActions.openapi(restart, async (c) => {
  const { identity } = c.var;
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const answer = await link.restartSlot({ slotId: slot.id, userId: identity.userId });
  await audit(c.env, identity, c.req.raw, 'slot.restart', slot.id, resultOf(answer));
  if (!answer.ok) throw platformErrorOf(answer);
  return c.json({ status: 'restarting' as const, slot: slot.id }, 200);
});

slotActions.openapi(reboot, async (c) => {
  const { identity } = c.var;
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const answer = await link.rebootSlot({ slotId: slot.id, userId: identity.userId });
  await audit(c.env, identity, c.req.raw, 'slot.reboot', slot.id, resultOf(answer));
  if (!answer.ok) throw platformErrorOf(answer);
  return c.json({ status: 'rebooting' as const, slot: slot.id }, 200);
});

slotActions.openapi(hold, async (c) => {
  const { identity } = c.var;
  const { minutes } = c.req.valid('json');
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const { userId } = identity;
  const answer = await link.hold({
    slot: slot.id,
    holder: { kind: 'user', id: userId, userId },
    lifeMs: minutes * 60_000,
  });
  if (!answer.ok) throw platformErrorOf(answer);
  await audit(c.env, identity, c.req.raw, 'slot.hold', slot.id, { minutes });
  const { holder, holderUntil } = answer.slot;
  const nameOf = await people(c.env, identity.tenantId, [userId]);
  return c.json(
    {
      slot: slot.id,
      holder: holder && {
        kind: holder.kind,
        id: holder.id,
        user: nameOf(holder.userId),
        until: isoOrNull(holderUntil),
      },
    },
    200,
  );
});

slotActions.openapi(free, async (c) => {
  const { identity } = c.var;
  const force = c.req.valid('query').force === '1';
  if (force && !identity.permissions.has('slot.manage'))
    throw new PlatformError('PERMISSION_DENIED', 'Your role does not allow slot.manage.');
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const answer = await link.freeSlot({ slotId: slot.id, userId: identity.userId, force });
  if (!answer.ok) throw platformErrorOf(answer);
  const { released } = answer;
  await audit(c.env, identity, c.req.raw, force ? 'slot.force_free' : 'slot.free', slot.id, { released });
  const nameOf = await people(c.env, identity.tenantId, [released?.userId ?? null]);
  return c.json(
    {
      slot: slot.id,
      released: released && { kind: released.kind, id: released.id, user: nameOf(released.userId) },
    },
    200,
  );
});

const resultOf = (answer: { ok: true } | { ok: false; code: string; message: string }) =>
  answer.ok ? { result: 'ok' } : { result: answer.code, message: answer.message };

const audit = (
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  slotId: number,
  after: unknown,
): Promise<void> =>
  recordAudit(openDb(env.DB), identity, action, String(slotId), null, after, clientAddress(request, env));
