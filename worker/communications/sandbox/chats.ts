/** What the provider sent into a sandbox, what its developer answers, and what went over the wire for it. */
import { z } from '@hono/zod-openapi';
import { messageText } from '../../../objects/inbox/wire';
import { jsonRequest } from '../../http/openapi';
import { ProblemError } from '../../http/problems';
import type { MarketIdentity } from '../context';
import { Json } from '../marketplace/schemas';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../page';
import { commsRoute, newCommsApp } from '../route';
import { granted, mayAct, problemOfInbox, sandboxFor } from './room';
import { ChatBody, EventBody, MessageBody, SANDBOX, tags, versionParams } from './schemas';
import { chatView, eventView, messageView } from './views';

const chatParams = versionParams.extend({
  chatId: z.string().min(1).max(64).openapi({ example: 'chat_01m8033x7fhemb7yce' }),
});
const BODY_LIMIT = 192 * 1_024;

const events = commsRoute({
  method: 'get',
  path: `${SANDBOX}/events`,
  summary: 'What went over the wire, newest first',
  description:
    'Every request to the provider and of the provider with its answer, without their keys; the last 1,000, long bodies cut. ' +
    'With `after`, those newer than that `seq`, oldest first.',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden', 'sandbox_closed'],
  request: {
    params: versionParams,
    query: pageQuery.extend({
      after: z.coerce.number().int().min(0).optional().openapi({ example: 0, description: 'A `seq`.' }),
    }),
  },
  responses: { 200: Json(pageOf(EventBody), 'A page of them.') },
});

const chatList = commsRoute({
  method: 'get',
  path: `${SANDBOX}/chats`,
  summary: 'Chats of the sandbox, the newest first',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden', 'sandbox_closed'],
  request: { params: versionParams, query: pageQuery },
  responses: { 200: Json(pageOf(ChatBody), 'A page of them.') },
});

const messageList = commsRoute({
  method: 'get',
  path: `${SANDBOX}/chats/{chatId}/messages`,
  summary: 'Messages of a chat, the newest page first, each page in the order they were sent',
  tags,
  access: 'market',
  errors: ['not_found', 'forbidden', 'sandbox_closed'],
  request: { params: chatParams, query: pageQuery },
  responses: { 200: Json(pageOf(MessageBody), 'A page of them.') },
});

const textBody = z.strictObject({ text: messageText });

const send = commsRoute({
  method: 'post',
  path: `${SANDBOX}/chats/{chatId}/messages`,
  summary: 'Send a message to the provider',
  description: 'As a person of a tenant who replies: through the inbox and the link of the sandbox.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed', 'inbox_refused'],
  bodyLimit: BODY_LIMIT,
  request: { params: chatParams, body: jsonRequest(textBody, { text: 'Good morning!' }) },
  responses: { 201: Json(MessageBody, 'It is on its way.') },
});

const edit = commsRoute({
  method: 'patch',
  path: `${SANDBOX}/messages/{messageId}`,
  summary: 'Edit a message that was sent here',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed', 'inbox_refused'],
  bodyLimit: BODY_LIMIT,
  request: {
    params: versionParams.extend({
      messageId: z.string().min(1).max(64).openapi({ example: 'msg_01m8033x7fhemb7yce' }),
    }),
    body: jsonRequest(textBody, { text: 'Good evening!' }),
  },
  responses: { 200: Json(MessageBody, 'As it is now.') },
});

const seen = commsRoute({
  method: 'post',
  path: `${SANDBOX}/chats/{chatId}/seen`,
  summary: 'Mark a chat as seen',
  description: 'As a person of a tenant who opens it: the provider is told.',
  tags,
  access: 'developer',
  errors: ['not_found', 'sandbox_closed'],
  request: { params: chatParams },
  responses: { 200: Json(z.object({ seen: z.int() }), 'How many were not seen before.') },
});

/** `…/sandbox/events`, `…/sandbox/chats`, `…/sandbox/messages`. */
export const chats = newCommsApp();

const badCursor = (): ProblemError =>
  new ProblemError('invalid_request', 'The cursor is none of this list.', {
    errors: [{ field: 'cursor', message: 'take nextCursor of the page before, as it is' }],
  });

/** As whom a developer writes in a sandbox; edits are of the same author. */
const authorOf = (market: MarketIdentity) => ({
  id: 'developer',
  name: market.kind === 'developer' ? market.developer : 'Marketplace',
});

chats.openapi(events, async (c) => {
  const sandbox = await sandboxFor(c, c.req.valid('param'));
  const { cursor, after, limit } = c.req.valid('query');
  const [before] = decodeCursor(cursor, ['number']) ?? [];
  const { items, more } = granted(await sandbox.events({ before, after, limit }));
  const last = items.at(-1);
  const isMore = more && last !== undefined && after === undefined;
  return c.json({ items: items.map(eventView), nextCursor: isMore ? encodeCursor([last.seq]) : null }, 200);
});

chats.openapi(chatList, async (c) => {
  const sandbox = await sandboxFor(c, c.req.valid('param'));
  const { cursor, limit } = c.req.valid('query');
  const tenantId = granted(await sandbox.tenant());
  const page = await c.env.INBOX.getByName(tenantId).chats({ cursor, limit });
  if (!page.ok) throw badCursor();
  return c.json({ items: page.chats.map(chatView), nextCursor: page.next }, 200);
});

chats.openapi(messageList, async (c) => {
  const { chatId, ...version } = c.req.valid('param');
  const sandbox = await sandboxFor(c, version);
  const { cursor, limit } = c.req.valid('query');
  const tenantId = granted(await sandbox.tenant());
  const page = await c.env.INBOX.getByName(tenantId).messages({ chatId, before: cursor, limit });
  if (!page.ok)
    throw page.code === 'bad_cursor' ? badCursor() : new ProblemError('not_found', 'No such chat.');
  return c.json({ items: page.messages.map(messageView), nextCursor: page.older }, 200);
});

chats.openapi(send, async (c) => {
  const { chatId, ...version } = c.req.valid('param');
  const tenantId = await mayAct(await sandboxFor(c, version));
  const { text } = c.req.valid('json');
  const user = authorOf(c.var.market);
  const result = await c.env.INBOX.getByName(tenantId).reply({ user, chatId, text, now: Date.now() });
  if (!result.ok) throw problemOfInbox(result);
  return c.json(messageView(result.value), 201);
});

chats.openapi(edit, async (c) => {
  const { messageId, ...version } = c.req.valid('param');
  const tenantId = await mayAct(await sandboxFor(c, version));
  const { text } = c.req.valid('json');
  const user = authorOf(c.var.market);
  const result = await c.env.INBOX.getByName(tenantId).edit({ user, messageId, text, now: Date.now() });
  if (!result.ok) throw problemOfInbox(result);
  return c.json(messageView(result.value), 200);
});

chats.openapi(seen, async (c) => {
  const { chatId, ...version } = c.req.valid('param');
  const tenantId = await mayAct(await sandboxFor(c, version));
  const user = authorOf(c.var.market);
  const result = await c.env.INBOX.getByName(tenantId).saw({ user, chatId, now: Date.now() });
  if (!result.ok) throw problemOfInbox(result);
  return c.json({ seen: result.value.seen }, 200);
});
