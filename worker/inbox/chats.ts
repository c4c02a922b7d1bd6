import { z } from '@hono/zod-openapi';
import { chatWire, countedChannelWire } from '../../objects/inbox/wire-people';
import { normaliseNumber } from '../dialer/queue-command';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { authorOf, badCursor, inboxOf, notFound, refusalOf } from './room';
import { Channel, ChannelId, Chat, ChatId } from './schemas';

const tags = ['Inbox'];
const params = z.object({ id: ChatId });

const channels = apiRoute({
  method: 'get',
  path: '/api/inbox/channels',
  summary: 'Channels of the inbox',
  description: 'Those that providers connected, also those that are switched off by now.',
  tags,
  access: 'chat.view',
  responses: { 200: json(z.object({ items: z.array(Channel) }), 'In the order they were connected.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/inbox/chats',
  summary: 'Chats',
  description: 'Those with the newest message first.',
  tags,
  access: 'chat.view',
  errors: ['NOT_FOUND'],
  request: {
    query: z.object({
      channel: ChannelId.optional(),
      code: z.string().min(1).max(64).optional().openapi({
        description: 'All channels of a kind.',
        example: 'telegram',
      }),
      unread: z.enum(['0', '1']).optional().openapi({ description: '`1`: only chats with unread messages.' }),
      number: z.string().trim().min(1).max(64).optional().openapi({
        description: 'A participant’s phone number: the chats beside a call.',
        example: '+375290000001',
      }),
      q: z.string().trim().min(1).max(200).optional().openapi({
        description: 'Beginnings of words of the title, the names and the channel, or a part of a number.',
        example: 'ann',
      }),
      cursor: z.string().min(1).max(40).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(
      z.object({
        chats: z.array(Chat),
        next: z.string().nullable(),
        rev: z.int().openapi({ description: 'The number of the inbox: `since` of `/api/inbox/changes`.' }),
      }),
      'A page.',
    ),
  },
});

const one = apiRoute({
  method: 'get',
  path: '/api/inbox/chats/{id}',
  summary: 'One chat',
  description: 'With all of its participants.',
  tags,
  access: 'chat.view',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: { 200: json(Chat, 'The chat.') },
});

const seen = apiRoute({
  method: 'post',
  path: '/api/inbox/chats/{id}/seen',
  summary: 'I have seen a chat',
  description: 'Its unread messages become seen, up to a `number`, and the provider is told.',
  tags,
  access: 'chat.write',
  errors: ['NOT_FOUND'],
  request: {
    params,
    body: jsonRequest(
      z.strictObject({
        up_to: z.int().min(0).optional().openapi({
          description: 'Highest `number` that was shown; all of them when absent.',
        }),
      }),
      {},
    ),
  },
  responses: { 200: json(z.object({ seen: z.int(), chat: Chat }), 'How many were not seen before.') },
});

const changes = apiRoute({
  method: 'get',
  path: '/api/inbox/changes',
  summary: 'What changed in the inbox',
  description:
    'For a client that was away. The live socket tells changes as they come (`inbox`), each with the number before it: ' +
    'whoever was told less has missed something and asks here.',
  tags,
  access: 'chat.view',
  request: { query: z.object({ since: z.coerce.number().int().min(0).default(0) }) },
  responses: {
    200: json(
      z.object({
        rev: z.int(),
        chats: z.array(Chat),
        reset: z.boolean().openapi({ description: 'Too much changed: read the lists anew.' }),
      }),
      'Chats that changed, the oldest change first.',
    ),
  },
});

/** `/api/inbox/{channels,chats,changes}`. */
export const inboxChats = newApiApp();

inboxChats.openapi(channels, async (c) => {
  const items = (await inboxOf(c).channels()).map(countedChannelWire);
  return c.json({ items }, 200);
});

inboxChats.openapi(list, async (c) => {
  const { number, q, unread, ...query } = c.req.valid('query');
  const { country } = c.var.identity.tenant;
  const phone = number === undefined ? undefined : normaliseNumber(number, country);
  if (phone === null)
    throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
      details: { number: ['not a phone number'] },
    });
  const whole = q === undefined ? null : normaliseNumber(q, country);
  const page = await inboxOf(c).chats({
    ...query,
    phone,
    unread: unread === '1',
    text: q,
    ...(whole !== null && { textNumber: whole }),
  });
  if (!page.ok) throw page.code === 'bad_cursor' ? badCursor() : notFound('channel');
  return c.json({ chats: page.chats.map(chatWire), next: page.next, rev: page.rev }, 200);
});

inboxChats.openapi(one, async (c) => {
  const chat = await inboxOf(c).chat(c.req.valid('param').id);
  if (chat === null) throw notFound('chat');
  return c.json(chatWire(chat), 200);
});

inboxChats.openapi(seen, async (c) => {
  const user = authorOf(c.var.identity);
  const { up_to: upTo } = c.req.valid('json');
  const chatId = c.req.valid('param').id;
  const result = await inboxOf(c).saw({ user, chatId, upTo, now: Date.now() });
  if (!result.ok) throw refusalOf(result);
  return c.json({ seen: result.value.seen, chat: chatWire(result.value.chat) }, 200);
});

inboxChats.openapi(changes, async (c) => {
  const { rev, chats, reset } = await inboxOf(c).changes(c.req.valid('query').since);
  return c.json({ rev, chats: chats.map(chatWire), reset }, 200);
});
