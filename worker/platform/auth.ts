import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { checkPassword } from '../auth/sign-in';
import { issueToken, rotateToken, startSession } from '../auth/sessions';
import { auditOf } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';
import { APP_HEADER, isOurApp } from '../http/csrf';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { sessionCookie, transportOf } from '../http/session-cookie';

/** One text for every way a sign-in may be wrong. The hint is in it always: given only sometimes it would tell. */
const WRONG = 'Wrong user name or password. If your company shares this address, sign in as name@tenant.';

const PermissionMapBody = z.record(z.string(), z.array(z.string()));

const login = apiRoute({
  method: 'post',
  path: '/api/auth/login',
  summary: 'Sign in',
  description:
    'By `name@tenant`, or by the name alone where it is unambiguous on this host. With `X-Trunkline: 1` the answer ' +
    'sets the session cookie of the app and carries no token. Failures are limited per name and per address.',
  tags: ['Sign-in'],
  access: 'public',
  errors: ['AUTH_FAIL', 'PERMISSION_DENIED', 'RATE_LIMITED'],
  request: {
    body: jsonRequest(
      z.object({ username: z.string().trim().min(1).max(200), password: z.string().min(1).max(1_000) }),
      {
        username: 'op12',
        password: 'a long password',
      },
    ),
  },
  responses: {
    200: json(
      z.object({
        token: z
          .string()
          .optional()
          .openapi({ description: 'Access token; absent when the cookie was set.' }),
        role: z.string(),
        expires: z
          .number()
          .int()
          .openapi({ description: 'Seconds it is good for if not used or refreshed.' }),
        permissions: PermissionMapBody,
      }),
      'Signed in.',
      { token: 'eyJhbGciOi…', role: 'operator', expires: 3600, permissions: { WORKSPACE: ['view', 'call'] } },
    ),
  },
});

const refresh = apiRoute({
  method: 'post',
  path: '/api/auth/refresh',
  summary: 'Change a good token for a new one',
  description:
    'The old token is revoked. A session held by the cookie gets a new cookie and no token in the answer.',
  tags: ['Sign-in'],
  access: 'signed_in',
  responses: {
    200: json(z.object({ token: z.string().optional(), expires: z.number().int() }), 'The new token.', {
      token: 'eyJhbGciOi…',
      expires: 3600,
    }),
  },
});

const logout = apiRoute({
  method: 'post',
  path: '/api/auth/logout',
  summary: 'Sign out',
  description: 'The session ends at once: its token, its cookie and its live sockets.',
  tags: ['Sign-in'],
  access: 'signed_in',
  responses: { 204: { description: 'Signed out.' } },
});

const me = apiRoute({
  method: 'get',
  path: '/api/auth/me',
  summary: 'Who is signed in',
  tags: ['Sign-in'],
  access: 'signed_in',
  responses: {
    200: json(
      z.object({
        user: z.object({ id: z.string(), username: z.string(), name: z.string() }),
        role: z.string(),
        tenant: z.object({
          id: z.string(),
          name: z.string(),
          kind: z.enum(['customer', 'platform']),
          time_zone: z.string(),
          country: z.string(),
        }),
        permissions: PermissionMapBody,
        actions: z.array(z.string()),
        session: z.object({
          id: z.string(),
          kind: z.enum(['browser', 'api', 'phone']),
          expires_at: z.iso.datetime().nullable(),
        }),
      }),
      'The user, the tenant and what they may do.',
    ),
  },
});

function setCookie(c: Context<AppEnv>, token: string, maxAgeSec: number): void {
  c.header('Set-Cookie', sessionCookie(c.req.raw, c.env, token, maxAgeSec), { append: true });
}

/** Seconds until a session's absolute end: how long the browser keeps its cookie. */
const secondsLeft = (expiresAt: number | null): number =>
  expiresAt === null ? 0 : Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000));

/** Whether the sign-in is for the app's cookie, after the checks that go with it. */
function wantsCookie(c: Context<AppEnv>): boolean {
  if (c.req.header(APP_HEADER) === undefined) return false;
  if (!isOurApp(c.req.raw)) {
    throw new PlatformError('PERMISSION_DENIED', 'The app signs in from its own origin only.');
  }
  if (transportOf(c.req.raw, c.env) === 'plain') {
    throw new PlatformError(
      'PERMISSION_DENIED',
      'The app signs in over https, or on this machine: put a TLS proxy in front that sets X-Forwarded-Proto.',
    );
  }
  return true;
}

/** `/api/auth/…`: sign-in, refresh, sign-out of browsers and API clients. */
export const auth = newApiApp();

auth.openapi(login, async (c) => {
  const byCookie = wantsCookie(c);
  const { username, password } = c.req.valid('json');
  const address = clientAddress(c.req.raw, c.env);
  const host = new URL(c.req.url).hostname;
  const checked = await checkPassword(c.env, { username, password, host, address });
  if (!checked.ok && checked.reason === 'limited') {
    throw new PlatformError(
      'RATE_LIMITED',
      `Too many attempts, try again in ${checked.retryAfterSec} seconds.`,
      {
        headers: { 'Retry-After': String(checked.retryAfterSec) },
      },
    );
  }
  if (!checked.ok) throw new PlatformError('AUTH_FAIL', WRONG);
  const origin = { userAgent: c.req.header('user-agent') ?? null, address };
  const started = await startSession(c.env, checked, byCookie ? 'browser' : 'api', origin);
  if (!started.ok) throw new PlatformError('AUTH_FAIL', WRONG);
  const { identity } = started;
  const { token, expires } = await issueToken(c.env, identity, started.jti);
  const body = { role: identity.role, expires, permissions: identity.permissions };
  if (!byCookie) return c.json({ token, ...body }, 200);
  setCookie(c, token, secondsLeft(identity.expiresAt));
  return c.json(body, 200);
});

auth.openapi(refresh, async (c) => {
  const { tenantId, sid, jti, via } = c.var.identity;
  const rotated = await rotateToken(c.env, { tenantId, sid, jti });
  if (!rotated.ok) throw new PlatformError('AUTH_FAIL', 'The token is no longer good.');
  if (via === 'bearer') return c.json({ token: rotated.token, expires: rotated.expires }, 200);
  setCookie(c, rotated.token, secondsLeft(rotated.identity.expiresAt));
  return c.json({ expires: rotated.expires }, 200);
});

auth.openapi(logout, async (c) => {
  const { tenantId, sid, userId, via, kind } = c.var.identity;
  await c.env.SESSION_GATE.getByName(tenantId).revokeSession({ sid, by: userId });
  await auditOf(c, 'session.end', sid, { kind }, null);
  if (via === 'cookie') setCookie(c, '', 0);
  return c.body(null, 204);
});

auth.openapi(me, (c) => {
  const { identity } = c.var;
  const { tenant } = identity;
  return c.json(
    {
      user: { id: identity.userId, username: identity.username, name: identity.displayName },
      role: identity.role,
      tenant: {
        id: tenant.id,
        name: tenant.name,
        kind: tenant.kind,
        time_zone: tenant.timeZone,
        country: tenant.country,
      },
      permissions: identity.permissionMap,
      actions: [...identity.permissions],
      session: {
        id: identity.sid,
        kind: identity.kind,
        expires_at: identity.expiresAt === null ? null : new Date(identity.expiresAt).toISOString(),
      },
    },
    200,
  );
});
