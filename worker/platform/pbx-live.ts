import { z } from '@hono/zod-openapi';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { askEveryPbx, PbxProblem, PbxWish } from './pbx-choice';
import { viewerOf } from './viewer';

const where = { pbx: z.string(), bridge_id: z.string() };

const Channel = z
  .object({
    ...where,
    call_id: z
      .string()
      .nullable()
      .openapi({ description: 'The call it belongs to; null: none (yet), or not one the user may see.' }),
    uniqueid: z.string(),
    linkedid: z.string(),
    channel: z.string().openapi({ example: 'PJSIP/150-00000012' }),
    kind: z.enum(['extension', 'trunk', 'local', 'other']),
    endpoint: z.string(),
    state: z.string(),
    caller: z.string(),
    connected: z.string(),
    context: z.string(),
    exten: z.string(),
    application: z.string(),
    seconds: z.number().int().nullable(),
    bridge: z.string(),
  })
  .openapi('PbxChannel');

const Endpoint = z
  .object({
    ...where,
    name: z.string(),
    state: z.string().openapi({ example: 'Not in use' }),
    channels: z.number().int(),
    contacts: z.array(z.object({ uri: z.string(), status: z.string(), rtt_ms: z.number().nullable() })),
  })
  .openapi('PbxEndpoint');

const Queue = z
  .object({
    ...where,
    name: z.string(),
    strategy: z.string(),
    calls: z.number().int().openapi({ description: 'Waiting now.' }),
    completed: z.number().int(),
    abandoned: z.number().int(),
    hold_time_sec: z.number().int(),
    members: z.array(
      z.object({
        interface: z.string().openapi({ example: 'PJSIP/150' }),
        name: z.string(),
        penalty: z.number().int(),
        paused: z.boolean(),
        paused_reason: z.string(),
        dynamic: z.boolean().openapi({ description: 'Added while running: may be removed.' }),
        in_call: z.boolean(),
        status: z.string(),
        calls_taken: z.number().int(),
        last_call: z.iso.datetime().nullable(),
      }),
    ),
  })
  .openapi('PbxQueue');

const problems = z.array(PbxProblem).openapi({ description: 'Which PBXs could not be asked, and why.' });
const query = z.object(PbxWish);

const channels = apiRoute({
  method: 'get',
  path: '/api/pbx/channels',
  summary: 'Channels that are up now',
  tags: ['PBX'],
  access: 'pbx.view',
  errors: ['NOT_FOUND'],
  request: { query },
  responses: { 200: json(z.object({ channels: z.array(Channel), problems }), 'Of every PBX that fits.') },
});

const endpoints = apiRoute({
  method: 'get',
  path: '/api/pbx/endpoints',
  summary: 'Extensions and trunks with their registrations',
  tags: ['PBX'],
  access: 'pbx.view',
  errors: ['NOT_FOUND'],
  request: { query },
  responses: { 200: json(z.object({ endpoints: z.array(Endpoint), problems }), 'Of every PBX that fits.') },
});

const queues = apiRoute({
  method: 'get',
  path: '/api/pbx/queues',
  summary: 'Queues and their members',
  tags: ['PBX'],
  access: 'pbx.view',
  errors: ['NOT_FOUND'],
  request: { query },
  responses: { 200: json(z.object({ queues: z.array(Queue), problems }), 'Of every PBX that fits.') },
});

/** `/api/pbx/{channels,endpoints,queues}`: what the PBXs are doing. */
export const pbxLive = newApiApp();

pbxLive.openapi(channels, async (c) => {
  const wish = c.req.valid('query');
  const { items, problems } = await askEveryPbx(
    c.env,
    c.var.identity,
    wish,
    'pbx.channels',
    ({ pbx }) => ({ pbx }),
    (result, { pbx, bridge }) => result.channels.map((one) => ({ pbx, bridge_id: bridge.id, ...one })),
  );
  const { identity } = c.var;
  const linkedids = [...new Set(items.map(({ linkedid }) => linkedid))];
  const callIds = await c.env.CALL_HUB.getByName(identity.tenantId).callIdsOf(linkedids, viewerOf(identity));
  const channels = items.map((one) => ({ ...one, call_id: callIds[one.linkedid] ?? null }));
  return c.json({ channels, problems }, 200);
});

pbxLive.openapi(endpoints, async (c) => {
  const wish = c.req.valid('query');
  const { items, problems } = await askEveryPbx(
    c.env,
    c.var.identity,
    wish,
    'pbx.endpoints',
    ({ pbx }) => ({ pbx }),
    (result, { pbx, bridge }) => result.endpoints.map((one) => ({ pbx, bridge_id: bridge.id, ...one })),
  );
  return c.json({ endpoints: items, problems }, 200);
});

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

pbxLive.openapi(queues, async (c) => {
  const wish = c.req.valid('query');
  const { items, problems } = await askEveryPbx(
    c.env,
    c.var.identity,
    wish,
    'pbx.queues',
    ({ pbx }) => ({ pbx }),
    (result, { pbx, bridge }) =>
      result.queues.map((one) => ({
        pbx,
        bridge_id: bridge.id,
        ...one,
        members: one.members.map((member) => ({ ...member, last_call: isoOrNull(member.last_call) })),
      })),
  );
  return c.json({ queues: items, problems }, 200);
});
