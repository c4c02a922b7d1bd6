/** Rows of operators and of the tenant's settings of them. */
import { and, desc, eq, gt, inArray, isNotNull, like, or, sql, type SQL } from 'drizzle-orm';
import type { OperatorRow } from '../../objects/lib/telephony/telephony';
import type { Db } from '../db';
import { operators, operatorSettings, users, type OperatorSettingsData } from '../db/schema';

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

/** The operator a user is; of several the one with an account in telephony. */
export const operatorOfUser = async (db: Db, tenantId: string, userId: string): Promise<OperatorRow | null> =>
  (
    await db
      .select()
      .from(operators)
      .where(and(eq(operators.tenantId, tenantId), eq(operators.userId, userId)))
      .orderBy(desc(operators.inTelephony), operators.yandexUuid)
      .limit(1)
  )[0] ?? null;

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

/** Bound parameters of one statement of D1. */
const MOST_PARAMETERS = 90;
const FIELDS_OF_A_ROW = 12;

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

/**
 * Adds those whose id and extension are free. `known`: the ids that are there afterwards; a row that is in neither has
 * somebody else's extension.
 */
export async function insertOperators(
  db: Db,
  tenantId: string,
  rows: readonly NewOperator[],
  now: number,
): Promise<{ added: OperatorRow[]; known: Set<string> }> {
  const added: OperatorRow[] = [];
  for (const part of chunks(rows, Math.floor(MOST_PARAMETERS / FIELDS_OF_A_ROW)))
    added.push(
      ...(await db
        .insert(operators)
        .values(part.map((row) => ({ ...row, tenantId, createdAt: now, updatedAt: now })))
        .onConflictDoNothing()
        .returning()),
    );
  const known = new Set<string>();
  for (const part of chunks(rows, MOST_PARAMETERS - 1))
    for (const { yandexUuid } of await operatorsByUuid(
      db,
      tenantId,
      part.map((row) => row.yandexUuid),
    ))
      known.add(yandexUuid);
  return { added, known };
}

/** Names of users of the tenant by id; who is none of them is not in it. */
export async function userNames(
  db: Db,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const part of chunks([...new Set(ids)], MOST_PARAMETERS - 1)) {
    const rows = await db
      .select({ id: users.id, name: users.displayName })
      .from(users)
      .where(and(eq(users.tenantId, tenantId), inArray(users.id, part)));
    for (const { id, name } of rows) found.set(id, name);
  }
  return found;
}

/** Which of these are users of the tenant. */
export const usersOfTenant = async (db: Db, tenantId: string, ids: readonly string[]): Promise<Set<string>> =>
  new Set((await userNames(db, tenantId, ids)).keys());

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

/** Some operator of whom an external telephony can be asked; one with an account there before others. */
export const agentOf = async (db: Db, tenantId: string): Promise<OperatorRow | null> =>
  (
    await db
      .select()
      .from(operators)
      .where(and(eq(operators.tenantId, tenantId), isNotNull(operators.ccId), isNotNull(operators.agentId)))
      .orderBy(desc(operators.inTelephony), operators.yandexUuid)
      .limit(1)
  )[0] ?? null;

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

export async function operatorsByUuid(db: Db, tenantId: string, uuids: string[]): Promise<OperatorRow[]> {
  const found: OperatorRow[] = [];
  for (const part of chunks(uuids, MOST_PARAMETERS))
    found.push(
      ...(await db
        .select()
        .from(operators)
        .where(and(eq(operators.tenantId, tenantId), inArray(operators.yandexUuid, part)))),
    );
  return found;
}

/** Deletes those that are not in telephony by the moment of the deletion; answers which. */
export async function deleteOperators(db: Db, tenantId: string, uuids: string[]): Promise<string[]> {
  const deleted: string[] = [];
  for (const part of chunks(uuids, MOST_PARAMETERS)) {
    const rows = await db
      .delete(operators)
      .where(
        and(
          eq(operators.tenantId, tenantId),
          inArray(operators.yandexUuid, part),
          eq(operators.inTelephony, false),
        ),
      )
      .returning({ uuid: operators.yandexUuid });
    deleted.push(...rows.map(({ uuid }) => uuid));
  }
  return deleted;
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
