import { z } from '@hono/zod-openapi';
import { chatBody as newChat, chatChangeBody, externalId } from '../../../objects/inbox/wire';
import { json, jsonRequest } from '../../http/openapi';
import { commsRoute, newCommsApp } from '../route';
import { problemOfRefusal } from './refusals';
import { Chat, chatBody } from './schemas';

const path = '/communications/v1/chats';
const tags = ['Chats'];
const params = z.object({ chatId: externalId.openapi({ example: 'tg-77' }) });
const ANN = { id: 'u-1', name: 'Ann Example', phone: '+375290000001' };

const create = commsRoute({
  method: 'post',
  path,
  summary: 'Create a chat',
  description: 'With its participants. A chat that is there already is left as it is.',
  tags,
  access: 'client',
  errors: ['channel_inactive'],
  request: {
    body: jsonRequest(newChat, {
      id: 'tg-77',
      channelId: 'tg-main',
      title: 'Ann Example',
      participants: [ANN],
    }),
  },
  responses: { 200: json(Chat, 'It was there already.'), 201: json(Chat, 'It is there now.') },
});

const update = commsRoute({
  method: 'patch',
  path: `${path}/{chatId}`,
  summary: 'Update a chat',
  description: 'Participants are added; those known are changed in what is given of them.',
  tags,
  access: 'client',
  errors: ['not_found'],
  request: { params, body: jsonRequest(chatChangeBody, { title: 'Ann & Bob', participants: [ANN] }) },
  responses: { 200: json(Chat, 'As it is now.') },
});

const seen = commsRoute({
  method: 'post',
  path: `${path}/{chatId}/seen`,
  summary: 'The tenant’s people have seen a chat',
  description: 'Every unread message in it becomes seen: `seen_flag` is true.',
  tags,
  access: 'client',
  errors: ['not_found'],
  request: { params },
  responses: {
    200: json(
      z.object({ seen: z.int().openapi({ description: 'How many were not seen before.' }) }),
      'They are seen.',
      { seen: 3 },
    ),
  },
});

/** `/communications/v1/chats`. */
export const chats = newCommsApp();

chats.openapi(create, async (c) => {
  const { tenantId, provider } = c.var.client;
  const chat = c.req.valid('json');
  const result = await c.env.INBOX.getByName(tenantId).createChat({ provider, chat, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json(chatBody(result.value), result.again ? 200 : 201);
});

chats.openapi(update, async (c) => {
  const { tenantId, provider } = c.var.client;
  const { chatId } = c.req.valid('param');
  const change = c.req.valid('json');
  const inbox = c.env.INBOX.getByName(tenantId);
  const result = await inbox.updateChat({ provider, chatId, ...change, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json(chatBody(result.value), 200);
});

chats.openapi(seen, async (c) => {
  const { tenantId, provider } = c.var.client;
  const { chatId } = c.req.valid('param');
  const inbox = c.env.INBOX.getByName(tenantId);
  const result = await inbox.providerSaw({ provider, chatId, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json({ seen: result.value.seen }, 200);
});
