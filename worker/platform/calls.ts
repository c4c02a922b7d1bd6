import { z } from '@hono/zod-openapi';
import { queueCommand, untilCallIsKnown } from '../dialer/queue-command';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { CallBody, CallDetailBody, CallId } from './call-schemas';
import { viewerOf } from './viewer';

const Slot = z.union([z.literal('AUTO'), z.number().int().min(0)]);

const StartBody = z
  .object({
    number: z.string().trim().min(1).max(64),
    via: z
      .enum(['phone', 'slot', 'pbx'])
      .optional()
      .openapi({ description: 'What rings; `slot` when absent.' }),
    slot: Slot.optional().openapi({ description: 'Which slot, or any free one.' }),
    device_id: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .optional()
      .openapi({ description: 'Only this one of my phones.' }),
    contact_id: z.string().trim().min(1).max(128).optional(),
    company_id: z.string().trim().min(1).max(128).optional(),
    note: z.string().trim().max(500).optional().openapi({ description: 'Shown on the phone.' }),
  })
  .openapi('CallStart');

const start = apiRoute({
  method: 'post',
  path: '/api/call/start',
  summary: 'Start a call',
  description:
    'With `via: "phone"` the command goes to the signed-in user’s Android phone: its parked poll gets it at once. ' +
    'The same number and contact asked for again within 60 s, while it still waits, is the same call (`dedup`).',
  tags: ['Calls'],
  access: 'call.start',
  errors: ['SLOT_OFFLINE', 'NOT_FOUND'],
  request: { body: jsonRequest(StartBody, { number: '+375290000000', via: 'phone' }) },
  responses: {
    200: json(
      z.object({
        call_id: z.string(),
        slot: z.null(),
        state: z.literal('QUEUED'),
        command_id: z.string(),
        number: z.string(),
        dedup: z.literal(true).optional(),
      }),
      'The command is stored; the live feed tells what becomes of it.',
      {
        call_id: 'c_01k73d5zq0a1b2c3d4',
        slot: null,
        state: 'QUEUED',
        command_id: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
        number: '+375290000000',
      },
    ),
  },
});

const FeedPageBody = z
  .object({
    epoch: z.string(),
    offset: z.number().int(),
    cursor: z.string(),
    reset: z.boolean(),
    calls: z.array(CallBody),
  })
  .openapi('FeedPage');

const feed = apiRoute({
  method: 'get',
  path: '/api/calls/feed',
  summary: 'Live calls, or what changed',
  description:
    'Without `since` the calls that are going on; with it, every call changed since, ended ones included. The answer’s ' +
    'header `X-Feed-Cursor` is the next `since`; `X-Feed-Reset: 1` says that the history does not reach back and the ' +
    'answer is the whole picture. `as=page` puts the same into the body.',
  tags: ['Calls'],
  access: 'call.view',
  request: {
    query: z.object({
      since: z.string().max(80).optional().openapi({ example: '0e8a0f3c-0000-4000-8000-000000000000:12' }),
      recent: z.coerce
        .number()
        .int()
        .min(0)
        .max(200)
        .optional()
        .openapi({ description: 'This many ended calls as well, newest first.' }),
      as: z.enum(['list', 'page']).optional(),
    }),
  },
  responses: {
    200: json(z.union([z.array(CallBody), FeedPageBody]), 'Calls; those of others only for who may see all.'),
  },
});

const one = apiRoute({
  method: 'get',
  path: '/api/call/{id}',
  summary: 'One call',
  tags: ['Calls'],
  access: 'call.view',
  errors: ['NOT_FOUND'],
  request: { params: z.object({ id: CallId }) },
  responses: { 200: json(CallDetailBody, 'The call with the moments of its states.') },
});

const REFUSALS = {
  bad_number: () =>
    new PlatformError('INVALID_PARAMS', 'The body does not validate.', {
      details: { number: ['not a phone number'] },
    }),
  no_device: () => new PlatformError('SLOT_OFFLINE', 'None of your phones is signed in.'),
  unknown_device: () => new PlatformError('NOT_FOUND', 'No such phone among yours.'),
} as const;

/** `/api/call…`: starting calls and looking at them. */
export const calls = newApiApp();

calls.openapi(start, async (c) => {
  const body = c.req.valid('json');
  const { tenant, userId } = c.var.identity;
  const via = body.via ?? 'slot';
  if (via === 'phone' && body.slot !== undefined) {
    const details = { slot: ['a call by phone uses no slot'] };
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });
  }
  // Slots and the PBX are reached through a bridge, and no bridge is connected.
  if (via === 'slot') throw new PlatformError('SLOT_OFFLINE', 'No slot is online.');
  if (via === 'pbx') throw new PlatformError('SLOT_OFFLINE', 'No PBX is connected.');
  const queued = await queueCommand(c.env, tenant, {
    number: body.number,
    userId,
    creatorId: userId,
    companyId: body.company_id,
    contactId: body.contact_id,
    note: body.note,
    deviceId: body.device_id,
  });
  if (!queued.ok) throw REFUSALS[queued.code]();
  // The client opens the call's card next.
  await untilCallIsKnown(c.env, tenant, userId);
  const answer = {
    call_id: queued.callId,
    slot: null,
    state: 'QUEUED',
    command_id: queued.commandId,
    number: queued.phone,
  } as const;
  return c.json(queued.dedup ? { ...answer, dedup: true as const } : answer, 200);
});

calls.openapi(feed, async (c) => {
  const { since, recent, as } = c.req.valid('query');
  const { identity } = c.var;
  const page = await c.env.CALL_HUB.getByName(identity.tenantId).feed({
    viewer: viewerOf(identity),
    since,
    recent,
  });
  c.header('X-Feed-Cursor', page.cursor);
  if (page.reset && since !== undefined) c.header('X-Feed-Reset', '1');
  if (as !== 'page') return c.json(page.calls, 200);
  const colon = page.cursor.lastIndexOf(':');
  const [epoch, offset] = [page.cursor.slice(0, colon), Number(page.cursor.slice(colon + 1))];
  return c.json({ epoch, offset, cursor: page.cursor, reset: page.reset, calls: page.calls }, 200);
});

calls.openapi(one, async (c) => {
  const { identity } = c.var;
  const call = await c.env.CALL_HUB.getByName(identity.tenantId).call(
    c.req.valid('param').id,
    viewerOf(identity),
  );
  if (!call) throw new PlatformError('NOT_FOUND', 'No such call.');
  return c.json(call, 200);
});
