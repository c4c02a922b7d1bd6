/** Records of operators. */
import { z } from '@hono/zod-openapi';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { conflict, OperatorsError } from './errors';
import { audit, dbOf, deskOf, deskRow, operatorOf } from './room';
import { Operator, OperatorFields, operatorsRoute, operatorView, Queues, Uuid } from './schemas';
import {
  changeOperator,
  deleteOperators,
  insertOperators,
  operatorOfExtension,
  operatorsByUuid,
  usersOfTenant,
} from './store';

const ROOT = '/callcenter_operators/v1';
const uuid = '1f0a2b3c-0000-4000-8000-000000000001';

const addBulk = operatorsRoute({
  method: 'post',
  path: `${ROOT}/operators/add_bulk/`,
  summary: 'Add operators',
  description: 'One result per operator; a bad one does not sink the rest, a known one reports as existing.',
  access: 'operator.manage',
  bodyLimit: 2 * 1024 * 1024,
  request: {
    body: jsonRequest(
      z.strictObject({
        operators: z
          .array(z.looseObject({ yandex_uuid: z.unknown() }))
          .min(1)
          .max(1_000),
      }),
      { operators: [{ yandex_uuid: uuid, login: 'op14', full_name: 'Olga Petrova', extension: '7001' }] },
    ),
  },
  responses: {
    200: json(
      z.object({
        results: z.array(
          z.object({
            yandex_uuid: z.string().nullable(),
            result: z.enum(['added', 'existing', 'invalid']),
            message: z.string().nullable(),
          }),
        ),
      }),
      'In the order of the request.',
    ),
  },
});

const deleteBulk = operatorsRoute({
  method: 'post',
  path: `${ROOT}/admin/operators/delete_bulk/`,
  summary: 'Delete operators',
  description: 'If one of them is still in telephony none is deleted, and the answer names which.',
  access: 'operator.manage',
  request: {
    body: jsonRequest(z.strictObject({ yandex_uuids: z.array(Uuid).min(1).max(500) }), {
      yandex_uuids: [uuid],
    }),
  },
  responses: {
    200: json(z.object({ deleted: z.array(z.string()) }), 'Those that were there.'),
    409: conflict('Some are in telephony.', 'IN_TELEPHONY', 'Remove these from telephony first: 1f0a2b3c…'),
  },
});

const update = operatorsRoute({
  method: 'post',
  path: `${ROOT}/admin/operator/update`,
  summary: 'Change an operator’s record',
  description: 'What is absent stays. Extension and agent of one who is in telephony can’t be changed.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(
      z.strictObject({
        yandex_uuid: Uuid,
        ...OperatorFields,
        login: OperatorFields.login.optional(),
        full_name: OperatorFields.full_name.optional(),
      }),
      { yandex_uuid: uuid, full_name: 'Olga Sidorova' },
    ),
  },
  responses: {
    200: json(Operator, 'The operator as it is now.'),
    409: conflict(
      'The extension is another’s, or the operator is in telephony.',
      'EXTENSION_TAKEN',
      'Taken.',
    ),
  },
});

const setQueues = operatorsRoute({
  method: 'post',
  path: `${ROOT}/operator/set_queues`,
  summary: 'Which queues an operator works',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(z.strictObject({ yandex_uuid: Uuid, queues: Queues }), {
      yandex_uuid: uuid,
      queues: ['support', 'sales'],
    }),
  },
  responses: { 200: json(Operator, 'The operator as it is now.') },
});

/** `/callcenter_operators/v1/operators`, `/v1/admin/…`. */
export const admin = newApiApp();

const NewOperator = z.object({ yandex_uuid: Uuid, ...OperatorFields });

interface Given {
  uuid: string | null;
  fields: z.infer<typeof NewOperator> | null;
  problem: string | null;
}

function readGiven(raw: { yandex_uuid?: unknown }): Given {
  const uuid = typeof raw.yandex_uuid === 'string' ? raw.yandex_uuid.slice(0, 64) : null;
  const parsed = NewOperator.safeParse(raw);
  if (parsed.success) return { uuid: parsed.data.yandex_uuid, fields: parsed.data, problem: null };
  const problem = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { uuid, fields: null, problem };
}

admin.openapi(addBulk, async (c) => {
  const db = dbOf(c);
  const { tenantId } = c.var.identity;
  const given = c.req.valid('json').operators.map(readGiven);
  const sound = given.flatMap(({ fields }) => (fields === null ? [] : [fields]));
  const users = await usersOfTenant(
    db,
    tenantId,
    sound.flatMap(({ user_id }) => (user_id == null ? [] : [user_id])),
  );
  const rows = sound
    .filter(({ user_id }) => user_id == null || users.has(user_id))
    .map((fields) => ({
      yandexUuid: fields.yandex_uuid,
      login: fields.login,
      fullName: fields.full_name,
      userId: fields.user_id ?? null,
      ccId: fields.cc_id ?? null,
      agentId: fields.agent_id ?? null,
      extension: fields.extension ?? null,
      queues: fields.queues ?? [],
    }));
  const { added, known } = await insertOperators(db, tenantId, rows, Date.now());
  if (added.length > 0) {
    await deskOf(c).put(added.map(deskRow));
    await audit(c, db, 'operator.add', null, null, {
      yandex_uuids: added.map(({ yandexUuid }) => yandexUuid),
    });
  }
  const fresh = new Set(added.map(({ yandexUuid }) => yandexUuid));
  const results = given.map(({ uuid, fields, problem }) => {
    const result = (kind: 'added' | 'existing' | 'invalid', message: string | null) => ({
      yandex_uuid: uuid,
      result: kind,
      message,
    });
    if (fields === null) return result('invalid', problem);
    // Of two with one id in a request the first is added, the second exists by then.
    if (fresh.delete(fields.yandex_uuid)) return result('added', null);
    if (known.has(fields.yandex_uuid)) return result('existing', null);
    const isForeign = fields.user_id != null && !users.has(fields.user_id);
    return result('invalid', isForeign ? 'user_id: no such user' : 'extension: another operator has it');
  });
  return c.json({ results }, 200);
});

admin.openapi(deleteBulk, async (c) => {
  const db = dbOf(c);
  const { tenantId } = c.var.identity;
  const wanted = [...new Set(c.req.valid('json').yandex_uuids)];
  const rows = await operatorsByUuid(db, tenantId, wanted);
  const busy = rows.filter(({ inTelephony }) => inTelephony).map(({ yandexUuid }) => yandexUuid);
  if (busy.length > 0)
    throw new OperatorsError(409, 'IN_TELEPHONY', `Remove these from telephony first: ${busy.join(', ')}.`, {
      yandex_uuids: busy,
    });
  const deleted = await deleteOperators(db, tenantId, wanted);
  if (deleted.length > 0) {
    await deskOf(c).remove(deleted);
    await audit(c, db, 'operator.delete', null, rows.map(operatorView), null);
  }
  return c.json({ deleted }, 200);
});

admin.openapi(update, async (c) => {
  const db = dbOf(c);
  const given = c.req.valid('json');
  const before = await operatorOf(c, db, given.yandex_uuid);
  const moves =
    (given.extension !== undefined && given.extension !== before.extension) ||
    (given.cc_id !== undefined && given.cc_id !== before.ccId) ||
    (given.agent_id !== undefined && given.agent_id !== before.agentId) ||
    (given.login !== undefined && given.login !== before.login);
  if (before.inTelephony && moves)
    throw new OperatorsError(
      409,
      'IN_TELEPHONY',
      'The operator has an account in telephony: remove it there first, then change login, extension or agent.',
    );
  if (given.extension != null) {
    const holder = await operatorOfExtension(db, before.tenantId, given.extension);
    if (holder !== null && holder.yandexUuid !== before.yandexUuid)
      throw new OperatorsError(409, 'EXTENSION_TAKEN', `${holder.fullName} has this extension.`);
  }
  if (
    given.user_id != null &&
    !(await usersOfTenant(db, before.tenantId, [given.user_id])).has(given.user_id)
  )
    throw new OperatorsError(400, 'INVALID_PARAMS', 'No such user.', { user_id: ['no such user'] });
  const change = {
    ...(given.login !== undefined && { login: given.login }),
    ...(given.full_name !== undefined && { fullName: given.full_name }),
    ...(given.user_id !== undefined && { userId: given.user_id }),
    ...(given.cc_id !== undefined && { ccId: given.cc_id }),
    ...(given.agent_id !== undefined && { agentId: given.agent_id }),
    ...(given.extension !== undefined && { extension: given.extension }),
    ...(given.queues !== undefined && { queues: given.queues }),
  };
  const after = (await changeOperator(db, before.tenantId, before.yandexUuid, change, Date.now())) ?? before;
  await deskOf(c).put([deskRow(after)]);
  await audit(c, db, 'operator.change', after.yandexUuid, operatorView(before), operatorView(after));
  return c.json(operatorView(after), 200);
});

admin.openapi(setQueues, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid, queues } = c.req.valid('json');
  const before = await operatorOf(c, db, yandex_uuid);
  const own = [...new Set(queues)];
  const after =
    (await changeOperator(db, before.tenantId, yandex_uuid, { queues: own }, Date.now())) ?? before;
  await deskOf(c).put([deskRow(after)]);
  await audit(c, db, 'operator.queues', yandex_uuid, { queues: before.queues }, { queues: own });
  return c.json(operatorView(after), 200);
});
