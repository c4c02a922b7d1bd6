import type { Context } from 'hono';
import {
  WHY_NOT,
  type Author,
  type InboxApi,
  type PersonRefusal,
  type PersonRefusalCode,
} from '../../objects/inbox/contract';
import { allowsWire } from '../../objects/inbox/wire-people';
import type { AppEnv, Identity } from '../http/context';
import { PlatformError, type PlatformErrorCode } from '../http/errors';

/** The caller's tenant's inbox. */
export const inboxOf = ({ env, var: { identity } }: Context<AppEnv>): DurableObjectStub<InboxApi> =>
  env.INBOX.getByName(identity.tenantId);

export const authorOf = ({ userId, displayName }: Identity): Author => ({ id: userId, name: displayName });

const REFUSALS: Record<PersonRefusalCode, [code: PlatformErrorCode, message: string]> = {
  no_such_chat: ['NOT_FOUND', 'No such chat.'],
  no_such_message: ['NOT_FOUND', 'No such message.'],
  not_connected: [
    'CHANNEL_REFUSES',
    'The provider of this channel is not connected: activate its integration.',
  ],
  channel_inactive: [
    'CHANNEL_REFUSES',
    'The channel of this chat is switched off: nothing can be sent over it until its provider connects it again.',
  ],
  not_supported: ['CHANNEL_REFUSES', 'This channel can’t do that.'],
  window_closed: [
    'CHANNEL_REFUSES',
    'The channel takes replies only so long after the customer’s last message: wait until they write again.',
  ],
  text_too_long: ['CHANNEL_REFUSES', 'The text is too long for this channel.'],
  not_yours: ['PERMISSION_DENIED', 'Somebody else wrote this message.'],
  not_failed: ['INVALID_PARAMS', 'Only a message that failed is sent again.'],
  failed: ['INVALID_PARAMS', 'The message never reached the customer: send it again instead.'],
  key_reused: ['KEY_REUSED', 'This Idempotency-Key was used with another request.'],
};

/** Of what a chat does not allow, `details` says why and what it does allow. */
export function refusalOf({ code, allows }: PersonRefusal): PlatformError {
  const [platform, message] = REFUSALS[code];
  const reason = WHY_NOT.find((why) => why === code);
  if (reason === undefined) return new PlatformError(platform, message);
  return new PlatformError(platform, message, {
    details: { reason, ...(allows && { allows: allowsWire(allows) }) },
  });
}

export const notFound = (what: 'chat' | 'channel' | 'message'): PlatformError =>
  new PlatformError('NOT_FOUND', `No such ${what}.`);

export const badCursor = (): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
    details: { cursor: ['is none of this list'] },
  });
