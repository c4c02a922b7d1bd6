import { z } from '@hono/zod-openapi';
import type { TelemetryPoint } from '../../../objects/phone-queue/contract';
import { openDb } from '../../db';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { queueOf } from '../queue';
import { iso, isoOrNull, visibleDevice } from './directory';
import { LogList, Telemetry } from './schema';

const DAY_MS = 24 * 3_600_000;
/** Points a chart can show; a narrower bucket than this needs is refused. */
const MOST_POINTS = 2_000;

const idParam = z.object({ id: z.string().min(1).max(64) });

const telemetry = apiRoute({
  method: 'get',
  path: '/api/phones/{id}/telemetry',
  summary: 'What a phone measured, by type',
  description: 'The last 24 hours unless `from` and `to` say otherwise, at most 31 days.',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({
      from: z.iso.datetime({ offset: true }).optional().openapi({ example: '2026-11-15T00:00:00Z' }),
      to: z.iso.datetime({ offset: true }).optional().openapi({ example: '2026-11-16T00:00:00Z' }),
      bucket: z.coerce
        .number()
        .int()
        .min(60)
        .max(86_400)
        .optional()
        .openapi({ description: 'Width of a point, seconds' }),
    }),
  },
  responses: { 200: json(Telemetry, 'Series by type.') },
});

const logs = apiRoute({
  method: 'get',
  path: '/api/phones/{id}/logs',
  summary: 'Log excerpts a phone sent, newest first',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({
      cursor: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
  },
  responses: { 200: json(LogList, 'A page of log excerpts.') },
});

export const phoneReports = newApiApp();

phoneReports.openapi(telemetry, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('query');
  const to = asked.to === undefined ? Date.now() : Date.parse(asked.to);
  const from = asked.from === undefined ? to - DAY_MS : Date.parse(asked.from);
  if (from >= to || to - from > 31 * DAY_MS) throw bad('from', 'must be before `to`, by at most 31 days');
  const bucketSec = asked.bucket ?? Math.max(60, Math.ceil((to - from) / 1_000 / 300 / 60) * 60);
  if ((to - from) / 1_000 / bucketSec > MOST_POINTS) throw bad('bucket', 'too narrow for so long a time');
  const row = await visibleDevice(openDb(c.env.DB), identity, c.req.valid('param').id);
  const points = await queueOf(c.env, identity.tenant, row.userId).telemetry({
    userId: row.userId,
    deviceRowId: row.id,
    from,
    to,
    stepMs: bucketSec * 1_000,
  });
  return c.json({ from: iso(from), to: iso(to), bucket_sec: bucketSec, series: seriesOf(points) }, 200);
});

phoneReports.openapi(logs, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('query');
  const row = await visibleDevice(openDb(c.env.DB), identity, c.req.valid('param').id);
  const page = await queueOf(c.env, identity.tenant, row.userId).logs({
    userId: row.userId,
    deviceRowId: row.id,
    cursor: asked.cursor ?? null,
    limit: asked.limit,
  });
  const items = page.items.map((entry) => ({
    id: entry.id,
    received_at: iso(entry.receivedAt),
    ts: isoOrNull(entry.ts),
    level_summary: entry.levelSummary,
    source: entry.source,
    payload: entry.payload,
    truncated: entry.truncated,
  }));
  return c.json({ items, next: page.next }, 200);
});

const bad = (field: string, problem: string) =>
  new PlatformError('INVALID_PARAMS', 'The query does not validate.', { details: { [field]: [problem] } });

/** Points grouped by type, the most frequent type first, each series in the order of time. */
export function seriesOf(points: readonly TelemetryPoint[]): z.infer<typeof Telemetry>['series'] {
  const series = new Map<string, z.infer<typeof Telemetry>['series'][number]>();
  for (const point of [...points].sort((a, b) => a.at - b.at)) {
    const one = series.get(point.type) ?? { type: point.type, total: 0, errors: 0, points: [] };
    one.total += point.count;
    one.errors += point.errors;
    one.points.push({
      at: iso(point.at),
      count: point.count,
      errors: point.errors,
      avg_ms: point.avgMs,
      max_ms: point.maxMs,
    });
    series.set(point.type, one);
  }
  return [...series.values()].sort((a, b) => b.total - a.total || a.type.localeCompare(b.type));
}
