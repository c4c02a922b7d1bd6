import { z } from '@hono/zod-openapi';
import {
  MESSAGE_DIRECTIONS,
  MESSAGE_STATUSES,
  PARTICIPANT_ROLES,
  type ChannelView,
  type ChatView,
  type MessageView,
} from '../../../objects/inbox/contract';

/** What providers see of the inbox, by their own ids where they have said some. */

const iso = (at: number): string => new Date(at).toISOString();

export const Channel = z
  .object({
    id: z.string(),
    code: z
      .string()
      .openapi({ description: 'As it was given; an unknown one has a placeholder for its icon.' }),
    name: z.string(),
    active: z.boolean(),
  })
  .openapi('Channel', { example: { id: 'tg-main', code: 'telegram', name: 'Shop', active: true } });

export const channelBody = ({ externalId, code, name, active }: ChatView['channel'] | ChannelView) => ({
  id: externalId,
  code,
  name,
  active,
});

export const Chat = z
  .object({
    id: z.string(),
    channelId: z.string(),
    title: z.string().nullable(),
    participants: z.array(
      z.object({
        id: z.string(),
        name: z.string().nullable(),
        phone: z.string().nullable(),
        role: z.enum(PARTICIPANT_ROLES),
      }),
    ),
    unread: z.int().openapi({ description: 'Messages of customers that nobody has seen.' }),
    createdAt: z.iso.datetime(),
  })
  .openapi('Chat', {
    example: {
      id: 'tg-77',
      channelId: 'tg-main',
      title: 'Ann Example',
      participants: [{ id: 'u-1', name: 'Ann Example', phone: '+375290000001', role: 'customer' }],
      unread: 1,
      createdAt: '2025-11-15T10:30:00.000Z',
    },
  });

export const chatBody = (chat: ChatView) => ({
  id: chat.externalId,
  channelId: chat.channel.externalId,
  title: chat.title,
  participants: chat.participants,
  unread: chat.unread,
  createdAt: iso(chat.createdAt),
});

export const Message = z
  .object({
    id: z
      .string()
      .openapi({ description: 'The provider’s own id; ours of a message that it has given none.' }),
    chatId: z.string(),
    direction: z.enum(MESSAGE_DIRECTIONS),
    senderId: z.string().nullable(),
    text: z.string(),
    sentAt: z.iso.datetime(),
    receivedAt: z.iso.datetime(),
    editedAt: z.iso.datetime().nullable(),
    status: z.enum(MESSAGE_STATUSES),
    seen_flag: z.boolean().openapi({ description: 'Of incoming messages: whether somebody has seen it.' }),
  })
  .openapi('Message', {
    example: {
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
  });

/** `chatId`: the provider's own. */
export const messageBody = (message: MessageView, chatId: string) => ({
  id: message.externalId ?? message.id,
  chatId,
  direction: message.direction,
  senderId: message.sender?.id ?? null,
  text: message.text,
  sentAt: iso(message.sentAt),
  receivedAt: iso(message.receivedAt),
  editedAt: message.editedAt === null ? null : iso(message.editedAt),
  status: message.status,
  seen_flag: message.seen,
});
