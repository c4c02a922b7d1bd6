import { errorText, type ApiError } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';
import type { Chat } from './model';

export type WhyNot = NonNullable<Chat['allows']['why_not']>;

const WORDS: Record<WhyNot, () => string> = {
  not_connected: m.inbox_not_connected,
  channel_inactive: m.inbox_channel_is_off,
  not_supported: m.inbox_not_supported,
  window_closed: m.inbox_window_closed,
  text_too_long: m.inbox_text_too_long,
};

/** Why a channel does not take something, in the current language. */
export const whyNotText = (why: WhyNot): string => WORDS[why]();

const isWhy = (reason: unknown): reason is WhyNot =>
  typeof reason === 'string' && Object.hasOwn(WORDS, reason);

/** A refusal of the inbox in the current language: what the channel does not take, or the words for its code. */
export function inboxErrorText(error: ApiError): string {
  const { details, status } = error;
  // The API's published set has no code of its own for it.
  if (status === 409 && typeof details === 'object' && details !== null && 'reason' in details) {
    const { reason } = details;
    if (isWhy(reason)) return whyNotText(reason);
  }
  return errorText(error);
}
