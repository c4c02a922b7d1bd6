/** Short-lived links to a build of the app: the phone's downloader sends no Authorization header. */
import { jwtVerify, SignJWT } from 'jose';
import { readKeyring, type KeyringEnv } from '../auth/keyring';
import type { Env } from '../env';
import { transportOf } from '../http/session-cookie';

const ISSUER = 'trunkline';
/** Of its own, so that a link is good for nothing else and no other token is good for a link. */
const AUDIENCE = 'app-build';
export const LINK_TTL_SEC = 900;

export interface BuildLink {
  tenantId: string;
  buildId: string;
}

/** Signature for `?sig=` of a download. */
export async function signBuildLink(env: KeyringEnv, link: BuildLink, now: number): Promise<string> {
  const ring = readKeyring(env.JWT_KEYS);
  const issuedAt = Math.floor(now / 1_000);
  return new SignJWT({ tenant: link.tenantId })
    .setProtectedHeader({ alg: 'HS256', typ: 'build', kid: ring.activeKid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(link.buildId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LINK_TTL_SEC)
    .sign(ring.activeKey);
}

/** The address of a build's file, good for `LINK_TTL_SEC` and for whoever has it. */
export async function buildLinkUrl(request: Request, env: Env, link: BuildLink, now: number): Promise<URL> {
  const url = new URL('/api/phone/app/download/', request.url);
  if (transportOf(request, env) === 'https') url.protocol = 'https:';
  url.searchParams.set('sig', await signBuildLink(env, link, now));
  return url;
}

/** Null for whatever is not a link of ours that is still good. */
export async function readBuildLink(
  env: KeyringEnv,
  signature: string,
  now: number,
): Promise<BuildLink | null> {
  const ring = readKeyring(env.JWT_KEYS);
  try {
    const { payload } = await jwtVerify(
      signature,
      (header) => {
        const key = header.kid === undefined ? undefined : ring.keys.get(header.kid);
        if (key === undefined) throw new Error('unknown key id');
        return key;
      },
      {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: 'build',
        currentDate: new Date(now),
        requiredClaims: ['exp', 'sub'],
      },
    );
    const { tenant, sub } = payload;
    return typeof tenant === 'string' && sub !== undefined ? { tenantId: tenant, buildId: sub } : null;
  } catch {
    return null;
  }
}
