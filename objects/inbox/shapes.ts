/** Channels, chats and messages as the contract has them. Times are milliseconds since the epoch. */
import type { MessageDirection, MessageStatus, ParticipantRole } from './machine';

/** An account of a channel: how customers reach the tenant over a provider. */
export interface ChannelView {
  id: string;
  /** The provider's own id of it. */
  externalId: string;
  /** The provider's code. */
  provider: string;
  /** `telegram`, `whatsapp`, …; any other is kept as it came. */
  code: string;
  name: string;
  /** `externalId` of the channel it belongs to; null of a main one. */
  parent: string | null;
  /** Off: nothing comes in over it and nothing can be sent. */
  active: boolean;
  /** Unread messages of its chats. */
  unread: number;
}

export interface Participant {
  /** The provider's own id, unique within the chat. */
  id: string;
  name: string | null;
  /** E.164. */
  phone: string | null;
  role: ParticipantRole;
}

/** A user, by the name they had when they wrote. */
export interface Author {
  id: string;
  name: string;
}

export interface MessageView {
  id: string;
  /** Grows with every message that reaches the inbox: the order of arrival, not of `sentAt`. */
  number: number;
  chatId: string;
  externalId: string | null;
  direction: MessageDirection;
  /** Who of the chat's participants wrote it; null for what was written here. */
  sender: Participant | null;
  /** Who wrote it here. */
  author: Author | null;
  /** To the letter. */
  text: string;
  /** By the clock of whoever sent it, never later than it reached us. */
  sentAt: number;
  receivedAt: number;
  editedAt: number | null;
  status: MessageStatus;
  /** Why it failed, in the provider's words. */
  error: string | null;
  /** Of incoming ones: whether a person of the tenant has seen it, here or with the provider. */
  seen: boolean;
}

/**
 * `not_connected`: the tenant has no active integration with the provider; `channel_inactive`: its account is switched
 * off; `not_supported`: the channel can't do it; `window_closed`: the channel takes replies only so long after the
 * customer's last message; `text_too_long`: for this channel.
 */
export const WHY_NOT = [
  'not_connected',
  'channel_inactive',
  'not_supported',
  'window_closed',
  'text_too_long',
] as const;
export type WhyNot = (typeof WHY_NOT)[number];

/** What people can do in a chat, as of when it was asked. */
export interface ChatAllows {
  reply: boolean;
  /** Why there is no reply; null where there is one. */
  whyNot: WhyNot | null;
  /** Until when there is; null: no end is known, or there is none now. */
  replyUntil: number | null;
  /** Whether what was sent can be changed. */
  edit: boolean;
  /** Whether the provider hears what was read; it is marked as seen here all the same. */
  read: boolean;
  /** UTF-16 code units. */
  maxTextLength: number;
}

export interface ChatView {
  id: string;
  externalId: string;
  channel: Omit<ChannelView, 'unread'>;
  title: string | null;
  participants: Participant[];
  unread: number;
  /** The newest by the time it was sent. */
  last: MessageView | null;
  /** When that was; of a chat without messages, when it was made. */
  lastAt: number;
  createdAt: number;
  rev: number;
  allows: ChatAllows;
}

/**
 * What live sockets are told: a chat as it is now, and the messages that were added or changed, null where they are too
 * many to be told or some have gone: the newest page says it. Who was told up to less than `prev` has missed something and asks for `changes`. Without a chat it
 * says just that: something may have been missed.
 */
export interface InboxChange {
  prev: number;
  rev: number;
  chat: ChatView | null;
  messages: MessageView[] | null;
}
