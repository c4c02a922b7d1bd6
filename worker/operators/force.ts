/** What a supervisor does to somebody's line against their will: with a reason, and in the audit log. */
import { z } from '@hono/zod-openapi';
import { summaryOf, type Wish } from '../../objects/operator-desk/contract';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { conflicts, OperatorsError, TELEPHONY_ERRORS } from './errors';
import {
  audit,
  changeQueues,
  dbOf,
  deskOf,
  look,
  mustBeInTelephony,
  openTelephony,
  operatorOf,
} from './room';
import { operatorsRoute, QueueOutcome, Uuid } from './schemas';

const force = operatorsRoute({
  method: 'post',
  path: '/callcenter_operators/v1/admin/operator/force',
  summary: 'Pause, go on or sign off an operator, with a reason',
  description:
    'In every queue in which the operator is on the line. The reason is a supervisor’s own words, whatever the reasons ' +
    'of the settings are; it is in the audit log, and of a pause in telephony and in the time-line.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(
      z.strictObject({
        yandex_uuid: Uuid,
        action: z.enum(['pause', 'resume', 'sign_off']),
        reason: z.string().trim().min(1).max(80),
      }),
      {
        yandex_uuid: '1f0a2b3c-0000-4000-8000-000000000001',
        action: 'sign_off',
        reason: 'the shift is over',
      },
    ),
  },
  responses: {
    200: json(
      z.object({
        state: z
          .enum(['off', 'line', 'paused'])
          .nullable()
          .openapi({ description: 'As telephony says now; null: it did not say.' }),
        results: z.array(QueueOutcome),
        partial: z.boolean().openapi({ description: 'Some queues took the change and some did not.' }),
      }),
      'A result for each queue.',
    ),
    ...TELEPHONY_ERRORS,
    409: conflicts({ NOT_CONNECTED: 'The operator is not on the line.' }),
  },
});

/** `POST /v1/admin/operator/force`. */
export const forced = newApiApp();

forced.openapi(force, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid: uuid, action, reason } = c.req.valid('json');
  const operator = await operatorOf(c, db, uuid);
  mustBeInTelephony(operator);
  const telephony = await openTelephony(c, db);
  const before = await look(c, telephony, operator);
  const there = new Map(before.filter(({ connected }) => connected).map((seen) => [seen.queue, seen]));
  const wanted = ((await deskOf(c).operator(uuid))?.queues ?? []).filter(({ desired }) => desired?.connected);
  const pause = { paused: action === 'pause', reason: action === 'pause' ? reason : null };
  const wishes: Wish[] =
    action === 'sign_off'
      ? [...new Set([...there.keys(), ...wanted.map(({ queue }) => queue)])].map((queue) => ({
          queue,
          connected: false,
        }))
      : [...there.keys()].map((queue) => ({ queue, ...pause }));
  if (wishes.length === 0) throw new OperatorsError(409, 'NOT_CONNECTED', 'The operator is not on the line.');
  const { results, partial, now } = await changeQueues(c, telephony, operator, wishes, async ({ queue }) => {
    const seen = there.get(queue);
    // Wanted on the line and off it already: what is wanted changes, and nothing else.
    if (seen === undefined) return;
    if (action === 'sign_off') await telephony.connect(operator, queue, false);
    else
      await telephony.setStatus(operator, queue, { ...pause, priority: seen.priority, changed: ['paused'] });
  });
  const state = now === null ? null : summaryOf(now).state;
  const was = summaryOf(before).state;
  await audit(c, db, `operator.force.${action}`, uuid, { state: was }, { state, reason, results });
  return c.json({ state, results, partial }, 200);
});
