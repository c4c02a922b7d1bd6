import { createHash } from 'node:crypto';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';

/** What a route that runs its start once may answer besides its own refusals. */
export const START_ONCE_REFUSALS = ['KEY_REUSED', 'KEY_IN_FLIGHT'] as const;

/**
 * Runs a start at most once per user and `Idempotency-Key`: a repeat within 24 h gets the first one's answer. Without a
 * key it just runs. A refused start frees the key.
 *
 * @throws PlatformError INVALID_PARAMS for what is no key, KEY_REUSED for a key that was used with another request,
 * KEY_IN_FLIGHT while the first request has no answer yet
 */
export async function startOnce<T extends object>(
  env: Env,
  identity: Identity,
  key: string | undefined,
  request: unknown,
  run: () => Promise<T>,
): Promise<T> {
  if (key === undefined) return run();
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw notAKey();
  const hub = env.CALL_HUB.getByName(identity.tenantId);
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('base64');
  const { userId } = identity;
  const claim = await hub.claimStart({ userId, key, hash, now: Date.now() });
  if (!claim.fresh) {
    if (!claim.same)
      throw new PlatformError('KEY_REUSED', 'This Idempotency-Key was used with another request.', {
        details: { 'Idempotency-Key': ['was used with another request'] },
      });
    if (claim.answer !== null) return JSON.parse(claim.answer) as T;
    throw new PlatformError(
      'KEY_IN_FLIGHT',
      'The first request with this Idempotency-Key is still going on.',
      {
        headers: { 'Retry-After': '1' },
      },
    );
  }
  try {
    const answer = await run();
    await hub.settleStart({ userId, key, answer: JSON.stringify(answer) });
    return answer;
  } catch (error) {
    await hub.settleStart({ userId, key, answer: null });
    throw error;
  }
}

const notAKey = (): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The header does not validate.', {
    details: { 'Idempotency-Key': ['1 to 128 visible characters'] },
  });
