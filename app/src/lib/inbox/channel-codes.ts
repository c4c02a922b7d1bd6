import { m } from '#lib/paraglide/messages.js';

/** Channels that have a name and an icon of their own; any other code is kept, with a placeholder. */
export const CHANNEL_CODES = [
  'telegram',
  'whatsapp',
  'viber',
  'vk',
  'ok',
  'instagram',
  'facebook',
  'avito',
  'email',
  'sms',
  'web_chat',
  'max',
] as const;
export type ChannelCode = (typeof CHANNEL_CODES)[number];

const NAMES: Record<ChannelCode, () => string> = {
  telegram: m.inbox_channel_telegram,
  whatsapp: m.inbox_channel_whatsapp,
  viber: m.inbox_channel_viber,
  vk: m.inbox_channel_vk,
  ok: m.inbox_channel_ok,
  instagram: m.inbox_channel_instagram,
  facebook: m.inbox_channel_facebook,
  avito: m.inbox_channel_avito,
  email: m.inbox_channel_email,
  sms: m.inbox_channel_sms,
  web_chat: m.inbox_channel_web_chat,
  max: m.inbox_channel_max,
};

export const knownCode = (code: string): ChannelCode | null =>
  CHANNEL_CODES.find((known) => known === code) ?? null;

/** What people call a channel, in the current language; an unknown code goes by itself. */
export function channelName(code: string): string {
  const known = knownCode(code);
  return known === null ? code : NAMES[known]();
}
