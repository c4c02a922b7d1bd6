import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS } from '../bridge/links';
import { openDb } from '../db';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { badField, slotSource, startPbxCall } from './bridge-calls';
import { CallId } from './call-schemas';
import { askPbx, choosePbx, Extension, PbxWish, PbxWord } from './pbx-choice';
import { reachable } from './reachable';
import { START_ONCE_REFUSALS, startOnce } from './start-once';

const IdempotencyKey = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'Makes a retry safe: the same key within 24 h is the same call.' }),
});

const dial = apiRoute({
  method: 'post',
  path: '/api/pbx/dial',
  summary: 'Start a call through Asterisk',
  description:
    'Rings `from` and, when it answers, `to`. `slot_12` is the extension of that slot’s user, calling over the slot’s ' +
    'trunk. Without `trunk` the dialplan chooses. What becomes of the call is told by the live feed.',
  tags: ['PBX'],
  access: 'pbx.dial',
  errors: [...BRIDGE_REFUSALS, ...START_ONCE_REFUSALS],
  request: {
    headers: IdempotencyKey,
    body: jsonRequest(
      z
        .object({
          from: z
            .string()
            .regex(/^(slot_\d{1,9}|[0-9*#]{1,20})$/, 'an extension or slot_<id>')
            .openapi({ example: '150' }),
          to: z.string().trim().min(1).max(64).openapi({ example: '+375290000000' }),
          trunk: PbxWord.optional(),
          contact_id: z.string().trim().min(1).max(128).optional(),
          company_id: z.string().trim().min(1).max(128).optional(),
          ...PbxWish,
        })
        .openapi('PbxDial'),
      { from: '150', to: '+375290000000', trunk: 'trunk-main' },
    ),
  },
  responses: {
    200: json(z.object({ call_id: z.string(), state: z.literal('RING') }), '`from` is being rung.', {
      call_id: 'c_01k73d5zq0a1b2c3d4',
      state: 'RING',
    }),
  },
});

const redirect = apiRoute({
  method: 'post',
  path: '/api/pbx/redirect',
  summary: 'Send a party of a live call elsewhere',
  description:
    'By default the customer: who talked with them is hung up. `inside` sends the extension, `peer_of` whoever talks ' +
    'with `extension`. Calls of others ask for `call.view_all`.',
  tags: ['PBX'],
  access: 'call.start',
  errors: BRIDGE_REFUSALS,
  request: {
    body: jsonRequest(
      z
        .strictObject({
          call_id: CallId,
          to: z.string().regex(/^(\+?[0-9]{2,15}|[0-9*#]{1,20})$/, 'a phone number or an extension'),
          leg: z.enum(['outside', 'inside', 'peer_of']).default('outside'),
          extension: Extension.optional().openapi({ description: 'For `peer_of`.' }),
          context: PbxWord.optional().openapi({ description: 'One the bridge’s configuration allows.' }),
        })
        .openapi('PbxRedirect'),
      { call_id: 'c_01k73d5zq0a1b2c3d4', to: '151', leg: 'outside' },
    ),
  },
  responses: {
    200: json(z.object({ call_id: z.string(), channel: z.string() }), 'The channel that was sent.', {
      call_id: 'c_01k73d5zq0a1b2c3d4',
      channel: 'PJSIP/trunk-main-00000012',
    }),
  },
});

const spy = apiRoute({
  method: 'post',
  path: '/api/pbx/spy',
  summary: 'Listen to a call, whisper into it or join it',
  description: 'Rings `by` (one’s own extension when absent) and lets it into the call `extension` is in.',
  tags: ['PBX'],
  access: 'pbx.spy',
  errors: BRIDGE_REFUSALS,
  request: {
    body: jsonRequest(
      z
        .strictObject({
          extension: Extension,
          mode: z.enum(['listen', 'whisper', 'barge']),
          by: Extension.optional(),
          ...PbxWish,
        })
        .openapi('PbxSpy'),
      { extension: '150', mode: 'listen' },
    ),
  },
  responses: {
    200: json(
      z.object({ uniqueid: z.string(), spied: z.string().openapi({ description: 'Channel listened to.' }) }),
      '`by` is being rung.',
    ),
  },
});

/** `/api/pbx/{dial,redirect,spy}`. */
export const pbxDial = newApiApp();

pbxDial.openapi(dial, async (c) => {
  const { identity } = c.var;
  const body = c.req.valid('json');
  const key = c.req.valid('header')['idempotency-key'];
  const answer = await startOnce(c.env, identity, key, { path: '/api/pbx/dial', body }, async () => {
    const slotId = /^slot_(\d{1,9})$/.exec(body.from)?.[1];
    const source = slotId === undefined ? null : await slotSource(c.env, identity, Number(slotId));
    const trunk = body.trunk ?? source?.trunk ?? undefined;
    const bridge = body.bridge ?? source?.bridge;
    const { call_id } = await startPbxCall(c.env, identity, {
      from: source?.from ?? body.from,
      to: body.to,
      field: 'to',
      contactId: body.contact_id,
      companyId: body.company_id,
      pbx: body.pbx,
      ...(trunk !== undefined && { trunk }),
      ...(bridge !== undefined && { bridge }),
    });
    return { call_id, state: 'RING' as const };
  });
  return c.json(answer, 200);
});

pbxDial.openapi(redirect, async (c) => {
  const { identity } = c.var;
  const { call_id, to, leg, extension, context } = c.req.valid('json');
  if (leg === 'peer_of' && extension === undefined) throw badField('extension', 'is needed for peer_of');
  const { route } = await reachable(c.env, identity, call_id);
  if (route === null) throw new PlatformError('CALL_FAILED', 'The call is over.');
  if (route.via !== 'pbx') throw new PlatformError('CALL_FAILED', 'Only calls of a PBX can be redirected.');
  const bridge = identity.tenant.bridges.find(({ id }) => id === route.bridgeId);
  if (!bridge) throw new PlatformError('SLOT_OFFLINE', 'The bridge of this call is no longer there.');
  const { channel } = await askPbx(c.env, identity, { bridge, pbx: route.pbx }, 'pbx.redirect', {
    pbx: route.pbx,
    linkedid: route.linkedid,
    leg,
    to,
    ...(extension !== undefined && { extension }),
    ...(context !== undefined && { context }),
  });
  return c.json({ call_id, channel }, 200);
});

pbxDial.openapi(spy, async (c) => {
  const { identity } = c.var;
  const { extension, mode, by, ...wish } = c.req.valid('json');
  const own = by ?? (await c.env.CALL_HUB.getByName(identity.tenantId).extensionOf(identity.userId));
  if (own === null) throw badField('by', 'you have no extension of your own');
  if (own === extension) throw badField('extension', 'is the one that listens');
  const ref = await choosePbx(c.env, identity.tenant, wish);
  const spied = await askPbx(c.env, identity, ref, 'pbx.spy', { pbx: ref.pbx, extension, mode, by: own });
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(
    openDb(c.env.DB),
    identity,
    'pbx.spy',
    extension,
    null,
    { mode, by: own, ...spied },
    address,
  );
  return c.json(spied, 200);
});
