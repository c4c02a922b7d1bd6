import { phoneQueueName } from '../../objects/lib/names';
import type { TenantView } from '../../objects/session-gate/contract';
import type { Env } from '../env';

/** The object that holds a user's commands and phones. */
export const queueOf = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView, userId: string) =>
  env.PHONE_QUEUE.getByName(phoneQueueName(tenant.id, userId, tenant.phoneShards));

/** Every object the tenant's phone users are spread over. */
export const queuesOf = (env: Pick<Env, 'PHONE_QUEUE'>, tenant: TenantView) =>
  Array.from({ length: tenant.phoneShards }, (_, shard) =>
    env.PHONE_QUEUE.getByName(`${tenant.id}:${shard}`),
  );
