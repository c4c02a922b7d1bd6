import type { InboxRefusal, ProviderRefusalCode } from '../../../objects/inbox/contract';
import { ProblemError, type ProblemCode } from '../../http/problems';

const REFUSALS: Record<ProviderRefusalCode, { code: ProblemCode; detail: string; field?: string }> = {
  channel_inactive: { code: 'channel_inactive', detail: 'The channel is not connected: connect it first.' },
  no_such_channel: {
    code: 'not_found',
    detail: 'No such channel.',
    field: 'no channel of this id is connected',
  },
  no_such_chat: { code: 'not_found', detail: 'No such chat.' },
  no_such_message: { code: 'not_found', detail: 'No such message.' },
  no_such_participant: {
    code: 'invalid_request',
    detail: 'The sender is no participant of the chat.',
    field: 'names no participant of the chat: send it along in chat.participants',
  },
  chat_incomplete: {
    code: 'invalid_request',
    detail: 'The chat is not known yet, and the message does not say enough to make it.',
    field: 'is needed, because the chat is not known yet',
  },
  wrong_direction: {
    code: 'message_incoming',
    detail: 'A customer wrote this message: it has no way to go. Use /chats/{chatId}/seen.',
  },
};

/** The problem of a refusal of the Inbox; of what the body names, it is the body that does not validate. */
export function problemOfRefusal({ code, field }: InboxRefusal): ProblemError {
  const { code: problem, detail, field: message } = REFUSALS[code];
  if (field === undefined || message === undefined) return new ProblemError(problem, detail);
  return new ProblemError('invalid_request', detail, { errors: [{ field, message }] });
}
