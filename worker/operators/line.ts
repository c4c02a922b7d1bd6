/** On the line, off it, pause: an operator's own and their supervisor's. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { summaryOf, type Seen, type Wish } from '../../objects/operator-desk/contract';
import type { AppEnv } from '../http/context';
import { newApiApp } from '../http/openapi';
import { OperatorsError } from './errors';
import * as routes from './line-routes';
import {
  audit,
  changeQueues,
  dbOf,
  deskOf,
  look,
  mustBeInTelephony,
  openTelephony,
  operatorForLine,
  operatorItself,
} from './room';
import { settingsOf } from './store';
import { TelephonyError, type OperatorRow } from '../../objects/lib/telephony/telephony';

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

const withQueues = (operator: OperatorRow, more: readonly string[]): OperatorRow => ({
  ...operator,
  queues: [...operator.queues, ...more],
});

const queuesStoodIn = async (c: Context<AppEnv>, uuid: string): Promise<string[]> =>
  ((await deskOf(c).operator(uuid))?.queues ?? []).flatMap(({ queue, seen }) =>
    seen?.connected === true ? [queue] : [],
  );

line.openapi(routes.password, async (c) => {
  const db = dbOf(c);
  const operator = await operatorItself(c, db, c.req.valid('json').yandex_uuid);
  mustBeInTelephony(operator);
  const account = await (await openTelephony(c, db)).password(operator);
  await audit(c, db, 'operator.password.show', operator.yandexUuid, null, { shown: true });
  c.header('Cache-Control', 'no-store');
  return c.json(account, 200);
});

/** Where whoever may be asked about stands, as telephony says now. */
async function standsNow(c: Context<AppEnv>, uuid: string) {
  const db = dbOf(c);
  const operator = await operatorForLine(c, db, uuid);
  mustBeInTelephony(operator);
  c.header('Cache-Control', 'no-store');
  return stateOf(await look(c, await openTelephony(c, db), operator));
}

line.openapi(routes.status, async (c) => c.json(await standsNow(c, c.req.valid('json').yandex_uuid), 200));

line.openapi(routes.getConnection, async (c) => {
  const { connected } = await standsNow(c, c.req.valid('query').yandex_uuid);
  return c.json({ connected }, 200);
});

line.openapi(routes.getPause, async (c) => {
  const { paused } = await standsNow(c, c.req.valid('query').yandex_uuid);
  return c.json({ paused }, 200);
});

line.openapi(routes.setConnection, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid: uuid, connected, queues } = c.req.valid('json');
  const operator = await operatorForLine(c, db, uuid);
  mustBeInTelephony(operator);
  // Whoever still stands in a queue they no longer work in can leave it like the others.
  const standsIn = connected ? [] : await queuesStoodIn(c, uuid);
  const wishes = ownQueues(withQueues(operator, standsIn), queues).map((queue): Wish => ({
    queue,
    connected,
  }));
  const telephony = await openTelephony(c, db);
  const { results, partial, now } = await changeQueues(c, telephony, operator, wishes, ({ queue }) =>
    telephony.connect(operator, queue, connected),
  );
  await audit(c, db, 'operator.connection', uuid, null, { connected, results });
  return c.json(changed(results, partial, now, { connected, paused: false }), 200);
});

line.openapi(routes.setPause, async (c) => {
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
  const chosen = queues === undefined ? there : ownQueues(withQueues(operator, there), queues);
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
  results: z.infer<typeof routes.Changed>['results'],
  partial: boolean,
  now: Seen[] | null,
  asked: { connected: boolean; paused: boolean },
): z.infer<typeof routes.Changed> {
  return now === null ? { ...asked, queues: null, results, partial } : { ...stateOf(now), results, partial };
}
