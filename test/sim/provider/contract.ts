/** What the platform asks of a provider, to the letter: whatever else comes is refused. Times are ISO 8601. */
import { z } from 'zod';

const id = z.string().min(1).max(256);
const tenant = z.string().min(1).max(64);
const chat = z.strictObject({ id, channelId: id });
const text = z.string().min(1);
const webhook = z.strictObject({ tenant, url: z.url().optional() });
const sent = { chat, message: z.strictObject({ id, text, sentAt: z.iso.datetime() }) };

/** A chat as the platform names it. */
export type NamedChat = z.infer<typeof chat>;

/** By endpoint of a configuration where it is, how it is asked and what it is asked with: a body, or a query of a GET. */
export const ENDPOINTS = {
  sendMessage: {
    path: '/send',
    method: 'POST',
    shape: z.strictObject({ tenant, ...sent }),
  },
  updateMessageContent: {
    path: '/content',
    method: 'POST',
    shape: z.strictObject({
      tenant,
      chat,
      message: z.strictObject({ id, externalId: id.nullable(), text }),
    }),
  },
  updateMessageStatus: {
    path: '/status',
    method: 'POST',
    shape: z.strictObject({ tenant, chat, message: z.strictObject({ id, status: z.literal('read') }) }),
  },
  markChatRead: { path: '/read', method: 'POST', shape: z.strictObject({ tenant, chat }) },
  disconnect: {
    path: '/disconnect',
    method: 'POST',
    shape: z.strictObject({ tenant, reason: z.enum(['deactivated', 'uninstalled']) }),
  },
  getChannels: { path: '/channels', method: 'GET', shape: z.strictObject({ tenant }) },
  getMessageHistory: {
    path: '/history',
    method: 'GET',
    shape: z.strictObject({
      tenant,
      limit: z.coerce.number().int().min(1).max(1_000),
      cursor: id.optional(),
    }),
  },
  setWebhook: { path: '/set-webhook', method: 'POST', shape: webhook },
  bulkMessages: {
    path: '/bulk',
    method: 'POST',
    shape: z.strictObject({
      tenant,
      messages: z
        .array(z.strictObject({ idempotencyKey: id, ...sent }))
        .min(1)
        .max(100)
        .refine((all) => new Set(all.map((one) => one.chat.id)).size === all.length, 'two of one chat'),
    }),
  },
  deleteWebhook: { path: '/delete-webhook', method: 'POST', shape: webhook },
} as const satisfies Record<string, { path: string; method: 'GET' | 'POST'; shape: z.ZodType }>;

export type EndpointName = keyof typeof ENDPOINTS;
export type Asked<E extends EndpointName> = z.infer<(typeof ENDPOINTS)[E]['shape']>;

export const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as EndpointName[];
/** A channel as `getChannels` lists it. */
export interface SimChannel {
  id: string;
  code: string;
  name: string;
  parentId?: string;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
