import { importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import type { ServiceAccount } from '../../lib/service-account';
import { retryAfterMs, type Fetcher } from './http';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** An access token this near its end is not used any more. */
const MARGIN_MS = 60_000;

const Grant = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

export type TokenResult = { ok: true; token: string } | { ok: false; error: string; retryAfterMs?: number };

/**
 * Access tokens of a service account by the OAuth 2.0 JWT bearer grant (RFC 7523), RS256. One token is kept and
 * shared until a minute before its end; `forget` after the API refused it.
 */
export class GoogleTokens {
  #cached: { keyId: string; token: string; until: number } | null = null;

  constructor(
    private readonly fetcher: () => Fetcher,
    private readonly now: () => number,
  ) {}

  forget(): void {
    this.#cached = null;
  }

  async get(account: ServiceAccount): Promise<TokenResult> {
    const cached = this.#cached;
    if (cached?.keyId === account.private_key_id && this.now() < cached.until)
      return { ok: true, token: cached.token };
    const issuedAt = Math.floor(this.now() / 1_000);
    let assertion: string;
    try {
      const key = await importPKCS8(account.private_key, 'RS256');
      assertion = await new SignJWT({ scope: SCOPE })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: account.private_key_id })
        .setIssuer(account.client_email)
        .setAudience(account.token_uri)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + 3_600)
        .sign(key);
    } catch {
      return { ok: false, error: 'the private key of the service account cannot be used' };
    }
    const response = await this.fetcher()(account.token_uri, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion,
      }).toString(),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) {
      return {
        ok: false,
        error: `sign-in at Google failed with ${response.status}${oauthError(text)}`,
        ...retryAfterMs(response, this.now()),
      };
    }
    const grant = Grant.safeParse(jsonOrNull(text));
    if (!grant.success) return { ok: false, error: 'sign-in at Google gave an answer without a token' };
    this.#cached = {
      keyId: account.private_key_id,
      token: grant.data.access_token,
      until: this.now() + grant.data.expires_in * 1_000 - MARGIN_MS,
    };
    return { ok: true, token: grant.data.access_token };
  }
}

/** RFC 6749's error code, nothing else of the answer: it might quote what we sent. */
function oauthError(text: string): string {
  const code = z.object({ error: z.string().regex(/^[a-z_]{1,40}$/) }).safeParse(jsonOrNull(text));
  return code.success ? ` (${code.data.error})` : '';
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
