import { and, asc, eq, isNull, or } from 'drizzle-orm';
import { openDb } from '../db';
import type { PersonView } from '../db/people';
import { users } from '../db/schema';
import type { Env } from '../env';

const COLUMNS = { id: users.id, username: users.username, name: users.displayName };
/** More than anybody picks from. */
const MOST = 2_000;

const working = (tenantId: string) =>
  and(eq(users.tenantId, tenantId), isNull(users.deletedAt), isNull(users.disabledAt));

/** People of the tenant who can be given leads, by name. */
export const sellersOf = (env: Pick<Env, 'DB'>, tenantId: string): Promise<PersonView[]> =>
  openDb(env.DB)
    .select(COLUMNS)
    .from(users)
    .where(working(tenantId))
    .orderBy(asc(users.displayName), asc(users.id))
    .limit(MOST);

/** One of them by id or user name; null: nobody of the tenant who is not deleted or disabled. */
export async function findSeller(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  named: string,
): Promise<PersonView | null> {
  const isNamed = or(eq(users.id, named), eq(users.username, named.toLowerCase()));
  const [row] = await openDb(env.DB)
    .select(COLUMNS)
    .from(users)
    .where(and(working(tenantId), isNamed))
    .limit(1);
  return row ?? null;
}
