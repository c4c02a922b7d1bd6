import { and, desc, eq, gte, inArray, like, lt, or, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../db';
import { auditLog as auditTable, users } from '../db/schema';
import { prefersCsv, toCsv } from '../http/csv';
import { apiRoute, newApiApp } from '../http/openapi';
import { PlatformError } from '../http/errors';
import { AuditEntry } from './schemas';

/** Rows of one CSV file. */
const MOST_ROWS = 10_000;
/** Rows read from D1 at once. */
const PAGE = 500;

const filters = {
  actor: z.uuid().optional(),
  action: z
    .string()
    .regex(/^[a-z_.]{1,60}$/)
    .optional()
    .openapi({ description: 'The action, or what stands before its dot.', example: 'user' }),
  target: z.string().max(100).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional().openapi({ description: 'Not included.' }),
};

const list = apiRoute({
  method: 'get',
  path: '/api/audit',
  summary: 'Who changed what',
  description: `Newest first. Secrets never stand in it. CSV with \`Accept: text/csv\`: the newest ${MOST_ROWS} entries that fit.`,
  tags: ['People'],
  access: 'audit.view',
  request: {
    query: z.object({
      ...filters,
      format: z.enum(['json', 'csv']).optional(),
      cursor: z.string().max(80).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: {
      description: 'Entries.',
      content: {
        'application/json': { schema: z.object({ items: z.array(AuditEntry), next: z.string().nullable() }) },
        'text/csv': { schema: z.string(), example: 'time,user,action,target,…' },
      },
    },
  },
});

interface Filter {
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}
interface Position {
  at: number;
  id: string;
}

function read(db: Db, tenantId: string, filter: Filter, before: Position | null, limit: number) {
  const { actor, action, target, from, to } = filter;
  return db
    .select()
    .from(auditTable)
    .where(
      and(
        eq(auditTable.tenantId, tenantId),
        actor === undefined ? undefined : eq(auditTable.actorId, actor),
        action === undefined
          ? undefined
          : or(eq(auditTable.action, action), like(auditTable.action, `${action}.%`)),
        target === undefined ? undefined : eq(auditTable.target, target),
        from === undefined ? undefined : gte(auditTable.at, Date.parse(from)),
        to === undefined ? undefined : lt(auditTable.at, Date.parse(to)),
        before === null
          ? undefined
          : sql`(${auditTable.at}, ${auditTable.id}) < (${before.at}, ${before.id})`,
      ),
    )
    .orderBy(desc(auditTable.at), desc(auditTable.id))
    .limit(limit);
}
type Row = Awaited<ReturnType<typeof read>>[number];

/** User names of whoever did it, deleted users too. */
async function actorsOf(db: Db, tenantId: string, rows: readonly Row[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.flatMap(({ actorId }) => actorId ?? []))];
  const names = new Map<string, string>();
  // Parameters of one D1 statement are limited to 100.
  for (let at = 0; at < ids.length; at += 90) {
    const found = await db
      .select({ id: users.id, username: users.username })
      .from(users)
      .where(and(eq(users.tenantId, tenantId), inArray(users.id, ids.slice(at, at + 90))));
    for (const { id, username } of found) names.set(id, username);
  }
  return names;
}

const iso = (at: number): string => new Date(at).toISOString();

/** `<ms>_<id>` of the last entry of the page before. @throws PlatformError */
function positionOf(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [, at, id] = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(cursor) ?? [];
  if (at === undefined || id === undefined)
    throw new PlatformError('INVALID_PARAMS', 'The query does not validate.', {
      details: { cursor: ['not one of ours'] },
    });
  return { at: Number(at), id };
}

/** `/api/audit`: one row for each change anybody made. */
export const auditLog = newApiApp();

auditLog.openapi(list, async (c) => {
  const { cursor, limit, format, ...filter } = c.req.valid('query');
  const { tenantId } = c.var.identity;
  const db = openDb(c.env.DB);
  if (format === 'csv' || (format === undefined && prefersCsv(c.req.header('accept')))) {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', 'attachment; filename="audit.csv"');
    return c.body(await csvOf(db, tenantId, filter), 200);
  }
  const rows = await read(db, tenantId, filter, positionOf(cursor), limit + 1);
  const page = rows.slice(0, limit);
  const actors = await actorsOf(db, tenantId, page);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const items = page.map((row) => ({
    id: row.id,
    at: iso(row.at),
    actor: row.actorId === null ? null : { id: row.actorId, username: actors.get(row.actorId) ?? '' },
    action: row.action,
    target: row.target,
    before: row.before,
    after: row.after,
    address: row.address,
  }));
  return c.json({ items, next: last === undefined ? null : `${last.at}_${last.id}` }, 200);
});

async function csvOf(db: Db, tenantId: string, filter: Filter): Promise<string> {
  const lines: (string | null)[][] = [['time', 'user', 'action', 'target', 'before', 'after', 'address']];
  let before: Position | null = null;
  while (lines.length <= MOST_ROWS) {
    const rows: Row[] = await read(db, tenantId, filter, before, PAGE);
    const actors = await actorsOf(db, tenantId, rows);
    for (const row of rows) {
      const actor = row.actorId === null ? null : (actors.get(row.actorId) ?? row.actorId);
      lines.push([
        iso(row.at),
        actor,
        row.action,
        row.target,
        row.before === null ? null : JSON.stringify(row.before),
        row.after === null ? null : JSON.stringify(row.after),
        row.address,
      ]);
    }
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) break;
    before = { at: last.at, id: last.id };
  }
  return toCsv(lines.slice(0, MOST_ROWS + 1));
}
