import { and, asc, eq } from 'drizzle-orm';
import type { Db } from '../db';
import { extensions, users } from '../db/schema';
import { PlatformError } from '../http/errors';

export interface InternalPhone {
  phone_number: string;
  user_id: string | null;
  /** Name of its user, null of a free one. */
  owner: string | null;
}

/** The tenant's extensions with their owners, by number. */
export async function internalPhones(db: Db, tenantId: string): Promise<InternalPhone[]> {
  return db
    .select({ phone_number: extensions.number, user_id: extensions.userId, owner: users.displayName })
    .from(extensions)
    .leftJoin(users, and(eq(users.id, extensions.userId), eq(users.tenantId, tenantId)))
    .where(eq(extensions.tenantId, tenantId))
    .orderBy(asc(extensions.number));
}

/** @throws PlatformError INVALID_PARAMS where one of them is no extension of the tenant */
export async function checkExtensions(
  db: Db,
  tenantId: string,
  change: Record<string, string | null>,
): Promise<void> {
  const known = new Set((await internalPhones(db, tenantId)).map((phone) => phone.phone_number));
  const unknown = Object.entries(change).filter(
    ([, extension]) => extension !== null && !known.has(extension),
  );
  if (unknown.length === 0) return;
  throw new PlatformError(
    'INVALID_PARAMS',
    `No such extension: ${unknown.map(([, one]) => one).join(', ')}.`,
    {
      details: Object.fromEntries(unknown.map(([userId]) => [`extensions.${userId}`, ['no such extension']])),
    },
  );
}
