/** Whether telephony answers, asked for by hand. */
import { z } from '@hono/zod-openapi';
import { json, newApiApp } from '../http/openapi';
import { TELEPHONY_ERRORS } from './errors';
import { dbOf, openTelephony } from './room';
import { operatorsRoute } from './schemas';
import { agentOf, settingsOf } from './store';

const check = operatorsRoute({
  method: 'post',
  path: '/callcenter_operators/v1/admin/telephony/check',
  summary: 'Ask telephony for an answer',
  description:
    'Changes nothing there. An external telephony answers about agents only: it is asked about one who has a centre and ' +
    'an agent.',
  access: 'operator.manage',
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
  },
});

/** `POST /v1/admin/telephony/check`. */
export const checks = newApiApp();

checks.openapi(check, async (c) => {
  const db = dbOf(c);
  const { tenantId } = c.var.identity;
  const { driver = 'asterisk' } = await settingsOf(db, tenantId);
  const telephony = await openTelephony(c, db);
  const agent = driver === 'cipt' ? await agentOf(db, tenantId) : null;
  const began = Date.now();
  const queues = await telephony.check(agent);
  return c.json({ driver, took_ms: Date.now() - began, queues }, 200);
});
