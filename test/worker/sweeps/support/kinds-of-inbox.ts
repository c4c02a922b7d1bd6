/** Channels, chats and messages: a provider brings them, people answer. */
import { env } from 'cloudflare:workers';
import { idIn, made, next, type Kind, type Special } from './making';
import type { Tenant } from './tenant';

const provider = 'chat-post';

async function makeChannel(tenant: Tenant): Promise<string> {
  const channel = { id: `channel-${next()}`, code: 'telegram', name: 'Shop' };
  const inbox = env.INBOX.getByName(tenant.id);
  const result = await inbox.connectChannel({ provider, channel, now: Date.now() });
  if (!result.ok) throw new Error(result.code);
  return result.value.id;
}

async function makeChat(tenant: Tenant): Promise<string> {
  const inbox = env.INBOX.getByName(tenant.id);
  const id = await makeChannel(tenant);
  const channel = (await inbox.channels()).find((one) => one.id === id);
  const n = next();
  const chat = {
    id: `chat-${n}`,
    channelId: channel?.externalId,
    participants: [{ id: 'u-1', name: 'Ann Example', phone: '+375290000001' }],
  };
  const message = { id: `m-${n}`, chat, senderId: 'u-1', direction: 'incoming', text: 'Hello' } as const;
  const result = await inbox.addMessages({ provider, messages: [message], now: Date.now() });
  const [added] = result.ok ? result.value : [];
  if (added?.ok !== true) throw new Error('no message was added');
  return added.message.chatId;
}

/** A reply of the admin's that the provider has taken. */
async function makeMessage(tenant: Tenant, outer: Record<string, string>): Promise<string> {
  const chat = outer['chat'] ?? (await makeChat(tenant));
  const body = { text: 'Good morning!' };
  const id = idIn(made(await tenant.send('POST', `/api/inbox/chats/${chat}/messages`, { body }))['id']);
  const news = { kind: 'delivered', deliveryId: id, delivery: 'send_message', externalId: null } as const;
  const inbox = env.INBOX.getByName(tenant.id);
  await inbox.takeProviderNews(provider, [{ id: `news-${id}`, at: Date.now(), ...news }]);
  return id;
}

export const inboxKinds = {
  channel: { make: makeChannel, madeUp: 'chn_0' },
  chat: { make: makeChat, madeUp: 'chat_0' },
  message: { make: makeMessage, madeUp: 'msg_0' },
} as const satisfies Record<string, Kind>;

/** What the provider lost. */
const failed: Special = async (tenant, { path }) => {
  const change = { messageId: path?.['id'] ?? '', status: 'failed', now: Date.now() } as const;
  const result = await env.INBOX.getByName(tenant.id).providerStatus({ provider, ...change });
  if (!result.ok) throw new Error(result.code);
  return {};
};

/** A message is of a chat: both are the same one's. */
const around: Special = async (tenant, { path, query }) => {
  if (query?.['around'] === undefined) return {};
  return { query: { around: await makeMessage(tenant, { chat: path?.['id'] ?? '' }) } };
};

export const inboxSpecials: Readonly<Record<string, Special>> = {
  'POST /api/inbox/messages/{id}/resend': failed,
  'GET /api/inbox/chats/{id}/messages': around,
};
