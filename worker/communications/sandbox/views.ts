import type { z } from '@hono/zod-openapi';
import type { ChatView, MessageView } from '../../../objects/inbox/contract';
import type { Exchange } from '../../../objects/provider-link/contract';
import type { CheckCode, Run, SandboxEvent, SandboxToken } from '../../../objects/sandbox/contract';
import type { ChatBody, EventBody, ExchangeBody, MessageBody, RunBody, SandboxTokenBody } from './schemas';

export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

export const tokenView = ({ id, hint, createdAt }: SandboxToken): z.infer<typeof SandboxTokenBody> => ({
  id,
  hint,
  createdAt: iso(createdAt),
});

/** Of an event, too, what went over the wire alone. */
const exchangeView = ({
  direction,
  kind,
  deliveries,
  attempt,
  request,
  answer,
  error,
}: Exchange): z.infer<typeof ExchangeBody> => ({
  direction,
  kind,
  deliveries,
  attempt,
  request,
  answer,
  error,
});

export const eventView = ({ at, ...event }: SandboxEvent): z.infer<typeof EventBody> => ({
  ...event,
  at: iso(at),
});

export const messageView = (message: MessageView): z.infer<typeof MessageBody> => ({
  id: message.id,
  externalId: message.externalId,
  direction: message.direction,
  sender: message.sender && { id: message.sender.id, name: message.sender.name },
  text: message.text,
  sentAt: iso(message.sentAt),
  editedAt: isoOrNull(message.editedAt),
  status: message.status,
  error: message.error,
  seen: message.seen,
});

export const channelView = (channel: {
  externalId: string;
  code: string;
  name: string;
  active: boolean;
}): { id: string; code: string; name: string; active: boolean } => ({
  id: channel.externalId,
  code: channel.code,
  name: channel.name,
  active: channel.active,
});

export const chatView = (chat: ChatView): z.infer<typeof ChatBody> => ({
  id: chat.id,
  externalId: chat.externalId,
  channel: channelView(chat.channel),
  title: chat.title,
  participants: chat.participants.map(({ id, name, phone }) => ({ id, name, phone })),
  unread: chat.unread,
  last: chat.last && messageView(chat.last),
});

const EXPECTED: Record<CheckCode, string> = {
  wrong_key: 'getChannels with a wrong key is answered 401 or 403.',
  get_channels: 'getChannels answers 2xx with at least one channel within 5 seconds.',
  set_webhook: 'setWebhook answers 2xx within 5 seconds.',
  history: 'getMessageHistory answers a first page, each item a message as of POST /messages.',
  incoming_message: 'A customer’s message comes by POST /messages within 10 minutes: write one.',
  wrong_key_send: 'sendMessage with a wrong key is answered 401 or 403.',
  unknown_chat: 'sendMessage into a chat that does not exist is refused with 4xx.',
  send_message: 'sendMessage into the chat answers 2xx within 5 seconds.',
  repeat_send: 'The same request again is answered 2xx with the same id, or 409; nothing is sent twice.',
  bulk: 'bulkMessages answers each message by its key: that one is a duplicate, one into no chat an error.',
  status_back: 'The status of that message, delivered or read, is told back within 2 minutes.',
  update_content: 'updateMessageContent answers 2xx within 5 seconds.',
  mark_read: 'markChatRead answers 2xx within 5 seconds.',
  update_status: 'updateMessageStatus of the customer’s message answers 2xx within 5 seconds.',
  delete_webhook: 'deleteWebhook answers 2xx when the integration ends.',
  disconnect: 'disconnect answers 2xx when the integration ends.',
};

export const runView = (run: Run): z.infer<typeof RunBody> => ({
  id: run.id,
  state: run.state,
  configurationVersion: run.configurationVersion,
  startedAt: iso(run.startedAt),
  finishedAt: isoOrNull(run.finishedAt),
  checks: run.checks.map((check) => ({
    code: check.code,
    state: check.state,
    expected: EXPECTED[check.code],
    startedAt: isoOrNull(check.startedAt),
    finishedAt: isoOrNull(check.finishedAt),
    deadlineAt: isoOrNull(check.deadlineAt),
    problem: check.problem,
    detail: check.detail,
    exchange: check.exchange && exchangeView(check.exchange),
  })),
});
