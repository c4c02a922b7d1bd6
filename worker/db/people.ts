import { and, eq, inArray } from 'drizzle-orm';
import type { Env } from '../env';
import { openDb } from './index';
import { users } from './schema';

export interface PersonView {
  id: string;
  username: string;
  name: string;
}
export type NameOf = (id: string | null) => PersonView | null;

/** D1 takes at most 100 parameters in one statement. */
const PARAMETERS = 90;

/** Users by id, for showing who. Those who are no more keep their name; an unknown id shows as itself. */
export async function people(
  env: Pick<Env, 'DB'>,
  tenantId: string,
  ids: Iterable<string | null>,
): Promise<NameOf> {
  const wanted = [...new Set(ids)].filter((id) => id !== null);
  const found = new Map<string, PersonView>();
  const db = openDb(env.DB);
  for (let i = 0; i < wanted.length; i += PARAMETERS) {
    const rows = await db
      .select({ id: users.id, username: users.username, name: users.displayName })
      .from(users)
      .where(and(eq(users.tenantId, tenantId), inArray(users.id, wanted.slice(i, i + PARAMETERS))));
    for (const row of rows) found.set(row.id, row);
  }
  return (id) => (id === null ? null : (found.get(id) ?? { id, username: id, name: id }));
}
