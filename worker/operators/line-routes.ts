/** What there is to ask of a line: an operator's own, and their supervisor's. */
import { z } from '@hono/zod-openapi';
import { json, jsonRequest } from '../http/openapi';
import { conflicts, TELEPHONY_ERRORS } from './errors';
import { operatorsRoute, Queue, QueueOutcome, Queues, QueueState, Uuid } from './schemas';

const ROOT = '/callcenter_operators/v1/operator';
const who = z.object({ yandex_uuid: Uuid });
const State = z
  .object({ queues: z.array(QueueState), connected: z.boolean(), paused: z.boolean() })
  .openapi('OperatorState');
export const Changed = z
  .object({
    connected: z.boolean(),
    paused: z.boolean(),
    queues: z
      .array(QueueState)
      .nullable()
      .openapi({ description: 'As telephony says now; null: it did not say.' }),
    results: z.array(QueueOutcome),
    partial: z.boolean().openapi({ description: 'Some queues took the change and some did not.' }),
  })
  .openapi('OperatorChanged');

const example = { yandex_uuid: '1f0a2b3c-0000-4000-8000-000000000001' };
const errors = ['NOT_FOUND'] as const;

export const password = operatorsRoute({
  method: 'post',
  path: `${ROOT}/show_password`,
  summary: 'One’s own telephony password',
  description: 'Fetched from telephony now; kept nowhere. Who looked and when is in the audit log.',
  access: 'operator.line',
  errors,
  request: { body: jsonRequest(z.strictObject(who.shape), example) },
  responses: {
    200: json(z.object({ login: z.string(), password: z.string() }), 'What the phone registers with.'),
    ...TELEPHONY_ERRORS,
  },
});

export const status = operatorsRoute({
  method: 'post',
  path: `${ROOT}/status`,
  summary: 'Where an operator stands in each queue',
  access: 'operator.line',
  errors,
  request: { body: jsonRequest(z.strictObject(who.shape), example) },
  responses: {
    200: json(State, 'As telephony says.'),
    ...TELEPHONY_ERRORS,
    409: conflicts({ NOT_IN_TELEPHONY: 'The operator has no account in telephony yet.' }),
  },
});

export const getConnection = operatorsRoute({
  method: 'get',
  path: `${ROOT}/connection`,
  summary: 'Whether an operator is on the line',
  access: 'operator.line',
  errors,
  request: { query: who },
  responses: {
    200: json(z.object({ connected: z.boolean() }), 'Connected to at least one queue.'),
    ...TELEPHONY_ERRORS,
  },
});

export const setConnection = operatorsRoute({
  method: 'post',
  path: `${ROOT}/connection`,
  summary: 'Go on the line, or off it',
  access: 'operator.line',
  errors,
  request: {
    body: jsonRequest(
      z.strictObject({
        ...who.shape,
        connected: z.boolean(),
        queues: Queues.min(1).optional().openapi({
          description:
            'Some of the operator’s queues; all when absent. To leave, also those the operator still stands in.',
        }),
      }),
      { ...example, connected: true },
    ),
  },
  responses: { 200: json(Changed, 'A result for each queue.'), ...TELEPHONY_ERRORS },
});

export const getPause = operatorsRoute({
  method: 'get',
  path: `${ROOT}/pause`,
  summary: 'Whether an operator is paused',
  access: 'operator.line',
  errors,
  request: { query: who },
  responses: {
    200: json(z.object({ paused: z.boolean() }), 'Paused in at least one queue.'),
    ...TELEPHONY_ERRORS,
  },
});

export const setPause = operatorsRoute({
  method: 'post',
  path: `${ROOT}/pause`,
  summary: 'Pause, go on, change the priority',
  access: 'operator.line',
  errors,
  request: {
    body: jsonRequest(
      z.strictObject({
        ...who.shape,
        paused: z.boolean(),
        priority: z.int().min(0).max(100).optional().openapi({ description: 'Lower is asked first.' }),
        queues: z
          .array(Queue)
          .min(1)
          .max(50)
          .optional()
          .openapi({ description: 'All in which the operator is on the line when absent.' }),
        reason: z.string().trim().min(1).max(80).optional().openapi({ example: 'lunch' }),
      }),
      { ...example, paused: true, reason: 'lunch' },
    ),
  },
  responses: { 200: json(Changed, 'A result for each queue.'), ...TELEPHONY_ERRORS },
});
