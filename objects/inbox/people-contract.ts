/** The half of the Inbox's contract that people stand behind: the workspace, and cards of calls. */
import type { InboxRefusal } from './provider-contract';
import type { Author, ChannelView, ChatAllows, ChatView, MessageView, WhyNot } from './shapes';

export interface ChatQuery {
  /** Our id. */
  channel?: string | undefined;
  /** A channel's code: all channels of that kind. */
  code?: string | undefined;
  unread?: boolean | undefined;
  /** E.164 of a participant. */
  phone?: string | undefined;
  /** Beginnings of words in title, names and numbers; `textNumber` the same read as a whole number. */
  text?: string | undefined;
  textNumber?: string | undefined;
  cursor?: string | undefined;
  /** 1–200. */
  limit: number;
}

export type ChatsPage =
  | { ok: true; chats: ChatView[]; next: string | null; rev: number }
  | { ok: false; code: 'bad_cursor' | 'no_such_channel' };

export interface MessageQuery {
  chatId: string;
  /** Older than this position, or newer. Neither: the newest. */
  before?: string | undefined;
  after?: string | undefined;
  /** Our id of a message: it and what stands around it. */
  around?: string | undefined;
  /** 1–200. */
  limit: number;
}

/** In the order they were sent; `older` and `newer` go on, null where there is no more. */
export type MessagesPage =
  | { ok: true; messages: MessageView[]; older: string | null; newer: string | null }
  | { ok: false; code: 'bad_cursor' | 'no_such_chat' | 'no_such_message' };

export interface SearchQuery {
  text: string;
  chatId?: string | undefined;
  channel?: string | undefined;
  cursor?: string | undefined;
  /** 1–100. */
  limit: number;
}

/** Those that arrived last come first. */
export type SearchPage =
  | { ok: true; found: { message: MessageView; chat: ChatView }[]; next: string | null }
  | { ok: false; code: 'bad_cursor' | 'no_such_channel' | 'no_such_chat' };

export interface PersonRequest {
  user: Author;
  now: number;
}

/** Makes a reply safe to repeat: with the same key of the same person within 24 hours it is the same message. */
export interface Once {
  key: string;
  /** Digest of the request: the key is refused with any other. */
  fingerprint: string;
}

/**
 * `no_such_chat`, `no_such_message`; `not_yours`: somebody else wrote it, or a customer did; `not_failed`: only what
 * failed is sent again; `failed`: it never reached the customer, so there is nothing to edit; `key_reused`; and what a
 * chat does not allow.
 */
export type PersonRefusalCode =
  'no_such_chat' | 'no_such_message' | 'not_yours' | 'not_failed' | 'failed' | 'key_reused' | WhyNot;

/** `allows`: of the chat, where that is why. */
export type PersonRefusal = InboxRefusal<PersonRefusalCode> & { allows?: ChatAllows };

/** `before`: what it was, where that is worth an audit row. */
export type PersonResult<T> =
  { ok: true; again: boolean; value: T; before?: string | undefined } | PersonRefusal;

/** `reset`: more has changed than is told one by one; read the lists anew. */
export interface ChangesPage {
  rev: number;
  chats: ChatView[];
  reset: boolean;
}

export interface PeopleInbox {
  channels(): Promise<ChannelView[]>;
  chats(query: ChatQuery): Promise<ChatsPage>;
  chat(chatId: string): Promise<ChatView | null>;
  messages(query: MessageQuery): Promise<MessagesPage>;
  search(query: SearchQuery): Promise<SearchPage>;
  /** Chats changed since a number of the inbox, oldest change first. */
  changes(since: number): Promise<ChangesPage>;
  reply(
    input: PersonRequest & { chatId: string; text: string; once?: Once | undefined },
  ): Promise<PersonResult<MessageView>>;
  edit(input: PersonRequest & { messageId: string; text: string }): Promise<PersonResult<MessageView>>;
  /** Sends a message again that failed. */
  resend(input: PersonRequest & { messageId: string }): Promise<PersonResult<MessageView>>;
  /** Unread messages up to a `number` become seen; all of them without. The provider is told. */
  saw(
    input: PersonRequest & { chatId: string; upTo?: number | undefined },
  ): Promise<PersonResult<{ seen: number; chat: ChatView }>>;
  /** Of a sandbox alone: takes away all that is stored. */
  erase(): Promise<void>;
}
