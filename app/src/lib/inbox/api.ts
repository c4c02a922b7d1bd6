import { api, body } from '#lib/api/client.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type { ChatFilter } from './chat-list';
import type { Channel, Chat, Message } from './model';
import type { MessagePage } from './pages';

/** The server's limit on one page. */
export const MOST_CHATS = 200;

export interface ChatsPage extends Page<Chat> {
  /** How far the inbox had come. */
  rev: number;
}

const withPage = ({ cursor, limit }: PageRequest) => ({
  ...(cursor !== undefined && { cursor }),
  ...(limit !== undefined && { limit }),
});

export async function listChannels(signal?: AbortSignal): Promise<Channel[]> {
  const { items } = await body(api.GET('/api/inbox/channels', { signal }));
  return items;
}

export async function listChats(
  { channel, unread }: ChatFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<ChatsPage> {
  const filter = { ...(channel !== null && { channel }), ...(unread && { unread: '1' as const }) };
  const query = { ...filter, ...withPage(page) };
  const { chats, next, rev } = await body(api.GET('/api/inbox/chats', { params: { query }, signal }));
  return { items: chats, next, rev };
}

/** Chats by their title, their people’s names and numbers. */
export async function findChats(q: string, page: PageRequest, signal?: AbortSignal): Promise<Page<Chat>> {
  const query = { q, ...withPage(page) };
  const { chats, next } = await body(api.GET('/api/inbox/chats', { params: { query }, signal }));
  return { items: chats, next };
}

/** Chats of a phone number, E.164. */
export async function chatsWith(
  number: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Chat>> {
  const query = { number, ...withPage(page) };
  const { chats, next } = await body(api.GET('/api/inbox/chats', { params: { query }, signal }));
  return { items: chats, next };
}

export interface Found {
  message: Message;
  chat: Chat;
}

/** Messages by the beginnings of their words; those of one chat, or of all. */
export async function findMessages(
  q: string,
  chat: string | null,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Found>> {
  const query = { q, ...(chat !== null && { chat }), ...withPage(page) };
  const { found, next } = await body(api.GET('/api/inbox/search', { params: { query }, signal }));
  return { items: found, next };
}

export const readChat = (id: string, signal?: AbortSignal): Promise<Chat> =>
  body(api.GET('/api/inbox/chats/{id}', { params: { path: { id } }, signal }));

export const readMessages = (
  id: string,
  query: { before?: string; after?: string; around?: string; limit?: number },
  signal?: AbortSignal,
): Promise<MessagePage> =>
  body(api.GET('/api/inbox/chats/{id}/messages', { params: { path: { id }, query }, signal }));

/** What changed since a number of the inbox; `reset`: too much to be told one by one. */
export const readChanges = (since: number): Promise<{ rev: number; chats: Chat[]; reset: boolean }> =>
  body(api.GET('/api/inbox/changes', { params: { query: { since } } }));

/** `key`: the same one again is the same message, for 24 hours. */
export const postReply = (id: string, text: string, key: string): Promise<Message> =>
  body(
    api.POST('/api/inbox/chats/{id}/messages', {
      params: { path: { id }, header: { 'idempotency-key': key } },
      body: { text },
    }),
  );

export const editReply = (id: string, text: string): Promise<Message> =>
  body(api.PATCH('/api/inbox/messages/{id}', { params: { path: { id } }, body: { text } }));

export const resendReply = (id: string): Promise<Message> =>
  body(api.POST('/api/inbox/messages/{id}/resend', { params: { path: { id } } }));

/** Unread messages up to a `number` become seen. Answers the chat as it is then. */
export async function markSeen(id: string, upTo: number): Promise<Chat> {
  const answer = await body(
    api.POST('/api/inbox/chats/{id}/seen', { params: { path: { id } }, body: { up_to: upTo } }),
  );
  return answer.chat;
}
