import { SignJWT, jwtVerify, errors } from 'jose';
import { readKeyring, type KeyringEnv } from './keyring';

/** Everything a token is good for. `cookie` tokens are refused in the header and the other way round. */
export type TokenAudience = 'api' | 'cookie' | 'phone';
export type TokenType = 'access' | 'refresh';

export const ISSUER = 'trunkline';
/** Access tokens of the platform API, seconds. */
export const API_ACCESS_TTL_SEC = 3_600;
/** A phone keeps its refresh token for ever: it ends by revocation or 90 idle days, which the session knows. */
const PHONE_REFRESH_TTL_SEC = 100 * 365 * 24 * 3_600;

export interface TokenSubject {
  userId: string;
  tenantId: string;
  sid: string;
  jti: string;
}

export interface TokenClaims extends TokenSubject {
  audience: TokenAudience;
  type: TokenType;
  /** Seconds since the epoch. */
  issuedAt: number;
  expiresAt: number;
}

/** `expired` is a token of ours past its time; `invalid` anything else: forged, other audience or type, garbage. */
export type TokenResult = { ok: true; claims: TokenClaims } | { ok: false; reason: 'expired' | 'invalid' };

/**
 * Signs a token with the active key: JWT, HS256, `kid` in the header; claims `iss`, `aud`, `token_type`, `user_id`,
 * `tenant`, `sid`, `jti`, `iat`, `exp`.
 */
export async function signToken(
  env: KeyringEnv,
  subject: TokenSubject,
  options: { audience: TokenAudience; type: TokenType; ttlSec: number; now: number },
): Promise<string> {
  const ring = readKeyring(env.JWT_KEYS);
  const issuedAt = Math.floor(options.now / 1_000);
  return new SignJWT({
    token_type: options.type,
    user_id: subject.userId,
    tenant: subject.tenantId,
    sid: subject.sid,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: ring.activeKid })
    .setIssuer(ISSUER)
    .setAudience(options.audience)
    .setJti(subject.jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + options.ttlSec)
    .sign(ring.activeKey);
}

/** Most tokens remembered as verified; about 1 KiB each. */
const REMEMBERED = 20_000;
/** Longer than any token of ours: saves hashing megabytes of garbage. */
const MAX_TOKEN_LENGTH = 2_048;

/** Verified tokens of a keyring, oldest first. Phones send the same one with every poll. */
const remembered = new Map<string, Map<string, TokenClaims>>();

/**
 * Signature, algorithm, issuer, audience, type and time of a token. Says nothing about its session: ask the gate.
 * A token is verified once and remembered until it ends.
 */
export async function verifyToken(
  token: string,
  env: KeyringEnv,
  expected: { audience: TokenAudience; type: TokenType },
  now: number = Date.now(),
): Promise<TokenResult> {
  if (token.length > MAX_TOKEN_LENGTH) return { ok: false, reason: 'invalid' };
  let known = remembered.get(env.JWT_KEYS);
  if (known === undefined) remembered.set(env.JWT_KEYS, (known = new Map<string, TokenClaims>()));
  const hit = known.get(token);
  if (hit !== undefined) {
    if (hit.expiresAt * 1_000 <= now) {
      known.delete(token);
      return { ok: false, reason: 'expired' };
    }
    return hit.audience === expected.audience && hit.type === expected.type
      ? { ok: true, claims: hit }
      : { ok: false, reason: 'invalid' };
  }
  const result = await verifyAfresh(token, env, expected, now);
  if (result.ok) {
    if (known.size >= REMEMBERED) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(token, result.claims);
  }
  return result;
}

async function verifyAfresh(
  token: string,
  env: KeyringEnv,
  expected: { audience: TokenAudience; type: TokenType },
  now: number,
): Promise<TokenResult> {
  const ring = readKeyring(env.JWT_KEYS);
  try {
    const { payload } = await jwtVerify(
      token,
      (header) => {
        const key = header.kid === undefined ? undefined : ring.keys.get(header.kid);
        if (key === undefined) throw new errors.JWSInvalid('unknown key id');
        return key;
      },
      {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: expected.audience,
        typ: 'JWT',
        currentDate: new Date(now),
        requiredClaims: ['exp', 'iat', 'jti', 'sid', 'user_id', 'tenant', 'token_type'],
      },
    );
    const { user_id: userId, tenant: tenantId, sid, jti, iat, exp, token_type: type } = payload;
    if (type !== expected.type || typeof userId !== 'string' || typeof tenantId !== 'string') {
      return { ok: false, reason: 'invalid' };
    }
    if (typeof sid !== 'string' || jti === undefined || iat === undefined || exp === undefined) {
      return { ok: false, reason: 'invalid' };
    }
    return {
      ok: true,
      claims: {
        userId,
        tenantId,
        sid,
        jti,
        audience: expected.audience,
        type: expected.type,
        issuedAt: iat,
        expiresAt: exp,
      },
    };
  } catch (error) {
    return { ok: false, reason: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
  }
}

/** A phone's access token: `Authorization: Bearer` of the dialer API. */
export const verifyPhoneAccess = (token: string, env: KeyringEnv, now?: number): Promise<TokenResult> =>
  verifyToken(token, env, { audience: 'phone', type: 'access' }, now);

/** A phone's refresh token; an access token in its place is `invalid`. */
export const verifyPhoneRefresh = (token: string, env: KeyringEnv, now?: number): Promise<TokenResult> =>
  verifyToken(token, env, { audience: 'phone', type: 'refresh' }, now);

/** A new access token of a phone's session. `ttlSec`: the tenant's `dialerAccessTtlSec`. */
export const issuePhoneAccess = (
  env: KeyringEnv,
  subject: Omit<TokenSubject, 'jti'>,
  ttlSec: number,
  now: number = Date.now(),
): Promise<string> =>
  signToken(
    env,
    { ...subject, jti: crypto.randomUUID() },
    { audience: 'phone', type: 'access', ttlSec, now },
  );

/** The refresh token of a phone's session, never rotated; `jti` is the session's own. */
export const issuePhoneRefresh = (
  env: KeyringEnv,
  subject: TokenSubject,
  now: number = Date.now(),
): Promise<string> =>
  signToken(env, subject, { audience: 'phone', type: 'refresh', ttlSec: PHONE_REFRESH_TTL_SEC, now });
