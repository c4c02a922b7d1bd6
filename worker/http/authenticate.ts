import type { MiddlewareHandler } from 'hono';
import { actionsOf, type Action } from '../auth/permissions';
import { verifyToken } from '../auth/tokens';
import type { Env } from '../env';
import type { AppEnv, Identity } from './context';
import { identifyByCrm } from './crm-identity';
import { isOurApp, isSafeMethod } from './csrf';
import { PlatformError } from './errors';
import { readSessionCookie } from './session-cookie';

/**
 * `missing`: no token at all; `invalid`: forged, expired, of another kind, or its session is no longer alive;
 * `foreign`: an unsafe method carried by a cookie without proof that our own app sent it.
 */
export type IdentifyResult =
  { ok: true; identity: Identity } | { ok: false; reason: 'missing' | 'invalid' | 'foreign' };

/** The token of `Authorization: Bearer`, undefined when the header is absent or of another scheme. */
export const bearerToken = (request: Request): string | undefined =>
  /^Bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];

/**
 * Who makes a request to the platform API: by `Authorization: Bearer` (tokens of API clients) or else by the session
 * cookie (browsers, with the CSRF defence on unsafe methods). Costs one request to the tenant's SessionGate.
 * Rooms with their own error shapes call this; the others use `authenticated()`.
 */
export async function identify(request: Request, env: Env): Promise<IdentifyResult> {
  const bearer = bearerToken(request);
  // A header of another scheme is no reason to fall back to the cookie: the client meant something else.
  const cookie = request.headers.has('authorization') ? undefined : readSessionCookie(request, env);
  const token = bearer ?? cookie;
  if (token === undefined)
    return request.headers.has('authorization')
      ? { ok: false, reason: 'invalid' }
      : identifyGuest(request, env);
  const via = bearer === undefined ? 'cookie' : 'bearer';
  if (via === 'cookie' && !isSafeMethod(request.method) && !isOurApp(request))
    return { ok: false, reason: 'foreign' };

  const verified = await verifyToken(token, env, {
    audience: via === 'cookie' ? 'cookie' : 'api',
    type: 'access',
  });
  if (!verified.ok) return { ok: false, reason: 'invalid' };
  const { claims } = verified;
  const checked = await env.SESSION_GATE.getByName(claims.tenantId).check(claims.sid, claims.jti);
  if (!checked.ok || checked.identity.userId !== claims.userId) return { ok: false, reason: 'invalid' };
  const { identity: known } = checked;
  return {
    ok: true,
    identity: {
      tenantId: known.tenant.id,
      tenant: known.tenant,
      userId: known.userId,
      username: known.username,
      displayName: known.displayName,
      roleId: known.roleId,
      role: known.role,
      permissions: actionsOf(known.permissions, known.tenant.kind),
      permissionMap: known.permissions,
      sid: known.sid,
      jti: claims.jti,
      kind: known.kind,
      via,
      expiresAt: known.expiresAt,
    },
  };
}

/** Who has no session here: somebody whom a CRM sent to the screens of its integration, or nobody. */
async function identifyGuest(request: Request, env: Env): Promise<IdentifyResult> {
  const guest = await identifyByCrm(request, env);
  if (guest === null) return { ok: false, reason: 'missing' };
  if (!guest.ok) return { ok: false, reason: 'invalid' };
  return isSafeMethod(request.method) || isOurApp(request) ? guest : { ok: false, reason: 'foreign' };
}

/**
 * Middleware of a platform route: sets `c.var.identity` and asks for one action, or for none where every signed-in
 * user may.
 *
 * @throws PlatformError AUTH_FAIL, PERMISSION_DENIED
 */
export const authenticated =
  (action?: Action): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const result = await identify(c.req.raw, c.env);
    if (!result.ok && result.reason === 'foreign') {
      throw new PlatformError(
        'PERMISSION_DENIED',
        'A change made with the session cookie must come from the app itself (same origin, header X-Trunkline: 1).',
      );
    }
    if (!result.ok) {
      throw new PlatformError(
        'AUTH_FAIL',
        'Sign in first: the token or session is missing, expired or revoked.',
        {
          headers: { 'WWW-Authenticate': 'Bearer realm="api"' },
        },
      );
    }
    if (action !== undefined && !result.identity.permissions.has(action)) {
      throw new PlatformError('PERMISSION_DENIED', `Your role does not allow ${action}.`);
    }
    c.set('identity', result.identity);
    await next();
  };
