import { z } from '@hono/zod-openapi';
import { externalId, messageBody as newMessage, messageOf, messageText } from '../../../objects/inbox/wire';
import { json, jsonRequest } from '../../http/openapi';
import { commsRoute, newCommsApp } from '../route';
import { problemOfRefusal } from './refusals';
import { Message, messageBody } from './schemas';

const path = '/communications/v1/messages';
const tags = ['Messages'];
const params = z.object({ messageId: externalId.openapi({ example: 'tg-5512' }) });

/** As bytes: a character of a text may take up to four, and six where JSON escapes it. */
const BODY_LIMIT = 192 * 1_024;

export const MESSAGE_EXAMPLE: z.input<typeof newMessage> = {
  id: 'tg-5512',
  chat: {
    id: 'tg-77',
    channelId: 'tg-main',
    title: 'Ann Example',
    participants: [{ id: 'u-1', name: 'Ann Example', phone: '+375290000001' }],
  },
  senderId: 'u-1',
  text: 'Hello! Is it still there?',
  sentAt: '2025-11-15T10:30:00Z',
};

const MessageAnswer = z
  .object({ message: Message, duplicate: z.boolean() })
  .openapi('MessageAnswer', { description: 'The message as it is stored.' });

const add = commsRoute({
  method: 'post',
  path,
  summary: 'A new message',
  description:
    'Its `chat` is found by its id, or created with all its participants in the same step. An id that is known is a ' +
    'repeat and changes nothing.',
  tags,
  access: 'client',
  errors: ['channel_inactive'],
  bodyLimit: BODY_LIMIT,
  request: { body: jsonRequest(newMessage.openapi('NewMessage'), MESSAGE_EXAMPLE) },
  responses: {
    200: json(MessageAnswer, 'It was there already and is left as it is.'),
    201: json(MessageAnswer, 'It is stored.'),
  },
});

const edit = commsRoute({
  method: 'patch',
  path: `${path}/{messageId}`,
  summary: 'Replace the text of a message',
  description: 'And nothing else of it.',
  tags,
  access: 'client',
  errors: ['not_found'],
  bodyLimit: BODY_LIMIT,
  request: {
    params,
    body: jsonRequest(z.strictObject({ text: messageText }), { text: 'Hello! Is it still for sale?' }),
  },
  responses: { 200: json(Message, 'As it is now.') },
});

const status = commsRoute({
  method: 'post',
  path: `${path}/{messageId}/status`,
  summary: 'How far a message has come',
  description:
    'Of messages that go out to customers. Never back: what is less than what is known already changes nothing.',
  tags,
  access: 'client',
  errors: ['not_found', 'message_incoming'],
  request: {
    params,
    body: jsonRequest(
      z.strictObject({
        status: z.enum(['sent', 'delivered', 'read', 'failed']),
        error: z
          .string()
          .trim()
          .min(1)
          .max(500)
          .optional()
          .openapi({ description: 'Why it failed, for the tenant’s people.' }),
      }),
      { status: 'delivered' },
    ),
  },
  responses: { 200: json(Message, 'As it is now.') },
});

/** `/communications/v1/messages`. */
export const messages = newCommsApp();

messages.openapi(add, async (c) => {
  const { tenantId, provider } = c.var.client;
  const asked = [messageOf(c.req.valid('json'))];
  const inbox = c.env.INBOX.getByName(tenantId);
  const result = await inbox.addMessages({ provider, messages: asked, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  const [added] = result.value;
  if (added === undefined) throw new Error('one message was added and none is answered');
  if (!added.ok) throw problemOfRefusal(added);
  const body = { message: messageBody(added.message, added.chatExternalId), duplicate: added.duplicate };
  return c.json(body, added.duplicate ? 200 : 201);
});

messages.openapi(edit, async (c) => {
  const { tenantId, provider } = c.var.client;
  const { messageId } = c.req.valid('param');
  const { text } = c.req.valid('json');
  const inbox = c.env.INBOX.getByName(tenantId);
  const result = await inbox.providerEdited({ provider, messageId, text, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json(messageBody(result.value.message, result.value.chatExternalId), 200);
});

messages.openapi(status, async (c) => {
  const { tenantId, provider } = c.var.client;
  const { messageId } = c.req.valid('param');
  const inbox = c.env.INBOX.getByName(tenantId);
  const change = c.req.valid('json');
  const result = await inbox.providerStatus({ provider, messageId, ...change, now: Date.now() });
  if (!result.ok) throw problemOfRefusal(result);
  return c.json(messageBody(result.value.message, result.value.chatExternalId), 200);
});
