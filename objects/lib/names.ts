/** How objects are named. A name always starts with the authenticated tenant, never with client input alone. */

/** 32-bit FNV-1a of a string's UTF-16 code units: stable, cheap, spreads UUIDs well. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** Shard of a phone user: the same for the life of the tenant's `phoneShards` setting. */
export const phoneShard = (userId: string, shards: number): number => fnv1a(userId) % shards;

export const phoneQueueName = (tenantId: string, userId: string, shards: number): string =>
  `${tenantId}:${phoneShard(userId, shards)}`;
