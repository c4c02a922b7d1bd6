import { eq, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../db';
import { tenants, type TenantSettings } from '../db/schema';
import { effectiveSettings } from '../db/settings';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { Country, TenantName, TimeZone } from './fields';

/** 4 suits operators whose PIN is their password; longer than 64 nobody types. */
const MinLength = z.number().int().min(4).max(64);

const Settings = z
  .object({
    id: z.string().openapi({ description: 'What stands behind the @ of a sign-in.' }),
    name: z.string(),
    time_zone: z.string(),
    country: z.string(),
    password_min_length: z.number().int(),
  })
  .openapi('TenantSettings', {
    example: {
      id: '0101',
      name: 'Example Sales',
      time_zone: 'Europe/Minsk',
      country: 'BY',
      password_min_length: 8,
    },
  });

const show = apiRoute({
  method: 'get',
  path: '/api/tenant/settings',
  summary: 'Settings of the tenant',
  tags: ['Tenant'],
  access: 'tenant.settings',
  responses: { 200: json(Settings, 'The settings in force.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/tenant/settings',
  summary: 'Change settings of the tenant',
  description:
    'What is absent stays. A new time zone moves the counters of the last two days to its days; older days stay as they ' +
    'were counted. A new least length of passwords holds for passwords set from then on.',
  tags: ['Tenant'],
  access: 'tenant.settings',
  request: {
    body: jsonRequest(
      z.strictObject({
        name: TenantName.optional(),
        time_zone: TimeZone.optional(),
        country: Country.optional(),
        password_min_length: MinLength.optional(),
      }),
      { time_zone: 'Europe/Minsk' },
    ),
  },
  responses: { 200: json(Settings, 'The settings in force.') },
});

/** `/api/tenant/settings`. */
export const tenantSettings = newApiApp();

tenantSettings.openapi(show, async (c) => {
  return c.json(view(await stored(openDb(c.env.DB), c.var.identity.tenantId)), 200);
});

tenantSettings.openapi(change, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const db = openDb(c.env.DB);
  const before = await stored(db, identity.tenantId);
  const changed: TenantSettings = {
    ...(asked.password_min_length !== undefined && { passwordMinLength: asked.password_min_length }),
  };
  await db
    .update(tenants)
    .set({
      ...(asked.name !== undefined && { name: asked.name }),
      ...(asked.time_zone !== undefined && { timeZone: asked.time_zone }),
      ...(asked.country !== undefined && { country: asked.country }),
      // Merged by the database: two people changing different settings at once don't undo each other.
      settings: sql`json_patch(${tenants.settings}, ${JSON.stringify(changed)})`,
    })
    .where(eq(tenants.id, identity.tenantId));
  const after = await stored(db, identity.tenantId);
  await recordAudit(
    db,
    identity,
    'tenant.settings',
    null,
    audited(before),
    audited(after),
    clientAddress(c.req.raw, c.env),
  );
  await Promise.all([
    c.env.SESSION_GATE.getByName(identity.tenantId).tenantChanged(),
    c.env.CALL_HUB.getByName(identity.tenantId).directoryChanged(),
    // Schedules are times of the tenant's own clock.
    c.env.PIPELINES.getByName(identity.tenantId).configChanged(),
  ]);
  return c.json(view(after), 200);
});

type Row = Pick<typeof tenants.$inferSelect, 'id' | 'name' | 'timeZone' | 'country' | 'settings'>;

async function stored(db: Db, tenantId: string): Promise<Row> {
  const [row] = await db.select().from(tenants).where(eq(tenants.id, tenantId));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such tenant.');
  return row;
}

const view = (row: Row): z.infer<typeof Settings> => ({
  id: row.id,
  name: row.name,
  time_zone: row.timeZone,
  country: row.country,
  password_min_length: effectiveSettings(row.settings).passwordMinLength,
});

// The log masks whatever is called a password.
const audited = (row: Row) => ({
  name: row.name,
  time_zone: row.timeZone,
  country: row.country,
  sign_in_min_characters: effectiveSettings(row.settings).passwordMinLength,
});
