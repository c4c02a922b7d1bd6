import { createHash } from 'node:crypto';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';

/** How long a repeated start waits for the first one's answer. */
const WAIT_MS = 12_000;
const LOOK_EVERY_MS = 150;

/**
 * Runs a start at most once per user and `Idempotency-Key`: a repeat within 24 h gets the first one's answer, waiting
 * for it if need be. Without a key it just runs. A refused start frees the key.
 *
 * @throws PlatformError INVALID_PARAMS for a key that was used with another request
 */
export async function startOnce<T extends object>(
  env: Env,
  identity: Identity,
  key: string | undefined,
  request: unknown,
  run: () => Promise<T>,
): Promise<T> {
  if (key === undefined) return run();
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw refused('1 to 128 visible characters');
  const hub = env.CALL_HUB.getByName(identity.tenantId);
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('base64');
  const { userId } = identity;
  for (const until = Date.now() + WAIT_MS; ;) {
    const claim = await hub.claimStart({ userId, key, hash, now: Date.now() });
    if (claim.fresh) break;
    if (!claim.same) throw refused('was used with another request');
    if (claim.answer !== null) return JSON.parse(claim.answer) as T;
    if (Date.now() > until)
      throw new PlatformError('CALL_FAILED', 'The first request with this key is still going on.');
    await scheduler.wait(LOOK_EVERY_MS);
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

const refused = (problem: string): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The header does not validate.', {
    details: { 'Idempotency-Key': [problem] },
  });
