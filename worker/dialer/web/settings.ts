import { eq, sql } from 'drizzle-orm';
import type { z } from '@hono/zod-openapi';
import { openDb, type Db } from '../../db';
import { tenants, type TenantSettings } from '../../db/schema';
import { effectiveSettings } from '../../db/settings';
import { recordAudit } from '../../http/audit';
import { clientAddress } from '../../http/client-address';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../../http/openapi';
import { queuesOf } from '../queue';
import { PhoneSettings } from './schema';

const EXAMPLE = {
  empty_hold_ms: 1_200,
  command_life_ms: 300_000,
  access_ttl_sec: 86_400,
  password_sign_in: true,
};

const show = apiRoute({
  method: 'get',
  path: '/api/phones/settings',
  summary: 'How phones are served',
  tags: ['Phones'],
  access: 'phone.manage',
  responses: { 200: json(PhoneSettings, 'The settings in force.', EXAMPLE) },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/phones/settings',
  summary: 'Change how phones are served',
  description: 'What is absent stays. In force at once, for commands queued from now on.',
  tags: ['Phones'],
  access: 'phone.manage',
  request: {
    body: jsonRequest(PhoneSettings.partial().openapi('PhoneSettingsChange'), { empty_hold_ms: 1_500 }),
  },
  responses: { 200: json(PhoneSettings, 'The settings in force.', EXAMPLE) },
});

export const phoneSettings = newApiApp();

phoneSettings.openapi(show, async (c) => {
  return c.json(view(await stored(openDb(c.env.DB), c.var.identity.tenantId)), 200);
});

phoneSettings.openapi(change, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const db = openDb(c.env.DB);
  const before = await stored(db, identity.tenantId);
  const changed: TenantSettings = {
    ...(asked.empty_hold_ms !== undefined && { dialerEmptyHoldMs: asked.empty_hold_ms }),
    ...(asked.command_life_ms !== undefined && { dialerCommandLifeMs: asked.command_life_ms }),
    ...(asked.access_ttl_sec !== undefined && { dialerAccessTtlSec: asked.access_ttl_sec }),
    ...(asked.password_sign_in !== undefined && { dialerPasswordSignIn: asked.password_sign_in }),
  };
  // Merged by the database: two people changing different settings at once don't undo each other.
  const [row] = await db
    .update(tenants)
    .set({ settings: sql`json_patch(${tenants.settings}, ${JSON.stringify(changed)})` })
    .where(eq(tenants.id, identity.tenantId))
    .returning({ settings: tenants.settings });
  const after = row?.settings ?? before;
  const inForce = effectiveSettings(after);
  const told = { emptyHoldMs: inForce.dialerEmptyHoldMs, lifeMs: inForce.dialerCommandLifeMs };
  await Promise.all([
    c.env.SESSION_GATE.getByName(identity.tenantId).tenantChanged(),
    ...queuesOf(c.env, identity.tenant).map((queue) => queue.configure(told)),
  ]);
  await recordAudit(
    db,
    identity,
    'phone.settings',
    null,
    view(before),
    view(after),
    clientAddress(c.req.raw, c.env),
  );
  return c.json(view(after), 200);
});

async function stored(db: Db, tenantId: string): Promise<TenantSettings> {
  const [row] = await db.select({ settings: tenants.settings }).from(tenants).where(eq(tenants.id, tenantId));
  if (row === undefined) throw new PlatformError('NOT_FOUND', 'No such tenant.');
  return row.settings;
}

function view(settings: TenantSettings): z.infer<typeof PhoneSettings> {
  const inForce = effectiveSettings(settings);
  return {
    empty_hold_ms: inForce.dialerEmptyHoldMs,
    command_life_ms: inForce.dialerCommandLifeMs,
    access_ttl_sec: inForce.dialerAccessTtlSec,
    password_sign_in: inForce.dialerPasswordSignIn,
  };
}
