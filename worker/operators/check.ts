/** Whether telephony answers, asked for by hand. */
import { z } from '@hono/zod-openapi';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { conflicts, TELEPHONY_ERRORS } from './errors';
import { dbOf, openTelephony, operatorOf } from './room';
import { operatorsRoute, Uuid } from './schemas';
import { agentOf, settingsOf } from './store';

const check = operatorsRoute({
  method: 'post',
  path: '/callcenter_operators/v1/admin/telephony/check',
  summary: 'Ask telephony for an answer',
  description:
    'Changes nothing there. An external telephony answers about agents only: it is asked about the operator given, or ' +
    'about one who has a centre and an agent.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(z.strictObject({ yandex_uuid: Uuid.optional() }), {
      yandex_uuid: '1f0a2b3c-0000-4000-8000-000000000001',
    }),
  },
  responses: {
    200: json(
      z.object({
        driver: z.enum(['asterisk', 'cipt']),
        took_ms: z.number().int(),
        queues: z.array(z.string()).openapi({ description: 'Those it told of.' }),
      }),
      'It answered.',
    ),
    ...TELEPHONY_ERRORS,
    409: conflicts({ NO_AGENT: 'This telephony answers about agents only: add an operator with one first.' }),
  },
});

/** `POST /v1/admin/telephony/check`. */
export const checks = newApiApp();

checks.openapi(check, async (c) => {
  const db = dbOf(c);
  const { tenantId } = c.var.identity;
  const { yandex_uuid: uuid } = c.req.valid('json');
  const given = uuid === undefined ? null : await operatorOf(c, db, uuid);
  const { driver = 'asterisk' } = await settingsOf(db, tenantId);
  const telephony = await openTelephony(c, db);
  const agent = given ?? (driver === 'cipt' ? await agentOf(db, tenantId) : null);
  const began = Date.now();
  const queues = await telephony.check(agent);
  return c.json({ driver, took_ms: Date.now() - began, queues }, 200);
});
