/** On the line, off it, pause: an operator's own and their supervisor's. */
import { z } from '@hono/zod-openapi';
import { summaryOf, type Seen, type Wish } from '../../objects/operator-desk/contract';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { OperatorsError, TELEPHONY_ERRORS } from './errors';
import {
  audit,
  changeQueues,
  dbOf,
  look,
  mustBeInTelephony,
  openTelephony,
  operatorForLine,
  operatorItself,
} from './room';
import { operatorsRoute, Queue, QueueOutcome, Queues, QueueState, Uuid } from './schemas';
import { settingsOf } from './store';
import { TelephonyError, type OperatorRow } from '../../objects/lib/telephony/telephony';

const ROOT = '/callcenter_operators/v1/operator';
const who = z.object({ yandex_uuid: Uuid });
const State = z
  .object({ queues: z.array(QueueState), connected: z.boolean(), paused: z.boolean() })
  .openapi('OperatorState');
const Changed = z
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

const password = operatorsRoute({
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

const status = operatorsRoute({
  method: 'post',
  path: `${ROOT}/status`,
  summary: 'Where an operator stands in each queue',
  access: 'operator.line',
  errors,
  request: { body: jsonRequest(z.strictObject(who.shape), example) },
  responses: { 200: json(State, 'As telephony says.'), ...TELEPHONY_ERRORS },
});

const getConnection = operatorsRoute({
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

const setConnection = operatorsRoute({
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
        queues: Queues.min(1)
          .optional()
          .openapi({ description: 'Some of the operator’s queues; all when absent.' }),
      }),
      { ...example, connected: true },
    ),
  },
  responses: { 200: json(Changed, 'A result for each queue.'), ...TELEPHONY_ERRORS },
});

const getPause = operatorsRoute({
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

const setPause = operatorsRoute({
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

/** `/callcenter_operators/v1/operator/…`. */
export const line = newApiApp();

const stateOf = (standings: readonly Seen[]) => {
  const { connected, paused } = summaryOf(standings);
  const queues = standings.map(({ queue, connected: there, paused: held, priority }) => ({
    queue,
    connected: there,
    paused: held,
    priority,
  }));
  return { queues, connected, paused };
};

/** @throws OperatorsError 400 for a queue that is not the operator's */
function ownQueues({ queues }: OperatorRow, wanted: readonly string[] | undefined): string[] {
  const foreign = (wanted ?? []).filter((queue) => !queues.includes(queue));
  if (foreign.length > 0)
    throw new OperatorsError(400, 'INVALID_PARAMS', `Not the operator’s queues: ${foreign.join(', ')}.`, {
      queues: foreign,
    });
  const chosen = [...new Set(wanted ?? queues)];
  if (chosen.length === 0)
    throw new OperatorsError(409, 'NO_QUEUES', 'The operator works in no queue: a supervisor gives some.');
  return chosen;
}

line.openapi(password, async (c) => {
  const db = dbOf(c);
  const operator = await operatorItself(c, db, c.req.valid('json').yandex_uuid);
  mustBeInTelephony(operator);
  const account = await (await openTelephony(c, db)).password(operator);
  await audit(c, db, 'operator.password.show', operator.yandexUuid, null, { shown: true });
  c.header('Cache-Control', 'no-store');
  return c.json(account, 200);
});

line.openapi(status, async (c) => {
  const db = dbOf(c);
  const operator = await operatorForLine(c, db, c.req.valid('json').yandex_uuid);
  mustBeInTelephony(operator);
  return c.json(stateOf(await look(c, await openTelephony(c, db), operator)), 200);
});

line.openapi(getConnection, async (c) => {
  const db = dbOf(c);
  const operator = await operatorForLine(c, db, c.req.valid('query').yandex_uuid);
  mustBeInTelephony(operator);
  const { connected } = stateOf(await look(c, await openTelephony(c, db), operator));
  c.header('Cache-Control', 'no-store');
  return c.json({ connected }, 200);
});

line.openapi(getPause, async (c) => {
  const db = dbOf(c);
  const operator = await operatorForLine(c, db, c.req.valid('query').yandex_uuid);
  mustBeInTelephony(operator);
  const { paused } = stateOf(await look(c, await openTelephony(c, db), operator));
  c.header('Cache-Control', 'no-store');
  return c.json({ paused }, 200);
});

line.openapi(setConnection, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid: uuid, connected, queues } = c.req.valid('json');
  const operator = await operatorForLine(c, db, uuid);
  mustBeInTelephony(operator);
  const wishes = ownQueues(operator, queues).map((queue): Wish => ({ queue, connected }));
  const telephony = await openTelephony(c, db);
  const { results, partial, now } = await changeQueues(c, telephony, operator, wishes, ({ queue }) =>
    telephony.connect(operator, queue, connected),
  );
  await audit(c, db, 'operator.connection', uuid, null, { connected, results });
  return c.json(changed(results, partial, now, { connected, paused: false }), 200);
});

line.openapi(setPause, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid: uuid, paused, priority, queues, reason = null } = c.req.valid('json');
  const operator = await operatorForLine(c, db, uuid);
  mustBeInTelephony(operator);
  const { pauseReasons = [] } = await settingsOf(db, operator.tenantId);
  if (paused && reason !== null && pauseReasons.length > 0 && !pauseReasons.includes(reason))
    throw new OperatorsError(400, 'INVALID_PARAMS', `Not one of the reasons: ${pauseReasons.join(', ')}.`, {
      reason: pauseReasons,
    });
  const telephony = await openTelephony(c, db);
  const before = new Map((await look(c, telephony, operator)).map((seen) => [seen.queue, seen]));
  const there = [...before.values()].filter(({ connected }) => connected).map(({ queue }) => queue);
  const chosen = queues === undefined ? there : ownQueues(operator, queues);
  if (chosen.length === 0)
    throw new OperatorsError(
      409,
      'NOT_CONNECTED',
      'The operator is not on the line: there is nothing to pause.',
    );
  const wishes = chosen.map((queue): Wish => ({
    queue,
    paused,
    reason: paused ? reason : null,
    ...(priority !== undefined && { priority }),
  }));
  const { results, partial, now } = await changeQueues(c, telephony, operator, wishes, async ({ queue }) => {
    const seen = before.get(queue);
    if (seen?.connected !== true)
      throw new TelephonyError(
        'refused',
        'The operator is not on the line in this queue.',
        409,
        'NOT_CONNECTED',
      );
    await telephony.setStatus(operator, queue, {
      paused,
      priority: priority ?? seen.priority,
      reason: paused ? reason : null,
      changed: priority === undefined ? ['paused'] : ['priority', 'paused'],
    });
  });
  await audit(c, db, 'operator.pause', uuid, null, { paused, priority, reason, results });
  return c.json(changed(results, partial, now, { connected: true, paused }), 200);
});

function changed(
  results: z.infer<typeof QueueOutcome>[],
  partial: boolean,
  now: Seen[] | null,
  asked: { connected: boolean; paused: boolean },
): z.infer<typeof Changed> {
  return now === null ? { ...asked, queues: null, results, partial } : { ...stateOf(now), results, partial };
}
