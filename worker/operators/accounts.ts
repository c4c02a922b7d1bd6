/** Operators' accounts in telephony. */
import { z } from '@hono/zod-openapi';
import { enlist } from '../../objects/lib/telephony/enlist';
import { clientAddress } from '../http/client-address';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { conflicts, OperatorsError, TELEPHONY_ERRORS } from './errors';
import { audit, dbOf, deskOf, deskRow, openTelephony, operatorOf } from './room';
import { Operator, operatorsRoute, operatorView, Uuid } from './schemas';
import { changeOperator } from './store';

const ROOT = '/callcenter_operators/v1';
const uuid = '1f0a2b3c-0000-4000-8000-000000000001';
const who = z.strictObject({ yandex_uuid: Uuid });

const addToTelephony = operatorsRoute({
  method: 'post',
  path: `${ROOT}/admin/operator/add_to_telephony`,
  summary: 'Make an operator’s account in telephony',
  description: 'Repeating it is harmless.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: { body: jsonRequest(who, { yandex_uuid: uuid }) },
  responses: {
    200: json(Operator, 'The operator as it is now.'),
    ...TELEPHONY_ERRORS,
    409: conflicts({ NO_EXTENSION: 'The operator has no extension: an administrator gives one.' }),
  },
});

const removeFromTelephony = operatorsRoute({
  method: 'post',
  path: `${ROOT}/admin/operator/remove_from_telephony`,
  summary: 'Take an operator’s account away',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: { body: jsonRequest(who, { yandex_uuid: uuid }) },
  responses: { 200: json(Operator, 'The operator as it is now.'), ...TELEPHONY_ERRORS },
});

/** `/v1/admin/operator/…_telephony`. */
export const accounts = newApiApp();

accounts.openapi(addToTelephony, async (c) => {
  const db = dbOf(c);
  const before = await operatorOf(c, db, c.req.valid('json').yandex_uuid);
  const actor = { userId: c.var.identity.userId, address: clientAddress(c.req.raw, c.env) };
  const enlisted = await enlist(db, await openTelephony(c, db), before, actor, Date.now());
  if ('operator' in enlisted) return c.json(operatorView(enlisted.operator), 200);
  const { result, left } = enlisted;
  const rest = left === null ? '' : ` An account is left in telephony, take it away there: ${left}`;
  if (result === 'gone') throw new OperatorsError(404, 'NOT_FOUND', `No such operator.${rest}`);
  throw new OperatorsError(
    409,
    'CHANGED_MEANWHILE',
    `The record was changed while its account was made: try again.${rest}`,
  );
});

accounts.openapi(removeFromTelephony, async (c) => {
  const db = dbOf(c);
  const before = await operatorOf(c, db, c.req.valid('json').yandex_uuid);
  await (await openTelephony(c, db)).remove(before);
  const now = Date.now();
  await deskOf(c).seen({ operator: deskRow(before), standings: [], whole: true, now });
  if (!before.inTelephony) return c.json(operatorView(before), 200);
  const after = await changeOperator(db, before.tenantId, before.yandexUuid, { inTelephony: false }, now);
  await audit(
    c,
    db,
    'operator.telephony.remove',
    before.yandexUuid,
    { in_telephony: true },
    { in_telephony: false },
  );
  return c.json(operatorView(after ?? before), 200);
});
