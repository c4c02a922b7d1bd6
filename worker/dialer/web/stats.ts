import { z } from '@hono/zod-openapi';
import type { PhoneStatsRow } from '../../../objects/call-hub/contract';
import { ACTION_SOURCES, CALL_STATUSES } from '../../../objects/phone-queue/contract';
import { PlatformError } from '../../http/errors';
import { apiRoute, newApiApp } from '../../http/openapi';
import { prefersCsv, toCsv } from '../../http/csv';
import { PhoneStats, type StatsRow } from './schema';

const DAY_MS = 24 * 3_600_000;
const MOST_DAYS = 732;

const day = z.iso.date().openapi({ example: '2026-11-01', description: 'Day of the tenant’s own calendar' });

const stats = apiRoute({
  method: 'get',
  path: '/api/phones/stats',
  summary: 'Calls per manager by day or month',
  description:
    'Calls with a result from a phone. The last 30 days unless said otherwise. CSV with `Accept: text/csv`.',
  tags: ['Phones'],
  access: 'phone.stats',
  request: {
    query: z.object({
      from: day.optional(),
      to: day.optional(),
      by: z.enum(['day', 'month']).default('day'),
      user: z.string().min(1).max(64).optional().openapi({ description: 'User id' }),
      format: z
        .enum(['json', 'csv'])
        .optional()
        .openapi({ description: 'Instead of the Accept header, for a link' }),
    }),
  },
  responses: {
    200: {
      description: 'One row per manager and period.',
      content: {
        'application/json': { schema: PhoneStats },
        'text/csv': { schema: z.string(), example: 'period,user,name,total,…' },
      },
    },
  },
});

export const phoneStats = newApiApp();

phoneStats.openapi(stats, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('query');
  const to = asked.to ?? today(identity.tenant.timeZone, Date.now());
  const from = asked.from ?? isoDay(Date.parse(to) - 29 * DAY_MS);
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  if (!(days >= 0 && days <= MOST_DAYS)) {
    throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
      details: { from: [`must not be after \`to\`, nor more than ${MOST_DAYS} days before it`] },
    });
  }
  const found = await c.env.CALL_HUB.getByName(identity.tenantId).phoneStats({
    from,
    to,
    by: asked.by,
    userId: asked.user ?? null,
  });
  const rows = found.rows.map(rowView);
  const wantsCsv =
    asked.format === 'csv' || (asked.format === undefined && prefersCsv(c.req.header('accept')));
  c.header('Vary', 'Accept');
  if (wantsCsv) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', `attachment; filename="calls-${from}-${to}-by-${asked.by}.csv"`);
    return c.body(statsCsv(rows), 200);
  }
  return c.json({ from, to, by: asked.by, time_zone: found.time_zone, rows }, 200);
});

type Row = z.infer<typeof StatsRow>;

const rowView = (row: PhoneStatsRow): Row => ({
  period: row.period,
  user: { id: row.user.id, username: row.user.username, display_name: row.user.name },
  total: row.total,
  connected: row.connected,
  connect_rate: row.connect_rate,
  avg_talk_sec: row.average_talk_seconds,
  talk_sec: row.talk_seconds,
  by_status: row.by_status,
  by_direction: row.by_direction,
  by_method: row.by_method,
  by_source: row.by_source,
});

/** Columns of statuses and sources are always the same; directions and methods are those that occur. */
export function statsCsv(rows: readonly Row[]): string {
  const occurring = (pick: (row: Row) => Record<string, number>): string[] =>
    [...new Set(rows.flatMap((row) => Object.keys(pick(row))))].sort();
  const directions = occurring((row) => row.by_direction);
  const methods = occurring((row) => row.by_method);
  const head = [
    'period',
    'user',
    'name',
    'total',
    'connected',
    'connect_rate',
    'talk_sec',
    'avg_talk_sec',
    ...CALL_STATUSES.map((status) => `status_${status}`),
    ...directions.map((direction) => `direction_${direction}`),
    ...methods.map((method) => `method_${method}`),
    ...ACTION_SOURCES.map((source) => `source_${source}`),
  ];
  const body = rows.map((row) => [
    row.period,
    row.user.username,
    row.user.display_name,
    row.total,
    row.connected,
    row.connect_rate,
    row.talk_sec,
    row.avg_talk_sec,
    ...CALL_STATUSES.map((status) => row.by_status[status] ?? 0),
    ...directions.map((direction) => row.by_direction[direction] ?? 0),
    ...methods.map((method) => row.by_method[method] ?? 0),
    ...ACTION_SOURCES.map((source) => row.by_source[source] ?? 0),
  ]);
  return toCsv([head, ...body]);
}

const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Today's date in a zone; sv-SE writes dates as ISO does. */
const today = (timeZone: string, now: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone }).format(now);
