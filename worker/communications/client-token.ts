/**
 * The token with which a provider calls the public API for one tenant: a JWT signed with Ed25519 (`EdDSA`), whose public
 * keys anybody may read at `/.well-known/jwks.json`. The signing keys are derived from those of JWT_KEYS, so that there
 * is no second keyring to keep and to rotate.
 */
import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { readKeyring, type KeyringEnv } from '../auth/keyring';
import { ISSUER } from '../auth/tokens';

const AUDIENCE = 'communications';
const ALGORITHM = 'EdDSA';
/** Longer than any token of ours: saves hashing megabytes of garbage. */
const MAX_TOKEN_LENGTH = 2_048;

export interface ClientTokenClaims {
  tenantId: string;
  /** Code of the provider. */
  provider: string;
  /** Row of the token. */
  jti: string;
}

/** A public key of the set, as RFC 7517 and RFC 8037 have it. */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  alg: typeof ALGORITHM;
  use: 'sig';
}

interface SigningKey {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: PublicJwk;
}

/** Head of a PKCS #8 document that holds an Ed25519 seed of 32 bytes (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

async function signingKey(kid: string, secret: Uint8Array): Promise<SigningKey> {
  const seed = hkdfSync('sha256', secret, '', 'trunkline client tokens', 32);
  const document = Buffer.concat([PKCS8_HEAD, Buffer.from(seed)]);
  const name = 'Ed25519';
  const privateKey = await crypto.subtle.importKey('pkcs8', document, { name }, true, ['sign']);
  const { x } = (await crypto.subtle.exportKey('jwk', privateKey)) as JsonWebKey;
  if (x === undefined) throw new Error('an Ed25519 key without its public part');
  const half = { kty: 'OKP', crv: name, x } as const;
  const publicKey = await crypto.subtle.importKey('jwk', half, { name }, false, ['verify']);
  return { privateKey, publicKey, jwk: { ...half, kid, alg: ALGORITHM, use: 'sig' } };
}

const rings = new Map<string, Promise<{ active: SigningKey; keys: ReadonlyMap<string, SigningKey> }>>();

function signingKeys(env: KeyringEnv) {
  let ring = rings.get(env.JWT_KEYS);
  if (ring === undefined) {
    ring = deriveAll(env);
    rings.set(env.JWT_KEYS, ring);
  }
  return ring;
}

async function deriveAll(env: KeyringEnv) {
  const ring = readKeyring(env.JWT_KEYS);
  const keys = new Map<string, SigningKey>();
  for (const [kid, secret] of ring.keys) keys.set(kid, await signingKey(kid, secret));
  const active = keys.get(ring.activeKid);
  if (active === undefined) throw new Error('the active key is not among the keys');
  return { active, keys };
}

/** Signs a token; it has no end of its own and is good until it is revoked. */
export async function signClientToken(
  env: KeyringEnv,
  { tenantId, provider, jti }: ClientTokenClaims,
  now: number,
): Promise<string> {
  const { active } = await signingKeys(env);
  return new SignJWT({ tenant: tenantId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: active.jwk.kid })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(provider)
    .setJti(jti)
    .setIssuedAt(Math.floor(now / 1_000))
    .sign(active.privateKey);
}

/** A provider says the same token with every message: what was found signed needs no second look under the same keys. */
const MOST_VERIFIED = 1_000;
const verified = new Map<string, { keys: string; claims: ClientTokenClaims }>();

/** Null for what we did not sign as a client's token. Whether it is still good, the provider's link knows. */
export async function verifyClientToken(env: KeyringEnv, token: string): Promise<ClientTokenClaims | null> {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const before = verified.get(token);
  if (before?.keys === env.JWT_KEYS) return before.claims;
  const claims = await verify(env, token);
  if (claims === null) return null;
  const [oldest] = verified.size < MOST_VERIFIED ? [] : verified.keys();
  if (oldest !== undefined) verified.delete(oldest);
  verified.set(token, { keys: env.JWT_KEYS, claims });
  return claims;
}

async function verify(env: KeyringEnv, token: string): Promise<ClientTokenClaims | null> {
  const { keys } = await signingKeys(env);
  try {
    const { payload } = await jwtVerify(
      token,
      (header) => {
        const key = header.kid === undefined ? undefined : keys.get(header.kid);
        if (key === undefined) throw new errors.JWSInvalid('unknown key id');
        return key.publicKey;
      },
      { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE, typ: 'JWT' },
    );
    const { tenant, sub, jti } = payload;
    if (typeof tenant !== 'string' || sub === undefined || jti === undefined) return null;
    return { tenantId: tenant, provider: sub, jti };
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/** Every public key whose tokens are good. */
export async function publicKeys(env: KeyringEnv): Promise<PublicJwk[]> {
  const { keys } = await signingKeys(env);
  return [...keys.values()].map(({ jwk }) => jwk);
}
