import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { PBX_EVENTS } from '../../objects/call-hub/contract';
import type { AppEnv } from '../http/context';
import { dispatch } from './dispatch';
import { tenantOfPbxToken } from './tenant-of-token';
import { asObject, BODY_LIMIT, ingest, readObject, refusal, refusals, tokenOf } from './told';

/** What the sender's log shows of a success; it only ever looks at the status. */
const ACCEPTED = { status: 'ok', message: 'Event queued for processing' } as const;

const isKnownEvent = (name: string): boolean => (PBX_EVENTS as readonly string[]).includes(name);

/** What a request says, however it is wrapped. */
interface Told {
  token: string;
  /** The tenant it names besides its token; null where it names none. */
  enterprise: string | null;
  event: string;
  body: Record<string, unknown>;
}

/**
 * One event of an Asterisk host. The sender posts one at a time, waits at most 3 s and never repeats: so the answer
 * takes one durable write of the tenant's CallHub, and whatever is understood is 200, repeats and noise included.
 */
async function intake(
  c: Context<AppEnv>,
  tell: (body: Record<string, unknown> | null, token: string | undefined) => Told | null,
): Promise<Response> {
  const receivedAt = Date.now();
  const read = await readObject(c);
  if (read === 'too_large') return c.json({ error: `The body is larger than ${BODY_LIMIT} bytes.` }, 413);
  const { body: parsed } = read;
  const header = c.req.header('token');
  const told = tell(parsed, header);
  const token = told?.token ?? tokenOf(parsed, header);
  const tenantId = await tenantOfPbxToken(c.env, token, receivedAt);
  if (tenantId === null || (told !== null && told.enterprise !== null && told.enterprise !== tenantId)) {
    refusals.add(receivedAt);
    return c.json({ error: 'Unknown token.' }, 401);
  }
  // Nothing of it can be kept, and 200 in the sender's journal would say that it was.
  if (parsed === null) return c.json({ error: 'The body is not a JSON object.' }, 400);
  if (told === null) return c.json({ error: 'The body has no event_type, or no payload object.' }, 400);
  const event = told.event.toLowerCase();
  const { body } = told;
  if (!isKnownEvent(event)) return c.json(ACCEPTED, 200);
  await ingest(c.env, tenantId, { event, body, receivedAt });
  return c.json(ACCEPTED, 200);
}

/** `{enterprise_number, event_type, payload}`: the token is the payload's own, the envelope's, or the header's. */
function unwrap(envelope: Record<string, unknown> | null, header: string | undefined): Told | null {
  const { event_type: event, enterprise_number: enterprise, origin } = envelope ?? {};
  const payload = asObject(envelope?.payload);
  if (typeof event !== 'string' || payload === null) return null;
  const body = { ...payload, ...(typeof origin === 'string' && { origin }) };
  const isNumber = typeof enterprise === 'string' || typeof enterprise === 'number';
  return {
    token: tokenOf(body, undefined) || tokenOf(envelope, header),
    // Leading zeros get lost where it was taken for a number.
    enterprise: isNumber ? String(enterprise).padStart(4, '0') : null,
    event,
    body,
  };
}

/** `POST /asterisk/{event}`. */
export const pbx = new OpenAPIHono<AppEnv>();
pbx.route('/', dispatch);
for (const path of ['/asterisk/:event', '/asterisk/:event/'] as const)
  pbx.post(path, (c) =>
    intake(
      c,
      (body, header) =>
        body && { token: tokenOf(body, header), enterprise: null, event: c.req.param('event'), body },
    ),
  );
for (const path of ['/retailcrm/api/events', '/retailcrm-admin/api/events'] as const)
  pbx.post(path, (c) => intake(c, unwrap));

const RESPONSES = {
  200: {
    description: 'Stored.',
    content: {
      'application/json': {
        schema: z.object({ status: z.literal('ok'), message: z.string() }),
        example: ACCEPTED,
      },
    },
  },
  400: refusal('The body is not a JSON object.', 'The body is not a JSON object.'),
  401: refusal('No tenant has this token.', 'Unknown token.'),
  413: refusal('The body is too large.', `The body is larger than ${BODY_LIMIT} bytes.`),
  500: refusal('A fault of ours.', 'Something went wrong on our side.'),
};
const headers = z.object({
  Token: z.string().optional().openapi({ description: 'Counts where the body has no `Token`.' }),
});
const EXAMPLE = {
  Token: '100200300400',
  UniqueId: '1760000000.100',
  Phone: '375290000000',
  CallType: 0,
  Trunk: '0002001',
};

pbx.openAPIRegistry.registerPath({
  method: 'post',
  path: '/asterisk/{event}',
  summary: 'One event of an Asterisk host',
  description:
    'Durable before it is acknowledged. Repeats, noise and unknown events are acknowledged as well.',
  tags: ['PBX'],
  security: [],
  request: {
    params: z.object({ event: z.string().openapi({ example: 'start', description: PBX_EVENTS.join(', ') }) }),
    headers,
    body: {
      required: true,
      content: { 'application/json': { schema: z.record(z.string(), z.unknown()), example: EXAMPLE } },
    },
  },
  responses: RESPONSES,
});

const Envelope = z.object({
  enterprise_number: z.string().optional().openapi({ description: 'Has to be the one whose token it is.' }),
  event_type: z.string().openapi({ description: PBX_EVENTS.join(', ') }),
  payload: z.record(z.string(), z.unknown()).openapi({ description: 'What the host would have posted.' }),
  origin: z
    .string()
    .optional()
    .openapi({ description: '`download`: read from the host’s journal afterwards; it shows nobody a card.' }),
});

for (const path of ['/retailcrm/api/events', '/retailcrm-admin/api/events'] as const)
  pbx.openAPIRegistry.registerPath({
    method: 'post',
    path,
    summary: 'One event of an Asterisk host, in an envelope',
    description: 'As `POST /asterisk/{event}`. The token is the payload’s, the envelope’s or the header’s.',
    tags: ['PBX'],
    security: [],
    request: {
      headers,
      body: {
        required: true,
        content: {
          'application/json': {
            schema: Envelope,
            example: { enterprise_number: '0101', event_type: 'start', payload: EXAMPLE },
          },
        },
      },
    },
    responses: RESPONSES,
  });
