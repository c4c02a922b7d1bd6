import type { LiveSubscriber, Viewer } from '../../objects/call-hub/contract';
import type { Identity } from './context';

/** Whose calls a signed-in user sees: everybody's with `call.view_all`, else one's own. */
export const viewerOf = (identity: Identity): Viewer => ({
  userId: identity.userId,
  scope: identity.permissions.has('call.view_all') ? 'all' : 'own',
});

/** What the tenant's hub is told of somebody who listens to its feed. */
export const subscriberOf = (identity: Identity): LiveSubscriber => ({
  ...viewerOf(identity),
  slots: identity.permissions.has('slot.view'),
  log: identity.permissions.has('pipeline.view'),
  inbox: identity.permissions.has('chat.view'),
  sid: identity.sid,
  expiresAt: identity.expiresAt,
});
