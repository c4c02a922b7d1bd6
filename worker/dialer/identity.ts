/** Who calls the dialer API: a phone by its access token, or where the web may call too, a platform session. */
import type { SessionIdentity, TenantView } from '../../objects/session-gate/contract';
import { actionsOf, type Action } from '../auth/permissions';
import { verifyPhoneAccess } from '../auth/tokens';
import type { Env } from '../env';
import { identify } from '../http/authenticate';
import { badAuthorizationHeader, DialerError, forbidden, notAuthenticated, tokenNotValid } from './errors';

export interface DialerIdentity {
  tenant: TenantView;
  userId: string;
  username: string;
  /** May manage users: what the app calls an admin. */
  isAdmin: boolean;
  permissions: ReadonlySet<Action>;
  sid: string;
}

export const dialerIdentity = (known: SessionIdentity): DialerIdentity => {
  const permissions = actionsOf(known.permissions, known.tenant.kind);
  return {
    tenant: known.tenant,
    userId: known.userId,
    username: known.username,
    isAdmin: permissions.has('user.manage'),
    permissions,
    sid: known.sid,
  };
};

/**
 * The token of `Authorization: Bearer`.
 * @returns null without the header or with one of another scheme, as simplejwt takes it.
 * @throws DialerError 401 for a Bearer header that is not two words.
 */
export const bearer = (request: Request): string | null => bearerToken(request.headers.get('authorization'));

/** As `bearer`, from the header's value. @throws DialerError 401 for a Bearer header that is not two words. */
export function bearerToken(authorization: string | null): string | null {
  const words = authorization?.trim().split(/\s+/) ?? [];
  if (words[0]?.toLowerCase() !== 'bearer') return null;
  if (words.length !== 2 || words[1] === undefined) throw badAuthorizationHeader();
  return words[1];
}

/** @throws DialerError 401 in simplejwt's shapes. */
export async function phoneIdentity(request: Request, env: Env, now: number): Promise<DialerIdentity> {
  const token = bearer(request);
  if (token === null) throw notAuthenticated();
  return phoneOf(token, env, now);
}

async function phoneOf(token: string, env: Env, now: number): Promise<DialerIdentity> {
  const verified = await verifyPhoneAccess(token, env, now);
  if (!verified.ok) {
    throw tokenNotValid('access', verified.reason === 'expired' ? 'Token is expired' : 'Token is invalid');
  }
  const { claims } = verified;
  const checked = await env.SESSION_GATE.getByName(claims.tenantId).check(claims.sid, null);
  if (!checked.ok || checked.identity.userId !== claims.userId) throw tokenNotValid('access');
  return dialerIdentity(checked.identity);
}

/** A phone, or a user of the web app or the platform API. @throws DialerError 401, 403 */
export async function anyIdentity(request: Request, env: Env, now: number): Promise<DialerIdentity> {
  const token = bearer(request);
  const web = await identify(request, env);
  if (web.ok) {
    const { tenant, userId, username, permissions, sid } = web.identity;
    return { tenant, userId, username, isAdmin: permissions.has('user.manage'), permissions, sid };
  }
  if (token !== null) return phoneOf(token, env, now);
  if (web.reason === 'foreign') {
    throw new DialerError(403, {
      detail: 'CSRF Failed: the request must come from the app itself (X-Trunkline: 1).',
    });
  }
  throw web.reason === 'missing' ? notAuthenticated() : tokenNotValid('access');
}

/** @throws DialerError 403 */
export function allow(identity: DialerIdentity, action: Action): void {
  if (!identity.permissions.has(action)) throw forbidden();
}
