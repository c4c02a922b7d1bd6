import type { BucketPolicy } from '../../objects/rate-limiter/contract';
import type { Env } from '../env';
import { clientAddress, networkOf } from './client-address';
import { PlatformError } from './errors';

/**
 * Lets an address knock at a door only so often; where no trusted proxy tells addresses there is nothing to count by.
 * For doors that open before anybody has said who they are.
 *
 * @param door names the counter, with the address
 * @throws PlatformError RATE_LIMITED with `Retry-After`
 */
export async function limitByAddress(
  env: Env,
  request: Request,
  door: string,
  policy: BucketPolicy,
): Promise<void> {
  const address = clientAddress(request, env);
  if (address === null) return;
  const limiter = env.RATE_LIMITER.getByName(`${door}:${networkOf(address)}`);
  const result = await limiter.take(policy);
  if (result.ok) return;
  const seconds = Math.ceil(result.retryAfterMs / 1_000);
  throw new PlatformError(
    'RATE_LIMITED',
    `Too many connections from this address, try again in ${seconds} seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
