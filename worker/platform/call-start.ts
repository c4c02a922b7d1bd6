import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS } from '../bridge/links';
import { queueCommand, untilCallIsKnown } from '../dialer/queue-command';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { badField, startPbxCall, startSlotCall } from './bridge-calls';
import { CallId } from './call-schemas';
import { Extension, PbxWish, PbxWord } from './pbx-choice';
import { endCall } from './reachable';
import { START_ONCE_REFUSALS, startOnce } from './start-once';

const Slot = z.union([z.literal('AUTO'), z.number().int().min(0)]);

const StartBody = z
  .object({
    number: z.string().trim().min(1).max(64),
    via: z
      .enum(['phone', 'slot', 'pbx'])
      .optional()
      .openapi({ description: 'What rings; `slot` when absent.' }),
    slot: Slot.optional().openapi({ description: 'Which slot, or any free one.' }),
    from: Extension.optional().openapi({
      description: 'With `via: "pbx"`: the extension that rings; another than one’s own asks for `pbx.dial`.',
    }),
    trunk: PbxWord.optional().openapi({
      description: 'With `via: "pbx"`; the dialplan chooses when absent.',
    }),
    ...PbxWish,
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

const Started = z.object({
  call_id: z.string(),
  slot: z.number().int().nullable(),
  state: z.enum(['QUEUED', 'RING']),
  number: z.string(),
  command_id: z.string().optional().openapi({ description: 'Of a call by phone.' }),
  dedup: z.literal(true).optional(),
});

const start = apiRoute({
  method: 'post',
  path: '/api/call/start',
  summary: 'Start a call',
  description:
    'On a slot (the one named, or with `AUTO` the online, free one that is idle the longest: two starts never get the ' +
    'same); with `via: "pbx"` on one’s own extension, then the number; with `via: "phone"` the command goes to the ' +
    'signed-in user’s Android phone, and the same number and contact asked for again within 60 s, while it still ' +
    'waits, is the same call (`dedup`). An `Idempotency-Key` header makes any retry safe for 24 h: the same request is ' +
    'answered as the first time, or 409 while that goes on; another request under the same key is refused with 422.',
  tags: ['Calls'],
  access: 'call.start',
  errors: [...BRIDGE_REFUSALS, ...START_ONCE_REFUSALS],
  request: {
    headers: z.object({ 'idempotency-key': z.string().optional() }),
    body: jsonRequest(StartBody, { number: '+375290000000', slot: 'AUTO' }),
  },
  responses: {
    200: json(Started, 'It rings, or waits for the phone; the live feed tells what becomes of it.', {
      call_id: 'c_01k73d5zq0a1b2c3d4',
      slot: 44,
      state: 'RING',
      number: '+375290000000',
    }),
  },
});

const end = apiRoute({
  method: 'post',
  path: '/api/call/end',
  summary: 'End a call',
  description:
    'On its slot or PBX. Ending an ended call is no error. Calls of others ask for `call.view_all`.',
  tags: ['Calls'],
  access: 'call.start',
  errors: BRIDGE_REFUSALS,
  request: { body: jsonRequest(z.object({ call_id: CallId }).openapi('CallEnd')) },
  responses: {
    200: json(
      z.object({ call_id: z.string(), state: z.literal('END') }),
      'It is over, or its hanging up was taken.',
      {
        call_id: 'c_01k73d5zq0a1b2c3d4',
        state: 'END',
      },
    ),
  },
});

type Body = z.infer<typeof StartBody>;

const REFUSALS = {
  bad_number: () => badField('number', 'not a phone number'),
  no_device: () => new PlatformError('SLOT_OFFLINE', 'None of your phones is signed in.'),
  unknown_device: () => new PlatformError('NOT_FOUND', 'No such phone among yours.'),
} as const;

/** `/api/call/{start,end}`. */
export const callStart = newApiApp();

callStart.openapi(start, async (c) => {
  const body = c.req.valid('json');
  const { identity } = c.var;
  const via = body.via ?? 'slot';
  if (via !== 'slot' && body.slot !== undefined) throw badField('slot', `a call by ${via} uses no slot`);
  const key = c.req.valid('header')['idempotency-key'];
  const answer = await startOnce(c.env, identity, key, { path: '/api/call/start', body }, () =>
    STARTS[via](c.env, identity, body),
  );
  return c.json(answer, 200);
});

callStart.openapi(end, async (c) => {
  const { call_id } = c.req.valid('json');
  await endCall(c.env, c.var.identity, call_id);
  return c.json({ call_id, state: 'END' as const }, 200);
});

const STARTS: Record<
  NonNullable<Body['via']>,
  (env: Env, identity: Identity, body: Body) => Promise<z.infer<typeof Started>>
> = {
  async slot(env, identity, body) {
    if (identity.tenant.bridges.length === 0) throw new PlatformError('SLOT_OFFLINE', 'No slot is online.');
    const { number, slot = 'AUTO', contact_id: contactId, company_id: companyId } = body;
    const started = await startSlotCall(env, identity, { number, slot, contactId, companyId });
    return { call_id: started.call_id, slot: started.slot, state: 'RING', number: started.number };
  },

  async pbx(env, identity, body) {
    if (identity.tenant.bridges.length === 0) throw new PlatformError('SLOT_OFFLINE', 'No PBX is connected.');
    const own = await env.CALL_HUB.getByName(identity.tenantId).extensionOf(identity.userId);
    const from = body.from ?? own;
    if (from === null) throw badField('from', 'you have no extension of your own');
    if (from !== own && !identity.permissions.has('pbx.dial'))
      throw new PlatformError('PERMISSION_DENIED', 'Your role does not allow pbx.dial.');
    const started = await startPbxCall(env, identity, {
      from,
      to: body.number,
      field: 'number',
      contactId: body.contact_id,
      companyId: body.company_id,
      trunk: body.trunk,
      bridge: body.bridge,
      pbx: body.pbx,
    });
    return { call_id: started.call_id, slot: null, state: 'RING', number: started.number };
  },

  async phone(env, { tenant, userId }, body) {
    const queued = await queueCommand(env, tenant, {
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
    await untilCallIsKnown(env, tenant, userId);
    return {
      call_id: queued.callId,
      slot: null,
      state: 'QUEUED',
      command_id: queued.commandId,
      number: queued.phone,
      ...(queued.dedup && { dedup: true }),
    };
  },
};
