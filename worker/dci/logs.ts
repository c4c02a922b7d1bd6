import { z } from '@hono/zod-openapi';
import { logWire, SEVERITIES, type LogEntry, type LogQuery } from '../../objects/pipelines/contract';
import { maskSecrets } from '../http/audit';
import { prefersCsv, streamCsv } from '../http/csv';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { listPipelines, pipelinesOf } from './pipelines-store';
import { LogBody, OverviewBody, RunId } from './schema';
import { iso, runView } from './views';

const MOST_ROWS = 50_000;
const PAGE = 1_000;
const CONTEXT_BYTES = 8 * 1_024;
/** What a chatty script may post: far above what people read. */
const POST_POLICY = { capacity: 200, refillPerSec: 20 };

const Module = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,59}$/, 'letters, digits and _.:/-')
  .openapi({ example: 'backup' });
const Severity = z.enum(SEVERITIES).openapi({ example: 'info' });
const entryId = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const overview = apiRoute({
  method: 'get',
  path: '/api/dci/status',
  summary: 'Pipelines in short',
  description: 'Counts, what runs now, the last failures, what starts next.',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  responses: { 200: json(OverviewBody, 'In short.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/dci/logs',
  summary: 'The log',
  description:
    'Newest first: lines of pipelines’ runs and what others posted. `before` reads on; with `after` (the number of the last ' +
    'entry one has) the newer ones come oldest first. New entries are told live: `log` messages of `/api/live`, ' +
    '`log.event` of Socket.IO after `subscribe:logs`. CSV with `Accept: text/csv` or `format=csv`.',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  request: {
    query: z.object({
      module: Module.optional(),
      severity: Severity.optional(),
      run: RunId.optional(),
      q: z.string().min(1).max(200).optional().openapi({ description: 'Words in the message.' }),
      from: z.iso.datetime({ offset: true }).optional(),
      to: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Not included.' }),
      before: entryId.optional(),
      after: entryId.optional(),
      format: z.enum(['json', 'csv']).optional(),
      limit: z.coerce.number().int().min(1).max(PAGE).default(100),
    }),
  },
  responses: {
    200: {
      description: 'Entries.',
      content: {
        'application/json': {
          schema: z.object({
            items: z.array(LogBody),
            next: z.int().nullable().openapi({ description: 'Give it as `before` (or `after`) for more.' }),
          }),
        },
        'text/csv': { schema: z.string(), example: 'id,time,module,severity,message,…' },
      },
    },
  },
});

const runLog = apiRoute({
  method: 'get',
  path: '/api/dci/runs/{id}/log',
  summary: 'Log of a run',
  description:
    'In order. A line’s number never changes, so a link to it stays good. As text with `Accept: text/plain`.',
  tags: ['Pipelines'],
  access: 'pipeline.view',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: RunId }),
    query: z.object({
      after: entryId.default(0).openapi({ description: 'Number of the last line one has.' }),
      limit: z.coerce.number().int().min(1).max(PAGE).default(500),
    }),
  },
  responses: {
    200: {
      description: 'Lines.',
      content: {
        'application/json': {
          schema: z.object({
            items: z.array(LogBody),
            next: z.int().nullable().openapi({ description: 'Give it as `after` for more.' }),
          }),
        },
        'text/plain': { schema: z.string(), example: '1 2025-11-15T10:30:00.000Z info Run of … started' },
      },
    },
  },
});

const post = apiRoute({
  method: 'post',
  path: '/api/dci/log-event',
  summary: 'Post an event to the log',
  tags: ['Pipelines'],
  access: 'log.write',
  errors: ['RATE_LIMITED'],
  request: {
    body: jsonRequest(
      z
        .strictObject({
          module: Module,
          severity: Severity,
          message: z.string().trim().min(1).max(2_000),
          context: z
            .unknown()
            .optional()
            .openapi({
              description: `Any JSON up to ${CONTEXT_BYTES} bytes; what looks like a secret is masked.`,
            }),
          user_id: z.string().max(64).nullable().optional().openapi({
            description: 'Whom it is about or who did it, in the poster’s own terms.',
          }),
        })
        .openapi('LogEventInput'),
      { module: 'backup', severity: 'info', message: 'Backup is done.', context: { files: 214 } },
    ),
  },
  responses: { 201: json(LogBody, 'Kept.') },
});

/** `/api/dci/logs`, `/api/dci/log-event`, `/api/dci/status`: what happened, and how it stands. */
export const logs = newApiApp();

logs.openapi(overview, async (c) => {
  const { tenantId } = c.var.identity;
  const object = pipelinesOf(c.env, tenantId);
  const [rows, now] = await Promise.all([listPipelines(c.env, tenantId), object.overview()]);
  const states = await object.states(rows.map(({ id }) => id));
  const [next] = rows
    .flatMap(({ id, name }) => {
      const at = states[id]?.nextAt ?? null;
      return at === null ? [] : [{ pipeline_id: id, name, at }];
    })
    .sort((a, b) => a.at - b.at);
  return c.json(
    {
      pipelines: rows.length,
      running: now.running,
      waiting: now.waiting,
      runs: now.totals,
      last_failures: now.failures.map(runView),
      next_run: next === undefined ? null : { ...next, at: iso(next.at) },
    },
    200,
  );
});

logs.openapi(list, async (c) => {
  const { limit, module, severity, run, q, from, to, before, after, format } = c.req.valid('query');
  const object = pipelinesOf(c.env, c.var.identity.tenantId);
  const filter: Omit<LogQuery, 'limit' | 'before'> = {
    ...(module !== undefined && { module }),
    ...(severity !== undefined && { severity }),
    ...(run !== undefined && { runId: run }),
    ...(q !== undefined && { text: q }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
    ...(after !== undefined && { after }),
  };
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', 'attachment; filename="log.csv"');
    return c.body(
      csvOf((position, most) => object.log({ ...filter, ...position, limit: most })),
      200,
    );
  }
  const page = await object.log({ ...filter, ...(before !== undefined && { before }), limit: limit + 1 });
  const items = page.slice(0, limit);
  return c.json(
    { items: items.map(logWire), next: page.length > limit ? (items.at(-1)?.id ?? null) : null },
    200,
  );
});

logs.openapi(runLog, async (c) => {
  const { id } = c.req.valid('param');
  const { after, limit } = c.req.valid('query');
  const object = pipelinesOf(c.env, c.var.identity.tenantId);
  const lines = await object.runLog({ runId: id, after, limit: limit + 1 });
  if (lines === null) throw new PlatformError('NOT_FOUND', 'No such run.');
  if (/^text\/plain\b/.test(c.req.header('accept') ?? '')) {
    const all: LogEntry[] = [];
    // A run keeps at most 5,000 lines.
    for (let from = 0; ;) {
      const page = (await object.runLog({ runId: id, after: from, limit: PAGE })) ?? [];
      all.push(...page);
      if (page.length < PAGE) break;
      from = page.at(-1)?.line ?? from;
    }
    c.header('Content-Disposition', `attachment; filename="${id}.log"`);
    return c.text(all.map(textOf).join(''), 200);
  }
  const items = lines.slice(0, limit);
  return c.json(
    { items: items.map(logWire), next: lines.length > limit ? (items.at(-1)?.line ?? null) : null },
    200,
  );
});

logs.openapi(post, async (c) => {
  const { identity } = c.var;
  const { module, severity, message, context, user_id: userId } = c.req.valid('json');
  const text = context === undefined || context === null ? null : JSON.stringify(maskSecrets(context));
  if (text !== null && new TextEncoder().encode(text).length > CONTEXT_BYTES)
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', {
      details: { context: [`is longer than ${CONTEXT_BYTES} bytes`] },
    });
  const may = await c.env.RATE_LIMITER.getByName(`dci-log:${identity.tenantId}`).take(POST_POLICY);
  if (!may.ok)
    throw new PlatformError('RATE_LIMITED', 'Too many events at once.', {
      headers: { 'Retry-After': String(Math.ceil(may.retryAfterMs / 1_000)) },
    });
  const entry = await pipelinesOf(c.env, identity.tenantId).logEvent({
    module,
    severity,
    message,
    context: text,
    userId: userId ?? null,
    by: identity.username,
  });
  return c.json(logWire(entry), 201);
});

/** Newest first, read on page by page while it is sent. */
function csvOf(
  read: (position: { before?: number }, limit: number) => Promise<LogEntry[]>,
): ReadableStream<Uint8Array> {
  let before: number | undefined;
  let sent = 0;
  let over = false;
  const head = [
    'id',
    'time',
    'module',
    'severity',
    'message',
    'context',
    'user',
    'user_id',
    'run',
    'step',
    'line',
  ];
  return streamCsv(head, async () => {
    if (over) return null;
    const page = await read(before === undefined ? {} : { before }, PAGE);
    sent += page.length;
    over = page.length < PAGE || sent >= MOST_ROWS;
    before = page.at(-1)?.id;
    if (page.length === 0) return null;
    return page.map((entry) => [
      entry.id,
      iso(entry.at),
      entry.module,
      entry.severity,
      entry.message,
      entry.context,
      entry.by,
      entry.userId,
      entry.runId,
      entry.step,
      entry.line,
    ]);
  });
}

const textOf = ({ line, at, severity, message }: LogEntry): string =>
  `${String(line ?? '')}\t${iso(at)}\t${severity}\t${message.replaceAll('\n', ' ')}\n`;
