/** Making one operator's account in telephony, together with what our database says of it. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../../worker/db';
import { auditLog, operators } from '../../../worker/db/schema';
import { TelephonyError, type OperatorRow, type Telephony } from './telephony';

/** Who asked for it; for the audit log. */
interface Actor {
  userId: string;
  address: string | null;
}

/**
 * - `added`: there is an account now, and the record says so. `already`: the record said so before.
 * - `gone`: the record was deleted meanwhile. `changed`: its account's data were. In both the account that was made is
 *   taken away again; `left` says why that failed.
 */
export type Enlisted =
  | { result: 'added' | 'already'; operator: OperatorRow }
  | { result: 'gone' | 'changed'; left: string | null };

/**
 * Makes the account and notes it with an audit row, in one step of the database: a flag without its row, or a row
 * without its flag, can't be. May be repeated after any interruption.
 *
 * @throws TelephonyError when there is no account by now
 */
export async function enlist(
  db: Db,
  telephony: Telephony,
  operator: OperatorRow,
  actor: Actor,
  now: number,
): Promise<Enlisted> {
  await telephony.add(operator);
  const { tenantId, yandexUuid } = operator;
  const own = and(eq(operators.tenantId, tenantId), eq(operators.yandexUuid, yandexUuid));
  // The account was made of these; were they changed meanwhile, it is somebody else's.
  const same = and(
    own,
    eq(operators.login, operator.login),
    sql`${operators.extension} IS ${operator.extension}`,
    sql`${operators.ccId} IS ${operator.ccId}`,
    sql`${operators.agentId} IS ${operator.agentId}`,
  );
  const fresh = and(same, eq(operators.inTelephony, false));
  const flag = (value: boolean) => JSON.stringify({ in_telephony: value });
  const [, updated] = await db.batch([
    db.insert(auditLog).select(
      db
        .select({
          id: sql<string>`${crypto.randomUUID()}`.as('id'),
          tenantId: operators.tenantId,
          at: sql<number>`${now}`.as('at'),
          actorId: sql<string>`${actor.userId}`.as('actor_id'),
          action: sql<string>`'operator.telephony.add'`.as('action'),
          target: operators.yandexUuid,
          before: sql`${flag(false)}`.as('before'),
          after: sql`${flag(true)}`.as('after'),
          address: sql<string | null>`${actor.address}`.as('address'),
        })
        .from(operators)
        .where(fresh),
    ),
    db.update(operators).set({ inTelephony: true, updatedAt: now }).where(fresh).returning(),
  ]);
  const [row] = updated;
  if (row !== undefined) return { result: 'added', operator: row };
  const [known] = await db.select().from(operators).where(same).limit(1);
  if (known !== undefined) return { result: 'already', operator: known };
  const left = await takeBack(telephony, operator);
  const [other] = await db.select({ uuid: operators.yandexUuid }).from(operators).where(own).limit(1);
  return { result: other === undefined ? 'gone' : 'changed', left };
}

async function takeBack(telephony: Telephony, operator: OperatorRow): Promise<string | null> {
  try {
    await telephony.remove(operator);
    return null;
  } catch (error) {
    if (error instanceof TelephonyError) return error.message;
    throw error;
  }
}
