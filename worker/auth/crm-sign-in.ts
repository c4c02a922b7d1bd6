/**
 * Sign-ins that a CRM hands its people on to: a long-lived token in the address of our account page (`account`), swapped at
 * its first use for a cookie of that page (`cookie`). Both are bound to one tenant and one registration: the version of the
 * registration is checked at every use, so registering again makes the old ones void and deleting it all of them.
 */
import { errors, jwtVerify, SignJWT } from 'jose';
import { readKeyring, type KeyringEnv } from './keyring';
import { ISSUER } from './tokens';

export const CRM_ACCOUNT_TTL_SEC = 365 * 24 * 3_600;
export const CRM_COOKIE_TTL_SEC = 12 * 3_600;
const LONGEST = 2_048;

export type CrmTokenUse = 'account' | 'cookie';

export interface CrmSignIn {
  tenantId: string;
  /** Name of the CRM's family. */
  source: string;
  /** Of the registration. */
  version: number;
  jti: string;
  /** Seconds since the epoch. */
  expiresAt: number;
}

const audience = (use: CrmTokenUse): string => `crm-${use}`;

/** JWT, HS256: `enterprise_number`, `source`, `ver`, `jti`, `iat`, `exp`. */
export async function signCrmToken(
  env: KeyringEnv,
  use: CrmTokenUse,
  subject: { tenantId: string; source: string; version: number },
  now: number,
): Promise<string> {
  const ring = readKeyring(env.JWT_KEYS);
  const issuedAt = Math.floor(now / 1_000);
  return new SignJWT({ enterprise_number: subject.tenantId, source: subject.source, ver: subject.version })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: ring.activeKid })
    .setIssuer(ISSUER)
    .setAudience(audience(use))
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + (use === 'account' ? CRM_ACCOUNT_TTL_SEC : CRM_COOKIE_TTL_SEC))
    .sign(ring.activeKey);
}

/** Null for whatever is no token of ours for this use, or past its time. Says nothing of the version: see the link. */
export async function verifyCrmToken(
  env: KeyringEnv,
  use: CrmTokenUse,
  token: string,
  now: number,
): Promise<CrmSignIn | null> {
  if (token.length > LONGEST) return null;
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
        audience: audience(use),
        typ: 'JWT',
        currentDate: new Date(now),
        requiredClaims: ['exp', 'iat', 'jti', 'enterprise_number', 'source', 'ver'],
      },
    );
    const { enterprise_number: tenantId, source, ver: version, jti, exp } = payload;
    if (typeof tenantId !== 'string' || typeof source !== 'string' || typeof version !== 'number')
      return null;
    if (jti === undefined || exp === undefined) return null;
    return { tenantId, source, version, jti, expiresAt: exp };
  } catch {
    return null;
  }
}
