import { z } from '@hono/zod-openapi';
import { externalId } from '../../../objects/inbox/wire';
import { json, jsonRequest } from '../../http/openapi';
import { commsRoute, newCommsApp } from '../route';
import { problemOfRefusal } from './refusals';
import { Channel, channelBody } from './schemas';

const path = '/communications/v1/channels';
const tags = ['Channels'];

const connect = commsRoute({
  method: 'post',
  path,
  summary: 'Connect a channel',
  description: 'Creates its account, or activates it again. Asked again it takes over the code and the name.',
  tags,
  access: 'client',
  request: {
    body: jsonRequest(
      z.strictObject({
        id: externalId,
        code: z
          .string()
          .min(1)
          .max(64)
          .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only')
          .openapi({ description: '`telegram`, `whatsapp`, …; any other is kept.' }),
        name: z.string().trim().min(1).max(200),
      }),
      { id: 'tg-main', code: 'telegram', name: 'Shop' },
    ),
  },
  responses: {
    200: json(Channel, 'It was connected already.'),
    201: json(Channel, 'It is connected now.'),
  },
});

const disconnect = commsRoute({
  method: 'delete',
  path: `${path}/{channelId}`,
  summary: 'Disconnect a channel',
  description:
    'Deactivates its account. Its chats stay; nothing comes or goes over it until it is connected again.',
  tags,
  access: 'client',
  errors: ['not_found'],
  request: { params: z.object({ channelId: externalId.openapi({ example: 'tg-main' }) }) },
  responses: { 204: { description: 'It is disconnected.' } },
});

/** `/communications/v1/channels`. */
export const channels = newCommsApp();

channels.openapi(connect, async (c) => {
  const { tenantId, provider } = c.var.client;
  const channel = c.req.valid('json');
  const result = await c.env.INBOX.getByName(tenantId).connectChannel({ provider, channel, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json(channelBody(result.value), result.again ? 200 : 201);
});

channels.openapi(disconnect, async (c) => {
  const { tenantId, provider } = c.var.client;
  const { channelId } = c.req.valid('param');
  const inbox = c.env.INBOX.getByName(tenantId);
  const result = await inbox.disconnectChannel({ provider, channelId, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.body(null, 204);
});
