import { phoneQueueName } from '../../objects/lib/names';
import type { TenantView } from '../../objects/session-gate/contract';
import type { Env } from '../env';

/** The object that holds a user's commands and phones. */
export const queueOf = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView, userId: string) =>
  env.PHONE_QUEUE.getByName(phoneQueueName(tenant.id, userId, tenant.phoneShards));

/** One of the objects a tenant's phone users are spread over, by its number. */
export const queueOfShard = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView, shard: number) =>
  env.PHONE_QUEUE.getByName(`${tenant.id}:${shard}`);

/** Every object the tenant's phone users are spread over. */
export const queuesOf = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView) =>
  Array.from({ length: tenant.phoneShards }, (_, shard) => queueOfShard(env, tenant, shard));

/**
 * Says that a phone was added, renamed or removed: names of phones show in the feed. A hub that is busy reads them anew
 * later by itself, which is no reason to fail what was done already.
 */
export async function tellHub(env: Pick<Env, 'CALL_HUB'>, tenantId: string): Promise<void> {
  try {
    await env.CALL_HUB.getByName(tenantId).directoryChanged();
  } catch (error) {
    console.warn('the call hub was not told of a phone:', error);
  }
}
