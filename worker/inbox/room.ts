import type { Context } from 'hono';
import type { Author, InboxApi, InboxRefusal, PersonRefusalCode } from '../../objects/inbox/contract';
import type { AppEnv, Identity } from '../http/context';
import { PlatformError, type PlatformErrorCode } from '../http/errors';

/** The caller's tenant's inbox. */
export const inboxOf = ({ env, var: { identity } }: Context<AppEnv>): DurableObjectStub<InboxApi> =>
  env.INBOX.getByName(identity.tenantId);

export const authorOf = ({ userId, displayName }: Identity): Author => ({ id: userId, name: displayName });

const REFUSALS: Record<PersonRefusalCode, [code: PlatformErrorCode, message: string]> = {
  no_such_chat: ['NOT_FOUND', 'No such chat.'],
  no_such_message: ['NOT_FOUND', 'No such message.'],
  channel_inactive: [
    'INVALID_PARAMS',
    'The channel of this chat is not connected: nothing can be sent over it.',
  ],
  not_yours: ['PERMISSION_DENIED', 'Somebody else wrote this message.'],
  not_failed: ['INVALID_PARAMS', 'Only a message that failed is sent again.'],
  failed: ['INVALID_PARAMS', 'The message never reached the customer: send it again instead.'],
  key_reused: ['KEY_REUSED', 'This Idempotency-Key was used with another request.'],
};

export function refusalOf({ code }: InboxRefusal<PersonRefusalCode>): PlatformError {
  const [platform, message] = REFUSALS[code];
  return new PlatformError(platform, message);
}

export const notFound = (what: 'chat' | 'channel' | 'message'): PlatformError =>
  new PlatformError('NOT_FOUND', `No such ${what}.`);

export const badCursor = (): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
    details: { cursor: ['is none of this list'] },
  });
