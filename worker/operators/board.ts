/** What supervisors look at: everybody's state, drift and its repair, time-lines. */
import { z } from '@hono/zod-openapi';
import { lineOf, secondsIn, type OperatorView } from '../../objects/operator-desk/contract';
import type { OperatorRow } from '../../objects/lib/telephony/telephony';
import { json, jsonRequest, newApiApp } from '../http/openapi';
import { OperatorsError, TELEPHONY_ERRORS } from './errors';
import {
  audit,
  changeQueues,
  dbOf,
  deskOf,
  deskRow,
  look,
  mustBeInTelephony,
  openTelephony,
  operatorOf,
} from './room';
import { Line, operatorsRoute, QueueOutcome, Uuid } from './schemas';
import { operatorsOf, userNames } from './store';

const ROOT = '/callcenter_operators/v1/admin';
const DAY_MS = 24 * 3_600_000;
/** Most operators a tenant's board shows. */
const MOST = 5_000;

const Moment = z.string().nullable();
const BoardRow = Line.extend({
  yandex_uuid: z.string(),
  user_id: z.string().nullable(),
  login: z.string(),
  full_name: z.string(),
  extension: z.string().nullable(),
  in_telephony: z.boolean(),
}).openapi('OperatorBoardRow');

const everybody = operatorsRoute({
  method: 'get',
  path: `${ROOT}/board`,
  summary: 'Every operator with state, queues and drift',
  access: 'operator.view',
  responses: {
    200: json(
      z
        .object({
          operators: z.array(BoardRow),
          actors: z
            .record(z.string(), z.string())
            .openapi({ description: 'Names of the users who asked for what is shown, by id.' }),
        })
        .openapi('OperatorBoard'),
      'By id.',
    ),
  },
});

const repair = operatorsRoute({
  method: 'post',
  path: `${ROOT}/operator/repair`,
  summary: 'Make telephony do what was asked for',
  description: '`keep: telephony` takes what telephony does for what is wanted, without a change there.',
  access: 'operator.manage',
  errors: ['NOT_FOUND'],
  request: {
    body: jsonRequest(
      z.strictObject({ yandex_uuid: Uuid, keep: z.enum(['asked', 'telephony']).default('asked') }),
      {
        yandex_uuid: '1f0a2b3c-0000-4000-8000-000000000001',
        keep: 'asked',
      },
    ),
  },
  responses: {
    200: json(
      z.object({ drift: z.boolean(), results: z.array(QueueOutcome), partial: z.boolean() }),
      'A result for each queue that was off.',
    ),
    ...TELEPHONY_ERRORS,
  },
});

const timeline = operatorsRoute({
  method: 'get',
  path: `${ROOT}/timeline`,
  summary: 'Seconds in each state, and the segments',
  access: 'operator.view',
  request: {
    query: z.object({
      from: z.iso.datetime({ offset: true }).openapi({ example: '2025-11-15T00:00:00Z' }),
      to: z.iso.datetime({ offset: true }).openapi({ example: '2025-11-16T00:00:00Z' }),
      yandex_uuid: Uuid.optional(),
    }),
  },
  responses: {
    200: json(
      z.object({
        operators: z.array(
          z.object({
            yandex_uuid: z.string(),
            seconds: z.object({ off: z.number(), line: z.number(), paused: z.number() }),
            segments: z.array(
              z.object({
                from: z.string(),
                to: Moment,
                state: z.enum(['off', 'line', 'paused']),
                reason: z.string().nullable(),
                cause: z.enum(['asked', 'telephony', 'rule']),
                actor: z.string().nullable(),
              }),
            ),
          }),
        ),
      }),
      'Operators of whom something is known in that time; at most 31 days.',
    ),
  },
});

/** Board, repair, time-lines. */
export const board = newApiApp();

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

function rowOf(row: OperatorRow, view: OperatorView | undefined): z.infer<typeof BoardRow> {
  const { yandexUuid, userId, login, fullName, extension, inTelephony } = row;
  return {
    yandex_uuid: yandexUuid,
    user_id: userId,
    login,
    full_name: fullName,
    extension,
    in_telephony: inTelephony,
    ...lineOf(view),
  };
}

const pick = <T extends { connected: boolean; paused: boolean; priority: number; reason: string | null }>({
  connected,
  paused,
  priority,
  reason,
}: T) => ({ connected, paused, priority, reason });

board.openapi(everybody, async (c) => {
  const db = dbOf(c);
  const { tenantId } = c.var.identity;
  const rows = await operatorsOf(db, tenantId, { limit: MOST });
  const views = new Map((await deskOf(c).board()).map((view) => [view.uuid, view]));
  const operators = rows.map((row) => rowOf(row, views.get(row.yandexUuid)));
  const actors = await userNames(
    db,
    tenantId,
    operators.flatMap(({ actor }) => actor ?? []),
  );
  return c.json({ operators, actors: Object.fromEntries(actors) }, 200);
});

board.openapi(repair, async (c) => {
  const db = dbOf(c);
  const { yandex_uuid: uuid, keep } = c.req.valid('json');
  const operator = await operatorOf(c, db, uuid);
  mustBeInTelephony(operator);
  const telephony = await openTelephony(c, db);
  await look(c, telephony, operator);
  const desk = deskOf(c);
  const drifting = ((await desk.operator(uuid))?.queues ?? []).filter(({ drift }) => drift);
  const { userId } = c.var.identity;
  if (keep === 'telephony') {
    const wishes = drifting.flatMap(({ queue, seen }) => (seen === null ? [] : [{ queue, ...pick(seen) }]));
    await desk.want({ operator: deskRow(operator), wishes, by: userId, cause: 'asked', now: Date.now() });
    await audit(c, db, 'operator.repair', uuid, null, { keep, queues: wishes.map(({ queue }) => queue) });
    return c.json({ drift: false, results: [], partial: false }, 200);
  }
  const wanted = new Map(drifting.map((view) => [view.queue, view]));
  const wishes = drifting.flatMap(({ queue, desired }) =>
    desired === null ? [] : [{ queue, ...pick(desired) }],
  );
  const { results, partial } = await changeQueues(c, telephony, operator, wishes, async ({ queue }) => {
    const { desired, seen } = wanted.get(queue) ?? {};
    if (desired == null || seen == null) return;
    if (desired.connected !== seen.connected) await telephony.connect(operator, queue, desired.connected);
    if (!desired.connected) return;
    const { paused, priority, reason } = desired;
    const changed = [
      ...(priority === seen.priority && seen.connected ? [] : (['priority'] as const)),
      ...(paused === seen.paused && seen.connected ? [] : (['paused'] as const)),
    ];
    if (changed.length > 0) await telephony.setStatus(operator, queue, { paused, priority, reason, changed });
  });
  await audit(c, db, 'operator.repair', uuid, null, { keep, results });
  return c.json({ drift: (await desk.operator(uuid))?.drift ?? false, results, partial }, 200);
});

board.openapi(timeline, async (c) => {
  const { from, to, yandex_uuid } = c.req.valid('query');
  const [begins, ends] = [Date.parse(from), Date.parse(to)];
  if (ends <= begins || ends - begins > 31 * DAY_MS)
    throw new OperatorsError(400, 'INVALID_PARAMS', 'From must be before to, by at most 31 days.', {
      to: ['at most 31 days after from'],
    });
  const found = await deskOf(c).timeline({
    from: begins,
    to: ends,
    ...(yandex_uuid !== undefined && { uuid: yandex_uuid }),
  });
  const now = Date.now();
  return c.json(
    {
      operators: found.map(({ uuid, segments }) => ({
        yandex_uuid: uuid,
        seconds: secondsIn(segments, begins, ends, now),
        segments: segments.map((segment) => ({
          ...segment,
          from: iso(segment.from),
          to: isoOrNull(segment.to),
        })),
      })),
    },
    200,
  );
});
