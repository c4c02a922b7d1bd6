import { z } from '@hono/zod-openapi';
import {
  MESSAGE_DIRECTIONS,
  MESSAGE_STATUSES,
  PARTICIPANT_ROLES,
  WHY_NOT,
} from '../../objects/inbox/contract';
import { messageText } from '../../objects/inbox/wire';

const id = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{1,40}$`), 'not one of ours')
    .openapi({ example: `${prefix}_01k73d5zq0a1b2c3d4` });

export const ChatId = id('chat');
export const MessageId = id('msg');
export const ChannelId = id('chn');

/** A text that a person writes; what is only spaces says nothing. */
export const Text = messageText
  .refine((text) => text.trim() !== '', 'says nothing')
  .openapi({ description: 'Goes to the customer to the letter.', example: 'Good morning! Yes, it is.' });

const channel = {
  id: z.string(),
  external_id: z.string().openapi({ description: 'The provider’s own id of it.' }),
  provider: z.string().openapi({ description: 'Code of the provider.' }),
  code: z.string().openapi({ description: '`telegram`, `whatsapp`, …, or one that nobody knows.' }),
  name: z.string(),
  parent: z.string().nullable().openapi({ description: '`external_id` of the channel it belongs to.' }),
  active: z.boolean().openapi({ description: 'False: nothing comes in over it, and nothing can be sent.' }),
};
const CHANNEL = {
  id: 'chn_01k73d5zq0a1b2c3d4',
  external_id: 'tg-main',
  provider: 'chat-post',
  code: 'telegram',
  name: 'Shop',
  parent: null,
  active: true,
};

export const Channel = z
  .object({ ...channel, unread: z.int().openapi({ description: 'Unread messages of its chats.' }) })
  .openapi('InboxChannel', { example: { ...CHANNEL, unread: 2 } });

const Participant = z.object({
  id: z.string(),
  name: z.string().nullable(),
  phone: z.string().nullable().openapi({ description: 'E.164: whose calls `/api/calls?number=` shows.' }),
  role: z.enum(PARTICIPANT_ROLES),
});
const ANN = { id: 'u-1', name: 'Ann Example', phone: '+375290000001', role: 'customer' as const };

const MESSAGE = {
  id: 'msg_01k73d5zq0a1b2c3d4',
  number: 5512,
  chat_id: 'chat_01k73d5zq0a1b2c3d4',
  direction: 'incoming' as const,
  sender: ANN,
  author: null,
  text: 'Hello! Is it still there?',
  sent_at: '2025-11-15T10:30:00.000Z',
  edited_at: null,
  status: 'delivered' as const,
  error: null,
  seen: false,
};

export const Message = z
  .object({
    id: z.string(),
    number: z.int().openapi({ description: 'Grows with every message that reaches the inbox.' }),
    chat_id: z.string(),
    direction: z.enum(MESSAGE_DIRECTIONS),
    sender: Participant.nullable().openapi({ description: 'Null of what was written here.' }),
    author: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .openapi({ description: 'The user who wrote it here.' }),
    text: z.string(),
    sent_at: z.iso.datetime(),
    edited_at: z.iso.datetime().nullable(),
    status: z.enum(MESSAGE_STATUSES),
    error: z.string().nullable().openapi({
      description: 'Why it failed; of one that did not, why its last edit did not reach the provider.',
    }),
    seen: z.boolean(),
  })
  .openapi('InboxMessage', { example: MESSAGE });

const Allows = z
  .object({
    reply: z.boolean(),
    why_not: z.enum(WHY_NOT).nullable().openapi({ description: 'Why there is no reply.' }),
    reply_until: z.iso.datetime().nullable().openapi({
      description: 'Until when there is; null: no end is known, or there is none now.',
    }),
    edit: z.boolean().openapi({ description: 'Whether what was sent can be changed.' }),
    read: z.boolean().openapi({ description: 'Whether the customer’s side hears what was read.' }),
    max_text_length: z.int().openapi({ description: 'Of a reply, UTF-16 code units.' }),
  })
  .openapi('InboxAllows', { description: 'What can be done in the chat, as of this answer.' });

export const Chat = z
  .object({
    id: z.string(),
    channel: z.object(channel),
    title: z.string().nullable(),
    participants: z.array(Participant).openapi({ description: 'In lists the first 20.' }),
    unread: z.int(),
    last: z.union([Message, z.null()]).openapi({ description: 'The newest by the time it was sent.' }),
    last_at: z.iso.datetime(),
    created_at: z.iso.datetime(),
    rev: z.int().openapi({ description: 'The number of the inbox at which it changed last.' }),
    allows: Allows,
  })
  .openapi('InboxChat', {
    example: {
      id: 'chat_01k73d5zq0a1b2c3d4',
      channel: CHANNEL,
      title: 'Ann Example',
      participants: [ANN],
      unread: 1,
      last: MESSAGE,
      last_at: '2025-11-15T10:30:00.000Z',
      created_at: '2025-11-15T10:30:00.000Z',
      rev: 812,
      allows: {
        reply: true,
        why_not: null,
        reply_until: '2025-11-16T10:30:00.000Z',
        edit: true,
        read: true,
        max_text_length: 4_096,
      },
    },
  });
