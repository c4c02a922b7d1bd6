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
}

/**
 * What live sockets are told: a chat as it is now, and the messages that were added or changed, null where they are too
 * many to be told. Who was told up to less than `prev` has missed something and asks for `changes`. Without a chat it
 * says just that: something may have been missed.
 */
export interface InboxChange {
  prev: number;
  rev: number;
  chat: ChatView | null;
  messages: MessageView[] | null;
}
