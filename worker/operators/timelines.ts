/** What each operator did by day, as a report and as a file. */
import { z } from '@hono/zod-openapi';
import type { TimelineDay } from '../../objects/operator-desk/contract';
import type { Db } from '../db';
import { prefersCsv, streamCsv } from '../http/csv';
import { newApiApp } from '../http/openapi';
import { clipped, daysFrom, sumOf, type Day, type DaySum } from './days';
import { OperatorsError } from './errors';
import { dbOf, deskOf } from './room';
import { operatorsRoute, Uuid } from './schemas';
import { operatorsByUuid, userNames } from './store';

const DAY_MS = 24 * 3_600_000;
const MOST_DAYS = 31;
/** Operators whose time-lines are read at once for a file. */
const CSV_PAGE = 50;

const Moment = z.string().nullable();
const Reason = z.string().nullable();
const Sum = z
  .object({
    day: z.string(),
    seconds: z.object({ off: z.number(), line: z.number(), paused: z.number() }),
    pauses: z
      .array(z.object({ reason: Reason, count: z.number().int(), seconds: z.number() }))
      .openapi({ description: 'By reason, the longest first.' }),
    first: Moment.openapi({ description: 'When the operator was on the line first, paused or not.' }),
    last: Moment,
  })
  .openapi('OperatorDay');
const Part = z
  .object({
    day: z.string(),
    from: z.string(),
    to: z.string(),
    seconds: z.number(),
    state: z.enum(['off', 'line', 'paused']),
    reason: Reason,
    cause: z.enum(['asked', 'telephony', 'rule']),
    actor: z.object({ id: z.string(), name: z.string().nullable() }).nullable().openapi({
      description: 'Who asked for it; null where nobody did. Without a name: a user of the past.',
    }),
  })
  .openapi('OperatorSegment');

const date = z.iso
  .date()
  .openapi({ example: '2025-11-15', description: 'Day of the tenant’s own calendar.' });

const report = operatorsRoute({
  method: 'get',
  path: '/callcenter_operators/v1/admin/timeline/days',
  summary: 'Seconds in each state by operator and day',
  description:
    `At most ${MOST_DAYS} days, both ends included; of operators of whom something is known in that time, deleted ones ` +
    'too. With `yandex_uuid`, or of a single day, each segment with its cause and who asked for it. CSV with `Accept: text/csv` or ' +
    '`format=csv`: of everybody, a row for each day, or with `detail=segments` for each segment.',
  access: 'operator.view',
  request: {
    query: z.object({
      from: date,
      to: date.openapi({ example: '2025-11-16' }),
      yandex_uuid: Uuid.optional(),
      cursor: z.string().max(64).optional().openapi({ description: '`next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      detail: z.enum(['days', 'segments']).default('days').openapi({ description: 'Of a file.' }),
      format: z
        .enum(['json', 'csv'])
        .optional()
        .openapi({ description: 'Before `Accept`, for clients that can’t set it.' }),
    }),
  },
  responses: {
    200: {
      description: 'A page of operators by id, or the file.',
      content: {
        'application/json': {
          schema: z
            .object({
              time_zone: z.string(),
              operators: z.array(
                z.object({
                  yandex_uuid: z.string(),
                  login: z.string().nullable().openapi({ description: 'Null: deleted since.' }),
                  full_name: z.string().nullable(),
                  days: z.array(Sum),
                  segments: z.array(Part).nullable(),
                }),
              ),
              next: z.string().nullable(),
            })
            .openapi('OperatorDays'),
        },
        'text/csv': { schema: z.string(), example: 'day,yandex_uuid,login,full_name,line_sec,…' },
      },
    },
  },
});

/** `/v1/admin/timeline/days`. */
export const timelines = newApiApp();

interface Line extends TimelineDay {
  login: string | null;
  fullName: string | null;
}

timelines.openapi(report, async (c) => {
  const { from, to, yandex_uuid: uuid, cursor, limit, detail, format } = c.req.valid('query');
  const { tenantId, tenant } = c.var.identity;
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days < 1 || days > MOST_DAYS)
    throw new OperatorsError(400, 'INVALID_PARAMS', `From must not be after to, at most ${MOST_DAYS} days.`, {
      to: [`at most ${MOST_DAYS} days from the first`],
    });
  const db = dbOf(c);
  const calendar = daysFrom(from, to, tenant.timeZone);
  const now = Date.now();
  const time = { from: calendar[0]?.from ?? 0, to: calendar.at(-1)?.to ?? 0 };
  const one = uuid === undefined ? {} : { uuid };
  const read = async (after: string | undefined, most: number): Promise<Line[]> =>
    named(
      db,
      tenantId,
      await deskOf(c).timeline({ ...time, ...one, most, ...(after !== undefined && { after }) }),
    );
  c.header('Vary', 'Accept');
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', `attachment; filename="operators-${from}-${to}-${detail}.csv"`);
    return c.body(
      csvOf(detail, read, calendar, now, (ids) => userNames(db, tenantId, ids)),
      200,
    );
  }
  const found = await read(cursor, limit + 1);
  const page = found.slice(0, limit);
  const names = uuid === undefined && from !== to ? null : await userNames(db, tenantId, actorsOf(page));
  return c.json(
    {
      time_zone: tenant.timeZone,
      operators: page.map(({ uuid: id, login, fullName, segments }) => ({
        yandex_uuid: id,
        login,
        full_name: fullName,
        days: sumsOf(segments, calendar, now).map(sumView),
        segments: names && partsOf(segments, calendar, now, names),
      })),
      next: found.length > limit ? (page.at(-1)?.uuid ?? null) : null,
    },
    200,
  );
});

async function named(db: Db, tenantId: string, lines: readonly TimelineDay[]): Promise<Line[]> {
  const rows = await operatorsByUuid(
    db,
    tenantId,
    lines.map(({ uuid }) => uuid),
  );
  const known = new Map(rows.map((row) => [row.yandexUuid, row]));
  return lines.map((line) => {
    const row = known.get(line.uuid);
    return { ...line, login: row?.login ?? null, fullName: row?.fullName ?? null };
  });
}

type Segments = TimelineDay['segments'];

const sumsOf = (segments: Segments, calendar: readonly Day[], now: number): DaySum[] =>
  calendar.flatMap((day) => sumOf(segments, day, now) ?? []);

const iso = (at: number): string => new Date(at).toISOString();

const sumView = ({ first, last, ...sum }: DaySum): z.infer<typeof Sum> => ({
  ...sum,
  first: first === null ? null : iso(first),
  last: last === null ? null : iso(last),
});

const actorsOf = (lines: readonly TimelineDay[]): string[] =>
  lines.flatMap(({ segments }) => segments.flatMap(({ actor }) => actor ?? []));

const partsOf = (
  segments: Segments,
  calendar: readonly Day[],
  now: number,
  names: ReadonlyMap<string, string>,
): z.infer<typeof Part>[] =>
  calendar.flatMap((day) =>
    clipped(segments, day, now).map(({ from, to, actor, ...rest }) => ({
      day: day.day,
      from: iso(from),
      to: iso(to ?? now),
      seconds: Math.round(((to ?? now) - from) / 1_000),
      ...rest,
      actor: actor === null ? null : { id: actor, name: names.get(actor) ?? null },
    })),
  );

const HEADS = {
  days: [
    'day',
    'yandex_uuid',
    'login',
    'full_name',
    'line_sec',
    'paused_sec',
    'off_sec',
    'pauses',
    'pause_reasons',
    'first',
    'last',
  ],
  segments: [
    'day',
    'yandex_uuid',
    'login',
    'full_name',
    'from',
    'to',
    'seconds',
    'state',
    'reason',
    'cause',
    'actor_id',
    'actor',
  ],
};

type Cell = string | number | null;

/** A file of everybody, made while it is read: one page of operators is held at a time. */
function csvOf(
  detail: keyof typeof HEADS,
  read: (after: string | undefined, most: number) => Promise<Line[]>,
  calendar: readonly Day[],
  now: number,
  namesOf: (ids: string[]) => Promise<Map<string, string>>,
): ReadableStream<Uint8Array> {
  let after: string | undefined;
  let ended = false;
  return streamCsv(HEADS[detail], async () => {
    if (ended) return null;
    const lines = await read(after, CSV_PAGE);
    ended = lines.length < CSV_PAGE;
    after = lines.at(-1)?.uuid;
    const names = detail === 'segments' ? await namesOf(actorsOf(lines)) : new Map<string, string>();
    return lines.flatMap((line): Cell[][] => {
      const who = [line.uuid, line.login, line.fullName];
      if (detail === 'segments')
        return partsOf(line.segments, calendar, now, names).map((part) => [
          part.day,
          ...who,
          part.from,
          part.to,
          part.seconds,
          part.state,
          part.reason,
          part.cause,
          part.actor?.id ?? null,
          part.actor?.name ?? null,
        ]);
      return sumsOf(line.segments, calendar, now).map((sum) => {
        const { day, seconds, pauses, first, last } = sumView(sum);
        return [
          day,
          ...who,
          seconds.line,
          seconds.paused,
          seconds.off,
          pauses.reduce((total, { count }) => total + count, 0),
          pauses.map(({ reason, seconds: sec }) => `${reason ?? '–'}: ${sec}`).join('; '),
          first,
          last,
        ];
      });
    });
  });
}
