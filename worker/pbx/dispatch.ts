/** `POST /dispatch/call-event`: a dial or hangup told by somebody else than its host, as who reads hosts' journals does. */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppEnv } from '../http/context';
import { tenantOfPbxToken } from './tenant-of-token';
import { asObject, BODY_LIMIT, ingest, parseObject, readObject, refusal, refusals, tokenOf } from './told';

/** Within this time the same channel's dial or hangup is told once, whoever tells it. */
const WINDOWS: Readonly<Record<string, number>> = { dial: 60_000, hangup: 300_000 };

const UNKNOWN =
  'Nobody has this token. A tenant’s number proves nothing: send its token or secret (settings, PBX tokens).';

async function take(c: Context<AppEnv>): Promise<Response> {
  const receivedAt = Date.now();
  const read = await readObject(c);
  if (read === 'too_large') return c.json({ error: `The body is larger than ${BODY_LIMIT} bytes.` }, 413);
  if (read.body === null) return c.json({ error: 'The body is not a JSON object.' }, 400);
  const { raw, uniqueId, event_type: kind, record_url: recordUrl, origin } = read.body;
  const tenantId = await tenantOfPbxToken(c.env, tokenOf(read.body, c.req.header('token')), receivedAt);
  if (tenantId === null) {
    refusals.add(receivedAt);
    return c.json({ error: UNKNOWN }, 404);
  }
  const event = typeof kind === 'string' ? kind.toLowerCase() : '';
  const windowMs = WINDOWS[event];
  if (windowMs === undefined) return c.json({ error: 'event_type is neither dial nor hangup.' }, 400);
  // Journals keep the body as text.
  const said = typeof raw === 'string' ? parseObject(raw) : asObject(raw);
  if (said === null)
    return c.json({ error: 'raw is not what the host posted: an object, or its JSON.' }, 400);
  if (typeof uniqueId !== 'string' || !/^[\w.-]{1,120}$/.test(uniqueId))
    return c.json({ error: 'uniqueId is not the id of a channel.' }, 400);
  const own = Object.entries(said).filter(([name]) => name.toLowerCase() !== 'uniqueid');
  const body = {
    ...Object.fromEntries(own),
    UniqueId: uniqueId,
    ...(typeof origin === 'string' && { origin }),
    ...(typeof recordUrl === 'string' && recordUrl !== '' && { record_url: recordUrl }),
  };
  const { duplicate } = await ingest(c.env, tenantId, { event, body, receivedAt, windowMs });
  return duplicate === true
    ? c.json({ status: 'ignored', reason: 'duplicate' }, 200)
    : c.json({ success: true }, 200);
}

export const dispatch = new OpenAPIHono<AppEnv>();

dispatch.post('/dispatch/call-event', take);
dispatch.openAPIRegistry.registerPath({
  method: 'post',
  path: '/dispatch/call-event',
  summary: 'A dial or hangup read from a PBX host’s journal',
  description:
    'Durable before it is acknowledged. The same channel’s hangup is taken once in 300 s and the same dial once in 60 s, however ' +
    'the first one came; a dial to others or over another trunk is another one. What is told with `origin` `download` shows nobody a card.',
  tags: ['PBX'],
  security: [],
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            token: z.string().openapi({ description: 'The tenant’s token or secret.' }),
            uniqueId: z.string().openapi({ description: 'Of the channel.' }),
            event_type: z.enum(['dial', 'hangup']),
            raw: z
              .union([z.record(z.string(), z.unknown()), z.string()])
              .openapi({ description: 'What the host posted, or would have; an object or its JSON.' }),
            record_url: z.string().optional().openapi({
              description: 'Where the recording is; CRMs are told unless we have one ourselves.',
            }),
            origin: z.string().optional().openapi({ description: '`download`: read afterwards.' }),
          }),
          example: {
            token: '100200300400',
            uniqueId: '1760000000.100',
            event_type: 'hangup',
            raw: {
              UniqueId: '1760000000.100',
              Phone: '375290000000',
              Extensions: ['101'],
              CallType: 0,
              CallStatus: '2',
              DateReceived: '2025-10-09 11:53:20',
              StartTime: '2025-10-09 11:53:20',
              EndTime: '2025-10-09 11:54:20',
              Trunk: '0002001',
            },
            record_url: 'https://records.example/1760000000.100.wav',
            origin: 'download',
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'Stored, or there already.',
      content: {
        'application/json': {
          schema: z.union([
            z.object({ success: z.literal(true) }),
            z.object({ status: z.literal('ignored'), reason: z.literal('duplicate') }),
          ]),
          example: { success: true },
        },
      },
    },
    400: refusal('It can’t be understood.', 'event_type is neither dial nor hangup.'),
    404: refusal('No tenant has this token.', UNKNOWN),
    413: refusal('The body is too large.', `The body is larger than ${BODY_LIMIT} bytes.`),
    500: refusal('A fault of ours.', 'Something went wrong on our side.'),
  },
});
