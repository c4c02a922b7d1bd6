import { z } from '@hono/zod-openapi';
import {
  CALL_DIRECTIONS,
  CALL_OUTCOMES,
  CALL_SOURCES,
  CALL_STATUSES,
  type CallHubApi,
  type CallView,
  type HistoryPosition,
  type HistoryQuery,
} from '../../objects/call-hub/contract';
import { normaliseNumber } from '../dialer/queue-command';
import type { Identity } from '../http/context';
import { prefersCsv, streamCsv } from '../http/csv';
import { apiRoute, newApiApp } from '../http/openapi';
import { CallBody } from './call-schemas';
import { rangeOfTime, TimeQuery } from './time-query';
import { viewerOf } from './viewer';

/** Calls the hub is asked for at once for a file. */
const CSV_PAGE = 1_000;
/** For filters no index serves the hub looks through a part of the history per request: as many parts per page. */
const PARTS = 3;

const query = z.object({
  ...TimeQuery,
  status: z.enum(CALL_STATUSES).optional(),
  outcome: z
    .enum([...CALL_OUTCOMES, 'none'])
    .optional()
    .openapi({ description: '`none`: ended, and nothing says how.' }),
  direction: z.enum(CALL_DIRECTIONS).optional(),
  source: z.enum(CALL_SOURCES).optional(),
  user: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'Id or user name of whose call it is.', example: 'op12' }),
  slot: z.coerce.number().int().min(0).max(1_000_000).optional(),
  number: z.string().trim().min(1).max(64).regex(/\d/, 'a number or digits of it').optional().openapi({
    description: 'A whole number in any notation, or some of its digits in a row.',
    example: '+375290000000',
  }),
  cursor: z
    .string()
    .regex(/^-?\d{1,15}_c_[0-9a-z]{1,40}$/, 'not one of ours')
    .optional()
    .openapi({ description: '`next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  format: z
    .enum(['json', 'csv'])
    .optional()
    .openapi({ description: 'Before `Accept`, for clients that can’t set it.' }),
});

const list = apiRoute({
  method: 'get',
  path: '/api/calls',
  summary: 'History of calls',
  description:
    'By the moment they began, newest first; without `call.view_all` one’s own. A page may have fewer calls than asked ' +
    'for and still a `next`: filters that fit few calls look through a part of the history at a time. With ' +
    '`Accept: text/csv` every call that fits, as a file made while it is read; `cursor` and `limit` do not matter then.',
  tags: ['Calls'],
  access: 'call.view',
  request: { query },
  responses: {
    200: {
      description: 'A page, or the file.',
      content: {
        'application/json': {
          schema: z
            .object({
              calls: z.array(CallBody),
              next: z
                .string()
                .nullable()
                .openapi({ description: 'Give it as `cursor`; null: there are no older ones.' }),
              searched_to: z.iso.datetime().nullable().openapi({
                description: 'How far back was looked so far; null: through everything.',
              }),
            })
            .openapi('CallHistory'),
        },
        'text/csv': { schema: z.string(), example: 'call_id,start_time,answer_time,end_time,…' },
      },
    },
  },
});

/** `/api/calls`. */
export const callsHistory = newApiApp();

type Filters = Omit<HistoryQuery, 'limit' | 'before'>;

callsHistory.openapi(list, async (c) => {
  const { cursor, limit, format, ...asked } = c.req.valid('query');
  const { identity } = c.var;
  const hub = c.env.CALL_HUB.getByName(identity.tenantId);
  const filters = filtersOf(asked, identity);
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', 'attachment; filename="calls.csv"');
    return c.body(streamCsv(CSV_HEAD, rowsOf(hub, filters)), 200);
  }
  const calls: CallView[] = [];
  let next = cursor === undefined ? null : positionOf(cursor);
  for (let part = 0; part < PARTS; part += 1) {
    const page = await hub.history({
      ...filters,
      limit: limit - calls.length,
      ...(next && { before: next }),
    });
    calls.push(...page.calls);
    next = page.next;
    if (next === null || calls.length >= limit) break;
  }
  const answer = {
    calls,
    next: next && `${next.at}_${next.id}`,
    searched_to: next && new Date(next.at).toISOString(),
  };
  return c.json(answer, 200);
});

function filtersOf(
  { from, to, slot, number, ...rest }: Omit<z.infer<typeof query>, 'cursor' | 'limit' | 'format'>,
  identity: Identity,
): Filters {
  return {
    ...rest,
    ...rangeOfTime({ from, to }),
    ...(slot !== undefined && { slotId: slot }),
    ...(number !== undefined && { number: numberOf(number, identity.tenant.country) }),
    viewer: viewerOf(identity),
  };
}

/** A whole number as calls show it, or else the digits of it that were typed. */
function numberOf(typed: string, country: string): NonNullable<HistoryQuery['number']> {
  const whole = normaliseNumber(typed, country);
  return whole === null ? { part: typed.replace(/\D/g, '') } : { exact: whole };
}

function positionOf(cursor: string): HistoryPosition {
  const at = cursor.indexOf('_');
  return { at: Number(cursor.slice(0, at)), id: cursor.slice(at + 1) };
}

const CSV_HEAD = [
  'call_id',
  'start_time',
  'answer_time',
  'end_time',
  'duration',
  'direction',
  'source',
  'number',
  'user',
  'extension',
  'status',
  'outcome',
  'slot',
  'trunk',
  'device',
  'notes',
  'recordings',
];

function rowsOf(hub: Pick<CallHubApi, 'history'>, filters: Filters) {
  let before: HistoryPosition | null | undefined;
  return async () => {
    if (before === null) return null;
    const page = await hub.history({ ...filters, limit: CSV_PAGE, ...(before && { before }) });
    before = page.next;
    return page.calls.map((call) => [
      call.call_id,
      call.start_time,
      call.answer_time,
      call.end_time,
      call.duration,
      call.direction,
      call.source,
      call.number,
      call.user?.username ?? null,
      call.extension,
      call.status,
      call.outcome,
      call.slot,
      call.trunk,
      call.device?.name ?? null,
      call.note_count,
      call.recording_count,
    ]);
  };
}
