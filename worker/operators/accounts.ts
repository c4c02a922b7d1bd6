/** Operators' accounts in telephony. */
import { z } from '@hono/zod-openapi';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { TELEPHONY_ERRORS } from './errors';
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
  responses: { 200: json(Operator, 'The operator as it is now.'), ...TELEPHONY_ERRORS },
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
  await (await openTelephony(c, db)).add(before);
  if (before.inTelephony) return c.json(operatorView(before), 200);
  const { tenantId, yandexUuid } = before;
  const after = await changeOperator(db, tenantId, yandexUuid, { inTelephony: true }, Date.now());
  await audit(c, db, 'operator.telephony.add', yandexUuid, { in_telephony: false }, { in_telephony: true });
  return c.json(operatorView(after ?? before), 200);
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
