/**
 * What other rooms and objects may ask of an Inbox: one object per tenant (named by the tenant's id), the only writer
 * of that tenant's channels, chats, participants and messages. Times are milliseconds since the epoch. Expected
 * refusals are results with `ok: false`; a throw is a bug or an unreachable object and may be retried.
 *
 * Providers name things by ids of their own, unique per provider; a message that a person wrote has none until its
 * provider says one, and goes by ours. Every change of a chat gives it the next number of the inbox (`rev`).
 */
import type { PeopleInbox } from './people-contract';
import type { ProviderInbox } from './provider-contract';

export { MESSAGE_DIRECTIONS, MESSAGE_STATUSES, PARTICIPANT_ROLES } from './machine';
export type * from './people-contract';
export type * from './provider-contract';
export { WHY_NOT } from './shapes';
export type * from './shapes';

export interface InboxApi extends Rpc.DurableObjectBranded, ProviderInbox, PeopleInbox {}
