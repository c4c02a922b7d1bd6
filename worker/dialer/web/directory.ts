import { and, eq, inArray } from 'drizzle-orm';
import type { z } from '@hono/zod-openapi';
import { phoneShard } from '../../../objects/lib/names';
import type { TenantView } from '../../../objects/session-gate/contract';
import type { Db } from '../../db';
import { devices, users } from '../../db/schema';
import { PlatformError } from '../../http/errors';
import type { Identity } from '../../http/context';
import type { Person } from './schema';

export type PersonView = z.infer<typeof Person>;
export type DeviceRow = typeof devices.$inferSelect;

export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** D1 takes at most 100 parameters in one statement. */
const PARAMETERS = 90;

/** Users by id, for showing who. Those who are no more keep their name; an unknown id shows as itself. */
export async function people(
  db: Db,
  tenantId: string,
  ids: Iterable<string>,
): Promise<(id: string) => PersonView> {
  const wanted = [...new Set(ids)];
  const found = new Map<string, PersonView>();
  for (let i = 0; i < wanted.length; i += PARAMETERS) {
    const rows = await db
      .select({ id: users.id, username: users.username, displayName: users.displayName })
      .from(users)
      .where(and(eq(users.tenantId, tenantId), inArray(users.id, wanted.slice(i, i + PARAMETERS))));
    for (const row of rows)
      found.set(row.id, { id: row.id, username: row.username, display_name: row.displayName });
  }
  return (id) => found.get(id) ?? { id, username: id, display_name: id };
}

/** Whether a user sees phones and commands of others. */
export const seesAll = (identity: Identity): boolean => identity.permissions.has('phone.view');

export const noSuchPhone = () => new PlatformError('NOT_FOUND', 'No such phone.');

/**
 * A phone this user may see. One of another tenant, another user's without `phone.view`, a removed one and a made-up
 * id are all the same.
 * @throws PlatformError NOT_FOUND
 */
export async function visibleDevice(db: Db, identity: Identity, id: string): Promise<DeviceRow> {
  const row = await knownDevice(db, identity, id);
  if (row.removedAt !== null) throw noSuchPhone();
  return row;
}

/** As `visibleDevice`, the removed ones too. @throws PlatformError NOT_FOUND */
export async function knownDevice(db: Db, identity: Identity, id: string): Promise<DeviceRow> {
  const [row] = await db
    .select()
    .from(devices)
    .where(and(eq(devices.tenantId, identity.tenantId), eq(devices.id, id)));
  if (row === undefined || (row.userId !== identity.userId && !seesAll(identity))) throw noSuchPhone();
  return row;
}

/**
 * The objects that have to do with somebody: those of users who ever had a phone. Asking the others would only bring
 * empty objects into being.
 */
export async function shardsInUse(db: Db, tenant: TenantView): Promise<number[]> {
  const owners = await db
    .selectDistinct({ userId: devices.userId })
    .from(devices)
    .where(eq(devices.tenantId, tenant.id));
  return [...new Set(owners.map(({ userId }) => phoneShard(userId, tenant.phoneShards)))].sort(
    (a, b) => a - b,
  );
}
