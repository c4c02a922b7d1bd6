/** Rows of operators and of the tenant's settings of them. */
import { and, eq, gt, inArray, like, or, sql, type SQL } from 'drizzle-orm';
import type { Db } from '../db';
import { operators, operatorSettings, users, type OperatorSettingsData } from '../db/schema';

export type OperatorRow = typeof operators.$inferSelect;

export interface NewOperator {
  yandexUuid: string;
  login: string;
  fullName: string;
  userId: string | null;
  ccId: string | null;
  agentId: string | null;
  extension: string | null;
  queues: string[];
}

export interface ListQuery {
  q?: string;
  inTelephony?: boolean;
  cursor?: string;
  limit: number;
}

const byUuid = (tenantId: string, uuid: string): SQL | undefined =>
  and(eq(operators.tenantId, tenantId), eq(operators.yandexUuid, uuid));

export const operatorByUuid = async (db: Db, tenantId: string, uuid: string): Promise<OperatorRow | null> =>
  (await db.select().from(operators).where(byUuid(tenantId, uuid)).limit(1))[0] ?? null;

/** In the order of their ids; the id of the last is the next cursor. */
export function operatorsOf(
  db: Db,
  tenantId: string,
  { q, inTelephony, cursor, limit }: ListQuery,
): Promise<OperatorRow[]> {
  const pattern = q === undefined ? undefined : `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const matches = (column: typeof operators.login | typeof operators.fullName | typeof operators.extension) =>
    sql`${column} LIKE ${pattern} ESCAPE '\\'`;
  return db
    .select()
    .from(operators)
    .where(
      and(
        eq(operators.tenantId, tenantId),
        cursor === undefined ? undefined : gt(operators.yandexUuid, cursor),
        inTelephony === undefined ? undefined : eq(operators.inTelephony, inTelephony),
        pattern === undefined
          ? undefined
          : or(
              matches(operators.login),
              matches(operators.fullName),
              matches(operators.extension),
              like(operators.yandexUuid, `${q}%`),
            ),
      ),
    )
    .orderBy(operators.yandexUuid)
    .limit(limit);
}

/** False: there is one with this id already, or (`taken`) its extension is another one's. */
export async function insertOperator(
  db: Db,
  tenantId: string,
  operator: NewOperator,
  now: number,
): Promise<'added' | 'exists' | 'extension_taken'> {
  if ((await operatorByUuid(db, tenantId, operator.yandexUuid)) !== null) return 'exists';
  const added = await db
    .insert(operators)
    .values({ ...operator, tenantId, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning({ uuid: operators.yandexUuid });
  if (added.length > 0) return 'added';
  return (await operatorByUuid(db, tenantId, operator.yandexUuid)) === null ? 'extension_taken' : 'exists';
}

export async function changeOperator(
  db: Db,
  tenantId: string,
  uuid: string,
  change: Partial<Omit<OperatorRow, 'tenantId' | 'yandexUuid' | 'createdAt'>>,
  now: number,
): Promise<OperatorRow | null> {
  const rows = await db
    .update(operators)
    .set({ ...change, updatedAt: now })
    .where(byUuid(tenantId, uuid))
    .returning();
  return rows[0] ?? null;
}

/** Whose extension it is. */
export const operatorOfExtension = async (
  db: Db,
  tenantId: string,
  extension: string,
): Promise<OperatorRow | null> =>
  (
    await db
      .select()
      .from(operators)
      .where(and(eq(operators.tenantId, tenantId), eq(operators.extension, extension)))
      .limit(1)
  )[0] ?? null;

export const operatorsByUuid = (db: Db, tenantId: string, uuids: string[]): Promise<OperatorRow[]> =>
  db
    .select()
    .from(operators)
    .where(and(eq(operators.tenantId, tenantId), inArray(operators.yandexUuid, uuids)));

/** Deletes those that are not in telephony by the moment of the deletion; answers which. */
export const deleteOperators = async (db: Db, tenantId: string, uuids: string[]): Promise<string[]> =>
  (
    await db
      .delete(operators)
      .where(
        and(
          eq(operators.tenantId, tenantId),
          inArray(operators.yandexUuid, uuids),
          eq(operators.inTelephony, false),
        ),
      )
      .returning({ uuid: operators.yandexUuid })
  ).map(({ uuid }) => uuid);

export async function isUserOfTenant(db: Db, tenantId: string, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, userId)))
    .limit(1);
  return rows.length > 0;
}

export async function settingsOf(db: Db, tenantId: string): Promise<OperatorSettingsData> {
  const [row] = await db
    .select({ settings: operatorSettings.settings })
    .from(operatorSettings)
    .where(eq(operatorSettings.tenantId, tenantId))
    .limit(1);
  return row?.settings ?? {};
}

export async function saveSettings(
  db: Db,
  tenantId: string,
  settings: OperatorSettingsData,
  now: number,
): Promise<void> {
  await db
    .insert(operatorSettings)
    .values({ tenantId, settings, updatedAt: now })
    .onConflictDoUpdate({ target: operatorSettings.tenantId, set: { settings, updatedAt: now } });
}
