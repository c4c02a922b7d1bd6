import { and, asc, eq, isNull, like, or, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../db';
import { extensions as rows, users } from '../db/schema';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';

const Number = z
  .string()
  .trim()
  .regex(/^\d{2,8}$/, 'two to eight digits')
  .openapi({ example: '104' });
const Label = z.string().trim().max(80);
const Owner = z
  .string()
  .min(1)
  .max(64)
  .nullable()
  .openapi({ description: 'Id or user name of whose desk it is; null: nobody’s.', example: 'op12' });

const Extension = z
  .object({
    id: z.string(),
    number: z.string(),
    label: z.string().nullable(),
    user: z.object({ id: z.string(), username: z.string(), name: z.string() }).nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('Extension', {
    example: {
      id: 'b8c7f0de-0000-4000-8000-000000000001',
      number: '101',
      label: 'Front desk',
      user: { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' },
      created_at: '2025-11-15T10:30:00.000Z',
    },
  });

const list = apiRoute({
  method: 'get',
  path: '/api/extensions',
  summary: 'Extensions of the PBX and whose they are',
  tags: ['Tenant'],
  access: 'extension.view',
  request: {
    query: z.object({
      q: z
        .string()
        .max(80)
        .optional()
        .openapi({ description: 'Part of the number, the label or the owner’s name.' }),
      cursor: z
        .string()
        .regex(/^\d{2,8}$/, 'not one of ours')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(z.object({ items: z.array(Extension), next: z.string().nullable() }), 'By number.'),
  },
});

const create = apiRoute({
  method: 'post',
  path: '/api/extensions',
  summary: 'Add an extension',
  description: 'Makes it known whose calls on this number are; the PBX itself is not configured by it.',
  tags: ['Tenant'],
  access: 'extension.manage',
  request: {
    body: jsonRequest(
      z.strictObject({ number: Number, label: Label.nullable().optional(), user: Owner.optional() }),
      { number: '104', label: 'Front desk' },
    ),
  },
  responses: { 201: json(Extension, 'Added.') },
});

const params = z.object({ id: z.string().min(1).max(64) });

const change = apiRoute({
  method: 'patch',
  path: '/api/extensions/{id}',
  summary: 'Change an extension',
  description: 'What is absent stays. Calls that are going on follow their new owner.',
  tags: ['Tenant'],
  access: 'extension.manage',
  errors: ['NOT_FOUND'],
  request: {
    params,
    body: jsonRequest(
      z.strictObject({
        number: Number.optional(),
        label: Label.nullable().optional(),
        user: Owner.optional(),
      }),
      { label: 'Second floor' },
    ),
  },
  responses: { 200: json(Extension, 'The extension as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/extensions/{id}',
  summary: 'Remove an extension',
  description: 'Calls that were on it stay as they are.',
  tags: ['Tenant'],
  access: 'extension.manage',
  errors: ['NOT_FOUND'],
  request: { params },
  responses: { 204: { description: 'Gone.' } },
});

/** `/api/extensions`: whose which number of the PBX is. */
export const extensions = newApiApp();

const COLUMNS = {
  id: rows.id,
  number: rows.number,
  label: rows.label,
  createdAt: rows.createdAt,
  user: { id: users.id, username: users.username, name: users.displayName },
};

const read = (db: Db, tenantId: string) =>
  db
    .select(COLUMNS)
    .from(rows)
    .leftJoin(users, and(eq(users.id, rows.userId), eq(users.tenantId, tenantId)))
    .$dynamic();
type Row = Awaited<ReturnType<typeof read>>[number];

/** By number as people count: 99 stands before 100. */
const ORDER = [sql`length(${rows.number})`, asc(rows.number)];

extensions.openapi(list, async (c) => {
  const { tenantId } = c.var.identity;
  const { q, cursor, limit } = c.req.valid('query');
  const pattern = `%${(q ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
  const matches = (column: typeof rows.number | typeof rows.label | typeof users.displayName) =>
    sql`${like(column, pattern)} escape '\\'`;
  const found = await read(openDb(c.env.DB), tenantId)
    .where(
      and(
        eq(rows.tenantId, tenantId),
        q === undefined || q === ''
          ? undefined
          : or(matches(rows.number), matches(rows.label), matches(users.displayName)),
        cursor === undefined
          ? undefined
          : sql`(length(${rows.number}), ${rows.number}) > (${cursor.length}, ${cursor})`,
      ),
    )
    .orderBy(...ORDER)
    .limit(limit + 1);
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.number ?? null) : null;
  return c.json({ items: page.map(view), next }, 200);
});

extensions.openapi(create, async (c) => {
  const { tenantId } = c.var.identity;
  const { number, label, user } = c.req.valid('json');
  const db = openDb(c.env.DB);
  const row = {
    id: crypto.randomUUID(),
    tenantId,
    number,
    label: label === undefined || label === '' ? null : label,
    userId: user === undefined || user === null ? null : await ownerOf(db, tenantId, user),
    createdAt: Date.now(),
  };
  const { meta } = await db.insert(rows).values(row).onConflictDoNothing();
  if (meta.changes === 0) throw taken();
  const after = await known(db, tenantId, row.id);
  await changed(c, db, 'extension.create', row.id, null, after);
  return c.json(view(after), 201);
});

extensions.openapi(change, async (c) => {
  const { tenantId } = c.var.identity;
  const { number, label, user } = c.req.valid('json');
  const db = openDb(c.env.DB);
  const before = await known(db, tenantId, c.req.valid('param').id);
  const set = {
    ...(number !== undefined && { number }),
    ...(label !== undefined && { label: label === '' ? null : label }),
    ...(user !== undefined && { userId: user === null ? null : await ownerOf(db, tenantId, user) }),
  };
  if (Object.keys(set).length === 0) return c.json(view(before), 200);
  if (number !== undefined && number !== before.number) {
    const [other] = await db
      .select({ id: rows.id })
      .from(rows)
      .where(and(eq(rows.tenantId, tenantId), eq(rows.number, number)));
    if (other !== undefined) throw taken();
  }
  await db
    .update(rows)
    .set(set)
    .where(and(eq(rows.tenantId, tenantId), eq(rows.id, before.id)));
  const after = await known(db, tenantId, before.id);
  await changed(c, db, 'extension.change', before.id, before, after);
  return c.json(view(after), 200);
});

extensions.openapi(remove, async (c) => {
  const { tenantId } = c.var.identity;
  const db = openDb(c.env.DB);
  const before = await known(db, tenantId, c.req.valid('param').id);
  await db.delete(rows).where(and(eq(rows.tenantId, tenantId), eq(rows.id, before.id)));
  await changed(c, db, 'extension.delete', before.id, before, null);
  return c.body(null, 204);
});

const invalid = (details: Record<string, string[]>): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });

const taken = (): PlatformError => invalid({ number: ['is taken'] });

/** Of somebody of the tenant who is not deleted. @throws PlatformError */
async function ownerOf(db: Db, tenantId: string, named: string): Promise<string> {
  const [found] = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.tenantId, tenantId),
        isNull(users.deletedAt),
        or(eq(users.id, named), eq(users.username, named)),
      ),
    );
  if (found === undefined) throw invalid({ user: ['no such user'] });
  return found.id;
}

async function known(db: Db, tenantId: string, id: string): Promise<Row> {
  const [row] = await read(db, tenantId).where(and(eq(rows.tenantId, tenantId), eq(rows.id, id)));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such extension.');
  return row;
}

async function changed(
  c: Context<AppEnv>,
  db: Db,
  action: string,
  id: string,
  before: Row | null,
  after: Row | null,
): Promise<void> {
  const { identity } = c.var;
  const address = clientAddress(c.req.raw, c.env);
  await recordAudit(db, identity, action, id, before && audited(before), after && audited(after), address);
  await Promise.all([
    c.env.CALL_HUB.getByName(identity.tenantId).directoryChanged(),
    // A caller is sent to nobody who has no extension any more.
    c.env.CALLER_GUIDE.getByName(identity.tenantId).settingsChanged(),
  ]);
}

const audited = (row: Row) => ({ number: row.number, label: row.label, user: row.user?.username ?? null });

const view = (row: Row): z.infer<typeof Extension> => ({
  id: row.id,
  number: row.number,
  label: row.label,
  user: row.user,
  created_at: new Date(row.createdAt).toISOString(),
});
