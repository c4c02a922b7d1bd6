/** What the test stand asks a provider itself, and what is read from the answers. */
import { messageBody } from '../inbox/wire';
import type { Exchange, ProbeRequest } from '../provider-link/contract';
import type { CheckCode, Run } from './machine';

const MADE_UP_CHAT = { id: 'no-such-chat-of-the-test-stand', channelId: 'no-such-channel' } as const;

/** Checks that an answer of one request decides. */
const ASKED = [
  'wrong_key',
  'get_channels',
  'set_webhook',
  'history',
  'wrong_key_send',
  'unknown_chat',
  'repeat_send',
  'bulk',
  'mark_read',
  'update_status',
] as const satisfies readonly CheckCode[];
export type AskedCode = (typeof ASKED)[number];
export const isAsked = (code: CheckCode): code is AskedCode => (ASKED as readonly CheckCode[]).includes(code);

/**
 * What a check asks the provider. The same request again after a restart.
 *
 * @param sent what carried the stand's message, where that was sent
 * @param origin under which the provider reaches us
 */
export function requestOf(run: Run, code: AskedCode, sent: Exchange | null, origin: string): ProbeRequest {
  const { chat } = run;
  const id = `${run.id}.${code}`;
  const place = chat && { id: chat.externalId, channelId: chat.channelId };
  const text = 'A message of the test stand that must not reach anybody.';
  const nowhere = {
    chat: MADE_UP_CHAT,
    message: { id, text, sentAt: new Date(run.startedAt).toISOString() },
  };
  switch (code) {
    case 'wrong_key':
      return { id, kind: 'get_channels', payload: {}, wrongKey: true };
    case 'get_channels':
      return { id, kind: 'get_channels', payload: {} };
    case 'set_webhook':
      return { id, kind: 'set_webhook', payload: { url: `${origin}/communications/v1` } };
    case 'history':
      return { id, kind: 'history', payload: { cursor: null } };
    case 'wrong_key_send':
      return { id, kind: 'send_message', payload: nowhere, wrongKey: true };
    case 'unknown_chat':
      return { id, kind: 'send_message', payload: nowhere };
    case 'repeat_send':
      return { id: run.sentId ?? id, kind: 'send_message', payload: payloadOf(sent, run.sentId) };
    case 'bulk': {
      const messages = [
        { idempotencyKey: run.sentId ?? id, ...payloadOf(sent, run.sentId) },
        { idempotencyKey: `${id}.nowhere`, ...nowhere },
      ];
      return { id, kind: 'bulk', payload: { messages } };
    }
    case 'mark_read':
      return { id, kind: 'mark_read', payload: { chat: place } };
    case 'update_status':
      return {
        id,
        kind: 'update_status',
        payload: { chat: place, message: { id: chat?.messageId, status: 'read' } },
      };
  }
}

/** JSON that we sent or that was checked already; `{}` where it was cut. */
function jsonOf(text: string | null | undefined): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text ?? '');
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The provider's own id of a message, where it said one. */
export function idIn(body: string): string | null {
  const { id } = jsonOf(body);
  return typeof id === 'string' ? id : null;
}

/** What was sent the first time, without the tenant that every request carries. */
function payloadOf(sent: Exchange | null, id: string | null): Record<string, unknown> {
  const { tenant: _, ...payload } = jsonOf(sent?.request.body);
  if (!Array.isArray(payload['messages'])) return payload;
  const together = payload['messages'] as Record<string, unknown>[];
  const { idempotencyKey: __, ...message } = together.find((one) => one['idempotencyKey'] === id) ?? {};
  return message;
}

/** What is wrong with the first of these that is no message; null: all of them are. */
export function badMessageIn(messages: readonly Record<string, unknown>[]): string | null {
  for (const [index, message] of messages.entries()) {
    const read = messageBody.safeParse(message);
    if (read.success) continue;
    const [issue] = read.error.issues;
    return `items[${index}].${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no message'}`;
  }
  return null;
}
