import { z } from '@hono/zod-openapi';
import { chatWire, messageWire } from '../../objects/inbox/wire-people';
import { sha256Hex } from '../auth/digest';
import type { Env } from '../env';
import { auditOf } from '../http/audit';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { authorOf, badCursor, inboxOf, notFound, refusalOf } from './room';
import { ChannelId, Chat, ChatId, Message, MessageId, Text } from './schemas';

const tags = ['Inbox'];
/** What one person writes; more is a program. */
const WRITING = { capacity: 60, refillPerSec: 2 } as const;
const BODY_LIMIT = 192 * 1_024;

const thread = apiRoute({
  method: 'get',
  path: '/api/inbox/chats/{id}/messages',
  summary: 'Messages of a chat',
  description:
    'The newest; or those before or after a position, or around a message that a search found. In the order they were sent.',
  tags,
  access: 'chat.view',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: ChatId }),
    query: z
      .object({
        before: z.string().min(1).max(40).optional().openapi({ description: '`older` of a page.' }),
        after: z.string().min(1).max(40).optional().openapi({ description: '`newer` of a page.' }),
        around: MessageId.optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      })
      .refine(
        ({ before, after, around }) => [before, after, around].filter((one) => one !== undefined).length < 2,
        'ask for what is before, after or around, not for two of them',
      ),
  },
  responses: {
    200: json(
      z.object({
        messages: z.array(Message),
        older: z.string().nullable(),
        newer: z.string().nullable(),
      }),
      'A page.',
    ),
  },
});

const reply = apiRoute({
  method: 'post',
  path: '/api/inbox/chats/{id}/messages',
  summary: 'Reply',
  description:
    'Stored as `queued` and handed to the provider in the order of the chat; the live socket tells how far it comes. An ' +
    '`Idempotency-Key` header makes a retry safe for 24 h: the same request is answered with the same message. What the ' +
    'channel does not take is refused: `details.reason` says why, and `allows` of the chat says it beforehand.',
  tags,
  access: 'chat.write',
  errors: ['NOT_FOUND', 'RATE_LIMITED', 'KEY_REUSED', 'CHANNEL_REFUSES'],
  bodyLimit: BODY_LIMIT,
  request: {
    params: z.object({ id: ChatId }),
    headers: z.object({
      'idempotency-key': z
        .string()
        .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible characters')
        .optional(),
    }),
    body: jsonRequest(z.strictObject({ text: Text }), { text: 'Good morning! Yes, it is.' }),
  },
  responses: {
    200: json(Message, 'It was written under this key already.'),
    201: json(Message, 'It is on its way.'),
  },
});

const edit = apiRoute({
  method: 'patch',
  path: '/api/inbox/messages/{id}',
  summary: 'Change a reply of one’s own',
  tags,
  access: 'chat.write',
  errors: ['NOT_FOUND', 'RATE_LIMITED', 'CHANNEL_REFUSES'],
  bodyLimit: BODY_LIMIT,
  request: {
    params: z.object({ id: MessageId }),
    body: jsonRequest(z.strictObject({ text: Text }), { text: 'Good afternoon! Yes, it is.' }),
  },
  responses: { 200: json(Message, 'As it is now; the provider is told.') },
});

const resend = apiRoute({
  method: 'post',
  path: '/api/inbox/messages/{id}/resend',
  summary: 'Send a reply again that failed',
  tags,
  access: 'chat.write',
  errors: ['NOT_FOUND', 'RATE_LIMITED', 'CHANNEL_REFUSES'],
  request: { params: z.object({ id: MessageId }) },
  responses: { 200: json(Message, 'It is on its way again.') },
});

const search = apiRoute({
  method: 'get',
  path: '/api/inbox/search',
  summary: 'Find messages',
  description: 'By beginnings of words, all of which have to be there. Those that arrived last come first.',
  tags,
  access: 'chat.view',
  errors: ['NOT_FOUND'],
  request: {
    query: z.object({
      q: z.string().trim().min(1).max(200).openapi({ example: 'still there' }),
      chat: ChatId.optional(),
      channel: ChannelId.optional(),
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'not one of ours')
        .optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
  },
  responses: {
    200: json(
      z.object({
        found: z.array(z.object({ message: Message, chat: Chat })),
        next: z.string().nullable(),
      }),
      'A page.',
    ),
  },
});

/** @throws PlatformError RATE_LIMITED */
async function mayWrite(env: Env, { tenantId, userId }: Identity): Promise<void> {
  const may = await env.RATE_LIMITER.getByName(`inbox:${tenantId}:${userId}`).take(WRITING);
  if (may.ok) return;
  throw new PlatformError('RATE_LIMITED', 'Too many messages at once.', {
    headers: { 'Retry-After': String(Math.ceil(may.retryAfterMs / 1_000)) },
  });
}

/** `/api/inbox/…` of messages. */
export const inboxMessages = newApiApp();

inboxMessages.openapi(thread, async (c) => {
  const chatId = c.req.valid('param').id;
  const page = await inboxOf(c).messages({ chatId, ...c.req.valid('query') });
  if (!page.ok) {
    if (page.code === 'bad_cursor') throw badCursor();
    throw notFound(page.code === 'no_such_chat' ? 'chat' : 'message');
  }
  const { messages, older, newer } = page;
  return c.json({ messages: messages.map(messageWire), older, newer }, 200);
});

inboxMessages.openapi(reply, async (c) => {
  const { identity } = c.var;
  await mayWrite(c.env, identity);
  const { text } = c.req.valid('json');
  const chatId = c.req.valid('param').id;
  const key = c.req.valid('header')['idempotency-key'];
  const once = key === undefined ? undefined : { key, fingerprint: sha256Hex(`${chatId}\n${text}`) };
  const result = await inboxOf(c).reply({ user: authorOf(identity), chatId, text, once, now: Date.now() });
  if (!result.ok) throw refusalOf(result);
  return c.json(messageWire(result.value), result.again ? 200 : 201);
});

inboxMessages.openapi(edit, async (c) => {
  const { identity } = c.var;
  await mayWrite(c.env, identity);
  const { text } = c.req.valid('json');
  const messageId = c.req.valid('param').id;
  const result = await inboxOf(c).edit({ user: authorOf(identity), messageId, text, now: Date.now() });
  if (!result.ok) throw refusalOf(result);
  // What a customer was told first is seen nowhere else afterwards.
  if (result.before !== undefined)
    await auditOf(c, 'chat.message.edit', messageId, { text: result.before }, { text });
  return c.json(messageWire(result.value), 200);
});

inboxMessages.openapi(resend, async (c) => {
  const { identity } = c.var;
  await mayWrite(c.env, identity);
  const messageId = c.req.valid('param').id;
  const result = await inboxOf(c).resend({ user: authorOf(identity), messageId, now: Date.now() });
  if (!result.ok) throw refusalOf(result);
  return c.json(messageWire(result.value), 200);
});

inboxMessages.openapi(search, async (c) => {
  const { q: text, chat: chatId, channel, cursor, limit } = c.req.valid('query');
  const page = await inboxOf(c).search({ text, chatId, channel, cursor, limit });
  if (!page.ok) {
    if (page.code === 'bad_cursor') throw badCursor();
    throw notFound(page.code === 'no_such_chat' ? 'chat' : 'channel');
  }
  const found = page.found.map(({ message, chat }) => ({
    message: messageWire(message),
    chat: chatWire(chat),
  }));
  return c.json({ found, next: page.next }, 200);
});
