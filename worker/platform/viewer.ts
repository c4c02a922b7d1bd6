import type { Viewer } from '../../objects/call-hub/contract';
import type { Identity } from '../http/context';

/** Whose calls a signed-in user sees: everybody's with `call.view_all`, else one's own. */
export const viewerOf = (identity: Identity): Viewer => ({
  userId: identity.userId,
  scope: identity.permissions.has('call.view_all') ? 'all' : 'own',
});
