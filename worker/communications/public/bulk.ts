import { z } from '@hono/zod-openapi';
import type { AddedMessage, NewMessage } from '../../../objects/inbox/contract';
import { messageBody as newMessage, messageOf } from '../../../objects/inbox/wire';
import { json, jsonRequest } from '../../http/openapi';
import { ProblemBody, problemBody } from '../../http/problems';
import { commsRoute, invalidRequest, newCommsApp } from '../route';
import { MESSAGE_EXAMPLE } from './messages';
import { problemOfRefusal } from './refusals';
import { Message, messageBody } from './schemas';

const MOST = 100;
const BODY_LIMIT = 4 * 1_024 * 1_024;
/** Ordinary requests that a bulk counts as: less than one for each message, because it is the kinder way. */
const COST = 10;

const Result = z
  .object({
    id: z.string().nullable().openapi({ description: 'As it was sent; null where none can be read.' }),
    result: z.enum(['accepted', 'duplicate', 'error']),
    message: z.union([Message, z.null()]),
    problem: z.union([ProblemBody, z.null()]),
  })
  .openapi('BulkResult');

const EXAMPLE: z.infer<typeof Result> = {
  id: 'tg-5512',
  result: 'accepted',
  message: {
    id: 'tg-5512',
    chatId: 'tg-77',
    direction: 'incoming',
    senderId: 'u-1',
    text: 'Hello! Is it still there?',
    sentAt: '2025-11-15T10:30:00.000Z',
    receivedAt: '2025-11-15T10:30:01.000Z',
    editedAt: null,
    status: 'delivered',
    seen_flag: false,
  },
  problem: null,
};

const add = commsRoute({
  method: 'post',
  path: '/communications/v1/bulk/messages',
  summary: 'Up to 100 messages at once',
  description:
    'Each as of `POST /messages`, in their order, accepted or refused by itself: one bad message never sinks the rest.',
  tags: ['Messages'],
  access: 'client',
  bodyLimit: BODY_LIMIT,
  cost: COST,
  request: {
    body: jsonRequest(
      z.strictObject({
        messages: z
          .array(z.unknown())
          .min(1)
          .max(MOST)
          .openapi({ items: { $ref: '#/components/schemas/NewMessage' } }),
      }),
      { messages: [MESSAGE_EXAMPLE] },
    ),
  },
  responses: {
    200: json(z.object({ results: z.array(Result) }), 'What became of each.', { results: [EXAMPLE] }),
  },
});

type ReadMessage = { ok: true; message: NewMessage } | { ok: false; result: z.infer<typeof Result> };

function read(body: unknown): ReadMessage {
  const result = newMessage.safeParse(body);
  if (result.success) return { ok: true, message: messageOf(result.data) };
  const { id } = typeof body === 'object' && body !== null ? (body as { id?: unknown }) : {};
  return {
    ok: false,
    result: {
      id: typeof id === 'string' ? id : null,
      result: 'error',
      message: null,
      problem: problemBody(invalidRequest(result.error)),
    },
  };
}

function resultOf(id: string, added: AddedMessage): z.infer<typeof Result> {
  if (!added.ok) return { id, result: 'error', message: null, problem: problemBody(problemOfRefusal(added)) };
  const result = added.duplicate ? 'duplicate' : 'accepted';
  return { id, result, message: messageBody(added.message, added.chatExternalId), problem: null };
}

/** `/communications/v1/bulk/messages`. */
export const bulk = newCommsApp();

bulk.openapi(add, async (c) => {
  const { tenantId, provider } = c.var.client;
  const asked = c.req.valid('json').messages.map(read);
  const good = asked.flatMap((one) => (one.ok ? [one.message] : []));
  const inbox = c.env.INBOX.getByName(tenantId);
  const added = await inbox.addMessages({ provider, messages: good, now: Date.now() });
  if (!added.ok) throw problemOfRefusal(added);
  const answers = added.value.values();
  const results = asked.map((one) => {
    if (!one.ok) return one.result;
    const { value } = answers.next();
    if (value === undefined) throw new Error('a message was added and is not answered');
    return resultOf(one.message.id, value);
  });
  return c.json({ results }, 200);
});
