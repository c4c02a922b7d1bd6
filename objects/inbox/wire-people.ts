/** The inbox as people's clients see it: answers of `/api/inbox`, and what live sockets are told. */
import type { ChannelView, ChatAllows, ChatView, InboxChange, MessageView } from './contract';

const iso = (at: number): string => new Date(at).toISOString();

const channelWire = ({ id, externalId, provider, code, name, parent, active }: ChatView['channel']) => ({
  id,
  external_id: externalId,
  provider,
  code,
  name,
  parent,
  active,
});

export const countedChannelWire = (channel: ChannelView) => ({
  ...channelWire(channel),
  unread: channel.unread,
});

export const messageWire = (message: MessageView) => ({
  id: message.id,
  number: message.number,
  chat_id: message.chatId,
  direction: message.direction,
  sender: message.sender,
  author: message.author,
  text: message.text,
  sent_at: iso(message.sentAt),
  edited_at: message.editedAt === null ? null : iso(message.editedAt),
  status: message.status,
  error: message.error,
  seen: message.seen,
});

export const allowsWire = ({ reply, whyNot, replyUntil, edit, read, maxTextLength }: ChatAllows) => ({
  reply,
  why_not: whyNot,
  reply_until: replyUntil === null ? null : iso(replyUntil),
  edit,
  read,
  max_text_length: maxTextLength,
});

export const chatWire = (chat: ChatView) => ({
  id: chat.id,
  channel: channelWire(chat.channel),
  title: chat.title,
  participants: chat.participants,
  unread: chat.unread,
  last: chat.last && messageWire(chat.last),
  last_at: iso(chat.lastAt),
  created_at: iso(chat.createdAt),
  rev: chat.rev,
  allows: allowsWire(chat.allows),
});

export const changeWire = ({ prev, rev, chat, messages }: InboxChange) => ({
  prev,
  rev,
  chat: chat && chatWire(chat),
  messages: messages && messages.map(messageWire),
});
