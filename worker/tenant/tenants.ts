import { and, asc, count, eq, gt, isNull, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { hashPassword } from '../auth/passwords';
import { systemRoleId } from '../auth/permissions';
import { Username } from '../auth/username';
import { openDb, type Db } from '../db';
import { tenants as rows, users } from '../db/schema';
import { SETTING_DEFAULTS } from '../db/settings';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { Country, TenantName, TimeZone } from './fields';
import { tellDisabled } from './told';

const TenantId = z
  .string()
  .regex(/^\d{4}$/, 'four digits')
  .openapi({ example: '0303' });

const Tenant = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['customer', 'platform']),
    time_zone: z.string(),
    country: z.string(),
    users: z.number().int(),
    disabled: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .openapi('Tenant', {
    example: {
      id: '0303',
      name: 'Example Sales',
      kind: 'customer',
      time_zone: 'Europe/Minsk',
      country: 'BY',
      users: 12,
      disabled: false,
      created_at: '2025-11-15T10:30:00.000Z',
    },
  });

const list = apiRoute({
  method: 'get',
  path: '/api/tenants',
  summary: 'Tenants of the platform',
  description: 'For users of the platform’s own tenant. Nothing of what is in a tenant is shown.',
  tags: ['Tenants'],
  access: 'tenant.manage',
  request: {
    query: z.object({
      cursor: TenantId.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(z.object({ items: z.array(Tenant), next: z.string().nullable() }), 'By number.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/tenants',
  summary: 'Make a tenant with its first administrator',
  tags: ['Tenants'],
  access: 'tenant.manage',
  request: {
    body: jsonRequest(
      z.strictObject({
        id: TenantId.optional().openapi({ description: 'The lowest free number when absent.' }),
        name: TenantName,
        time_zone: TimeZone,
        country: Country,
        admin: z.strictObject({
          username: Username,
          password: z.string().min(SETTING_DEFAULTS.passwordMinLength).max(256),
        }),
      }),
      {
        name: 'Example Sales',
        time_zone: 'Europe/Minsk',
        country: 'BY',
        admin: { username: 'chief', password: 'a long password' },
      },
    ),
  },
  responses: { 201: json(Tenant, 'Made. The administrator signs in as `name@number`.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/tenants/{id}',
  summary: 'Rename, disable or enable a tenant',
  description:
    'What is absent stays. Everybody of a disabled tenant is refused from then on, its bridges and PBX hosts too; nothing of ' +
    'it is deleted. The platform’s own tenant can’t be disabled.',
  tags: ['Tenants'],
  access: 'tenant.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: z.object({ id: TenantId }),
    body: jsonRequest(z.strictObject({ name: TenantName.optional(), disabled: z.boolean().optional() }), {
      name: 'Example Sales',
    }),
  },
  responses: { 200: json(Tenant, 'The tenant as it is now.') },
});

/** `/api/tenants`, for the owner of the platform. */
export const tenants = newApiApp();

const COLUMNS = {
  id: rows.id,
  name: rows.name,
  kind: rows.kind,
  timeZone: rows.timeZone,
  country: rows.country,
  createdAt: rows.createdAt,
  disabledAt: rows.disabledAt,
  users: count(users.id),
};

const read = (db: Db) =>
  db
    .select(COLUMNS)
    .from(rows)
    .leftJoin(users, and(eq(users.tenantId, rows.id), isNull(users.deletedAt)))
    .groupBy(rows.id)
    .orderBy(asc(rows.id))
    .$dynamic();
type Row = Awaited<ReturnType<typeof read>>[number];

tenants.openapi(list, async (c) => {
  const { cursor, limit } = c.req.valid('query');
  const found = await read(openDb(c.env.DB))
    .where(cursor === undefined ? undefined : gt(rows.id, cursor))
    .limit(limit + 1);
  const page = found.slice(0, limit);
  return c.json(
    { items: page.map(view), next: found.length > limit ? (page.at(-1)?.id ?? null) : null },
    200,
  );
});

tenants.openapi(create, async (c) => {
  const { identity } = c.var;
  const { id: asked, name, time_zone: timeZone, country, admin } = c.req.valid('json');
  const db = openDb(c.env.DB);
  const id = asked ?? (await freeNumber(db));
  const createdAt = Date.now();
  const passwordHash = await hashPassword(admin.password, c.env);
  const { meta } = await db
    .insert(rows)
    .values({ id, name, timeZone, country, createdAt })
    .onConflictDoNothing();
  if (meta.changes === 0) throw invalid({ id: ['is taken'] });
  await db.insert(users).values({
    id: crypto.randomUUID(),
    tenantId: id,
    username: admin.username,
    displayName: admin.username,
    passwordHash,
    roleId: systemRoleId('admin'),
    createdAt,
  });
  const after = { name, time_zone: timeZone, country, admin: admin.username };
  await recordAudit(db, identity, 'tenant.create', id, null, after, clientAddress(c.req.raw, c.env));
  return c.json(view(await known(db, id)), 201);
});

tenants.openapi(change, async (c) => {
  const { identity } = c.var;
  const { name, disabled } = c.req.valid('json');
  const db = openDb(c.env.DB);
  const before = await known(db, c.req.valid('param').id);
  if (disabled === true && before.kind === 'platform')
    throw invalid({ disabled: ['the platform’s own tenant'] });
  const isDisabled = before.disabledAt !== null;
  const set = {
    ...(name !== undefined && { name }),
    ...(disabled !== undefined && disabled !== isDisabled && { disabledAt: disabled ? Date.now() : null }),
  };
  if (Object.keys(set).length === 0) {
    if (disabled !== undefined) await tellDisabled(c.env, before.id, disabled);
    return c.json(view(before), 200);
  }
  await db.update(rows).set(set).where(eq(rows.id, before.id));
  const after = await known(db, before.id);
  await recordAudit(
    db,
    identity,
    'tenant.change',
    before.id,
    audited(before),
    audited(after),
    clientAddress(c.req.raw, c.env),
  );
  if (disabled !== undefined) await tellDisabled(c.env, before.id, disabled);
  return c.json(view(after), 200);
});

const invalid = (details: Record<string, string[]>): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });

/** The lowest number nobody has. @throws PlatformError when there is none */
async function freeNumber(db: Db): Promise<string> {
  const [row] = await db.all<{ id: string | null }>(sql`
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9999)
    SELECT printf('%04d', n) AS id FROM number
    WHERE NOT EXISTS (SELECT 1 FROM ${rows} WHERE ${rows.id} = printf('%04d', n)) LIMIT 1`);
  if (!row?.id) throw invalid({ id: ['every number is taken'] });
  return row.id;
}

async function known(db: Db, id: string): Promise<Row> {
  const [row] = await read(db).where(eq(rows.id, id));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such tenant.');
  return row;
}

const audited = (row: Row) => ({ name: row.name, disabled: row.disabledAt !== null });

const view = (row: Row): z.infer<typeof Tenant> => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  time_zone: row.timeZone,
  country: row.country,
  users: row.users,
  disabled: row.disabledAt !== null,
  created_at: new Date(row.createdAt).toISOString(),
});
