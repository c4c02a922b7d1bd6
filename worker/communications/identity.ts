/** Who calls the three APIs: a provider by its client's token, the marketplace or a developer by a credential. */
import { and, eq, isNull } from 'drizzle-orm';
import type { MiddlewareHandler } from 'hono';
import { providerLinkName } from '../../objects/provider-link/contract';
import { sha256Hex } from '../auth/digest';
import { openDb } from '../db';
import { marketplaceCredentials } from '../db/schema';
import { bearerToken } from '../http/authenticate';
import { ProblemError } from '../http/problems';
import { verifyClientToken } from './client-token';
import type { CommsEnv, MarketIdentity } from './context';
import { watched } from './sandbox/watch';

/** What a credential of the marketplace may ask: it configures, and does nothing per message. */
const MARKET_LIMIT = { capacity: 60, refillPerSec: 20 } as const;

const unauthorized = (detail: string): ProblemError =>
  new ProblemError('unauthorized', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="communications"' },
  });

function limited(retryAfterMs: number): ProblemError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new ProblemError('rate_limited', `Too many requests, try again in ${seconds} seconds.`, {
    headers: { 'Retry-After': String(seconds) },
  });
}

/**
 * Sets `c.var.client` from the client's token: checked by its signature, and by the provider's link for whether it is
 * still good and may ask now.
 *
 * @param cost how many ordinary requests it counts as
 * @param kind the operation, `POST /messages`
 * @throws ProblemError unauthorized, rate_limited
 */
export const asClient =
  (cost: number, kind: string): MiddlewareHandler<CommsEnv> =>
  async (c, next) => {
    const token = bearerToken(c.req.raw);
    const claims = token === undefined ? null : await verifyClientToken(c.env, token);
    if (claims === null) throw unauthorized('The client’s token is missing or was not made here.');
    const link = c.env.PROVIDER_LINK.getByName(providerLinkName(claims.tenantId, claims.provider));
    const admission = await link.admit({ jti: claims.jti, cost });
    if (!admission.ok && admission.code === 'rate_limited') throw limited(admission.retryAfterMs);
    if (!admission.ok) throw unauthorized('The client’s token was revoked, or its integration is no more.');
    c.set('client', claims);
    const later = await watched(c, { kind, cost }, next);
    if (later !== null) throw limited(later);
  };

/**
 * Sets `c.var.market` from a credential of the marketplace.
 *
 * @throws ProblemError unauthorized, forbidden for a good one of another kind, rate_limited
 */
export const asMarket =
  (kinds: readonly MarketIdentity['kind'][]): MiddlewareHandler<CommsEnv> =>
  async (c, next) => {
    const token = bearerToken(c.req.raw);
    const identity = token === undefined ? null : await credentialOf(c.env, token);
    if (identity === null) throw unauthorized('The credential is missing, unknown or revoked.');
    const limiter = c.env.RATE_LIMITER.getByName(`market:${identity.credentialId}`);
    const taken = await limiter.take(MARKET_LIMIT);
    if (!taken.ok) throw limited(taken.retryAfterMs);
    if (!kinds.includes(identity.kind))
      throw new ProblemError('forbidden', `This needs a ${kinds.join(' or ')} credential.`);
    c.set('market', identity);
    await next();
  };

async function credentialOf(env: CommsEnv['Bindings'], token: string): Promise<MarketIdentity | null> {
  if (token.length > 128) return null;
  const [row] = await openDb(env.DB)
    .select()
    .from(marketplaceCredentials)
    .where(
      and(eq(marketplaceCredentials.tokenHash, sha256Hex(token)), isNull(marketplaceCredentials.revokedAt)),
    );
  if (row === undefined) return null;
  if (row.kind === 'service') return { credentialId: row.id, kind: 'service' };
  return row.developer === null
    ? null
    : { credentialId: row.id, kind: 'developer', developer: row.developer };
}
