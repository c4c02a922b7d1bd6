/** What the routes of operators share: who may, which telephony, what is kept of an answer. */
import type { Context } from 'hono';
import { openTelephony as openTelephonyOf } from '../../objects/lib/telephony/open';
import { TelephonyError, type OperatorRow, type Telephony } from '../../objects/lib/telephony/telephony';
import type { DeskOperator, Seen, Wish } from '../../objects/operator-desk/contract';
import { openDb, type Db } from '../db';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv, Identity } from '../http/context';
import { codeOf, OperatorsError, statusOf } from './errors';
import { operatorByUuid, settingsOf } from './store';

type Ctx = Context<AppEnv>;

export const deskOf = (c: Ctx) => c.env.OPERATOR_DESK.getByName(c.var.identity.tenantId);

/** @throws OperatorsError 404 */
export async function operatorOf(c: Ctx, db: Db, uuid: string): Promise<OperatorRow> {
  const row = await operatorByUuid(db, c.var.identity.tenantId, uuid);
  if (row === null) throw new OperatorsError(404, 'NOT_FOUND', 'No such operator.');
  return row;
}

const isSelf = (identity: Identity, { userId }: OperatorRow): boolean => userId === identity.userId;

/**
 * The operator, for whoever may put it on and off the line: itself, or somebody who manages operators. To everybody else
 * another operator looks like none at all.
 *
 * @throws OperatorsError 404
 */
export async function operatorForLine(c: Ctx, db: Db, uuid: string): Promise<OperatorRow> {
  const row = await operatorOf(c, db, uuid);
  const { identity } = c.var;
  if (isSelf(identity, row) || identity.permissions.has('operator.manage')) return row;
  throw new OperatorsError(404, 'NOT_FOUND', 'No such operator.');
}

/** The operator, for itself alone. @throws OperatorsError 403, 404 */
export async function operatorItself(c: Ctx, db: Db, uuid: string): Promise<OperatorRow> {
  const row = await operatorForLine(c, db, uuid);
  if (isSelf(c.var.identity, row)) return row;
  throw new OperatorsError(403, 'PERMISSION_DENIED', 'A telephony password is shown to its operator alone.');
}

/** @throws OperatorsError 409 for one without an account */
export function mustBeInTelephony({ inTelephony }: OperatorRow): void {
  if (!inTelephony)
    throw new OperatorsError(
      409,
      'NOT_IN_TELEPHONY',
      'The operator has no account in telephony yet: an administrator adds it.',
    );
}

/** The tenant's telephony. @throws TelephonyError when it is not set up */
export async function openTelephony(c: Ctx, db: Db): Promise<Telephony> {
  const { tenant, userId } = c.var.identity;
  return openTelephonyOf(c.env, tenant, await settingsOf(db, tenant.id), `user:${userId}`);
}

/** Asks telephony how it is, and keeps that. @throws TelephonyError */
export async function look(c: Ctx, telephony: Telephony, operator: OperatorRow): Promise<Seen[]> {
  const standings = await telephony.standings(operator);
  await deskOf(c).seen({ operator: deskRow(operator), standings, whole: true, now: Date.now() });
  return standings;
}

export interface QueueResult {
  queue: string;
  ok: boolean;
  status: number;
  code: string | null;
  message: string | null;
}

/**
 * Asks for a change in each queue, after what is wanted is stored, and looks afterwards how it really is. What failed in
 * every queue is thrown.
 *
 * @throws TelephonyError the first refusal, where no queue took the change
 */
export async function changeQueues(
  c: Ctx,
  telephony: Telephony,
  operator: OperatorRow,
  wishes: readonly Wish[],
  change: (wish: Wish) => Promise<void>,
): Promise<{ results: QueueResult[]; partial: boolean; now: Seen[] | null }> {
  const { identity } = c.var;
  await deskOf(c).want({
    operator: deskRow(operator),
    wishes: [...wishes],
    by: identity.userId,
    cause: 'asked',
    now: Date.now(),
  });
  const results: QueueResult[] = [];
  let first: TelephonyError | null = null;
  for (const wish of wishes) {
    try {
      await change(wish);
      results.push({ queue: wish.queue, ok: true, status: 200, code: null, message: null });
    } catch (error) {
      if (!(error instanceof TelephonyError)) throw error;
      first ??= error;
      results.push({
        queue: wish.queue,
        ok: false,
        status: statusOf(error),
        code: codeOf(error),
        message: error.message,
      });
    }
  }
  // How it is by now; where that can't be asked, drift is judged by the next look.
  const now = await look(c, telephony, operator).catch((error: unknown) => {
    if (error instanceof TelephonyError) return null;
    throw error;
  });
  if (first !== null && results.every(({ ok }) => !ok)) throw first;
  return { results, partial: first !== null, now };
}

export const audit = (
  c: Ctx,
  db: Db,
  action: string,
  target: string | null,
  before: unknown,
  after: unknown,
): Promise<void> =>
  recordAudit(db, c.var.identity, action, target, before, after, clientAddress(c.req.raw, c.env));

/** What the desk keeps of a row. */
export const deskRow = ({ yandexUuid, fullName, userId, extension, queues }: OperatorRow): DeskOperator => ({
  uuid: yandexUuid,
  name: fullName,
  userId,
  extension,
  queues,
});

export const dbOf = (c: Ctx): Db => openDb(c.env.DB);
