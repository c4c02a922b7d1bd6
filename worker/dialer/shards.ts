import { eq } from 'drizzle-orm';
import { phoneQueueName } from '../../objects/lib/names';
import { openDb } from '../db';
import { tenants } from '../db/schema';
import { effectiveSettings } from '../db/settings';
import type { Env } from '../env';

/** A poll must not read D1: how many shards a tenant has is kept this long, for so many tenants. */
const KEPT_MS = 5 * 60_000;
const KEPT_TENANTS = 1_000;

const kept = new Map<string, { shards: number; until: number }>();

/** The shard count if it is known without asking. */
export function knownShards(tenantId: string, now: number): number | null {
  const known = kept.get(tenantId);
  return known !== undefined && now < known.until ? known.shards : null;
}

/** Name of the PhoneQueue that serves a user. @throws when D1 can't be asked and the tenant is new to us. */
export async function queueNameOf(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  userId: string,
  now: number,
): Promise<string> {
  return phoneQueueName(
    tenantId,
    userId,
    knownShards(tenantId, now) ?? (await readShards(env, tenantId, now)),
  );
}

async function readShards(env: Pick<Env, 'DB'>, tenantId: string, now: number): Promise<number> {
  try {
    const row = await openDb(env.DB).query.tenants.findFirst({ where: eq(tenants.id, tenantId) });
    const shards = effectiveSettings(row?.settings ?? {}).phoneShards;
    if (kept.size >= KEPT_TENANTS) kept.clear();
    kept.set(tenantId, { shards, until: now + KEPT_MS });
    return shards;
  } catch (error) {
    // An older count serves on while D1 is away.
    const old = kept.get(tenantId);
    if (old === undefined) throw error;
    return old.shards;
  }
}
