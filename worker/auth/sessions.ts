import type { SessionIdentity, SessionKind, SessionRefusal } from '../../objects/session-gate/contract';
import { openDb } from '../db';
import { sessions } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import {
  API_ACCESS_TTL_SEC,
  issuePhoneAccess,
  issuePhoneRefresh,
  signToken,
  type TokenClaims,
  verifyPhoneRefresh,
} from './tokens';

const DAY_MS = 24 * 3_600_000;
/** Absolute life of a sign-in by browser or API client, however busy it is. A phone's has no end of its own. */
const ABSOLUTE_LIFE_MS: Readonly<Record<SessionKind, number | null>> = {
  browser: 30 * DAY_MS,
  api: 30 * DAY_MS,
  phone: null,
};

/** Where a sign-in comes from, for the list of sessions. */
export interface SignInOrigin {
  userAgent: string | null;
  address: string | null;
}

interface StartedSession {
  ok: true;
  identity: SessionIdentity;
  jti: string;
}

/** `disabled` and the like: the user changed while they were signing in. */
interface NotStarted {
  ok: false;
  reason: SessionRefusal;
}

/** User agents may be of any length; the screen shows a line of them. */
const MAX_USER_AGENT = 300;

/**
 * Writes a session to D1 and makes it known to the tenant's gate. Nothing is handed out before both know it: a
 * failure in between leaves a record without a token.
 */
export async function startSession(
  env: Env,
  user: { tenantId: string; userId: string },
  kind: SessionKind,
  origin: SignInOrigin,
  now: number = Date.now(),
): Promise<StartedSession | NotStarted> {
  const life = ABSOLUTE_LIFE_MS[kind];
  const session = {
    sid: crypto.randomUUID(),
    userId: user.userId,
    kind,
    jti: crypto.randomUUID(),
    createdAt: now,
    expiresAt: life === null ? null : now + life,
    userAgent: origin.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
    address: origin.address,
  };
  const { sid: id, ...record } = session;
  await openDb(env.DB)
    .insert(sessions)
    .values({ id, tenantId: user.tenantId, ...record });
  const opened = await env.SESSION_GATE.getByName(user.tenantId).open(session);
  if (!opened.ok) return opened;
  const { address, userAgent: user_agent } = session;
  await recordAudit(openDb(env.DB), user, 'session.start', id, null, { kind, user_agent }, address);
  return { ok: true, identity: opened.identity, jti: session.jti };
}

const subjectOf = (identity: SessionIdentity, jti: string) => ({
  userId: identity.userId,
  tenantId: identity.tenant.id,
  sid: identity.sid,
  jti,
});

/** The token of a browser's or API client's session. `expires` is how long it is good if not used, seconds. */
export async function issueToken(
  env: Env,
  identity: SessionIdentity,
  jti: string,
  now: number = Date.now(),
): Promise<{ token: string; expires: number }> {
  const isBrowser = identity.kind === 'browser';
  // The cookie's token lives as long as its session may; being idle ends it sooner, which only the gate can know.
  const ttlSec = isBrowser ? Math.floor(((identity.expiresAt ?? now) - now) / 1_000) : API_ACCESS_TTL_SEC;
  const audience = isBrowser ? 'cookie' : 'api';
  const token = await signToken(env, subjectOf(identity, jti), { audience, type: 'access', ttlSec, now });
  return { token, expires: isBrowser ? BROWSER_IDLE_SEC : API_ACCESS_TTL_SEC };
}

/** A browser session ends after this long without a request, seconds. */
export const BROWSER_IDLE_SEC = 12 * 3_600;

/** Puts a new token in the place of a good one, which is no longer good afterwards. */
export async function rotateToken(
  env: Env,
  session: { tenantId: string; sid: string; jti: string },
): Promise<{ ok: true; identity: SessionIdentity; token: string; expires: number } | NotStarted> {
  const jti = crypto.randomUUID();
  const rotated = await env.SESSION_GATE.getByName(session.tenantId).rotate(session.sid, session.jti, jti);
  if (!rotated.ok) return rotated;
  return { ok: true, identity: rotated.identity, ...(await issueToken(env, rotated.identity, jti)) };
}

export interface PhoneTokens {
  access: string;
  refresh: string;
}

/** Signs a phone in: a session without a fixed end, a refresh token for its life and a first access token. */
export async function startPhoneSession(
  env: Env,
  user: { tenantId: string; userId: string },
  origin: SignInOrigin,
  now: number = Date.now(),
): Promise<({ ok: true; identity: SessionIdentity } & PhoneTokens) | NotStarted> {
  const started = await startSession(env, user, 'phone', origin, now);
  if (!started.ok) return started;
  const { identity, jti } = started;
  const subject = subjectOf(identity, jti);
  const [access, refresh] = await Promise.all([
    issuePhoneAccess(env, subject, identity.tenant.phoneAccessTtlSec, now),
    issuePhoneRefresh(env, subject, now),
  ]);
  return { ok: true, identity, access, refresh };
}

/** A new access token for a phone. `invalid`: not a refresh token of ours; the rest says what became of the session. */
export async function refreshPhone(
  env: Env,
  refreshToken: string,
  now: number = Date.now(),
): Promise<
  | { ok: true; access: string; identity: SessionIdentity; claims: TokenClaims }
  | { ok: false; reason: SessionRefusal | 'invalid' }
> {
  const verified = await verifyPhoneRefresh(refreshToken, env, now);
  if (!verified.ok) return { ok: false, reason: verified.reason };
  const { claims } = verified;
  const checked = await env.SESSION_GATE.getByName(claims.tenantId).check(claims.sid, null);
  if (!checked.ok) return checked;
  const { identity } = checked;
  if (identity.kind !== 'phone' || identity.userId !== claims.userId) return { ok: false, reason: 'invalid' };
  const access = await issuePhoneAccess(
    env,
    subjectOf(identity, claims.jti),
    identity.tenant.phoneAccessTtlSec,
    now,
  );
  return { ok: true, access, identity, claims };
}
