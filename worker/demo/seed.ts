import { timingSafeEqual } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { Hono } from 'hono';
import { pbxTokenHash, sha256Hex } from '../auth/digest';
import { hashPassword } from '../auth/passwords';
import { systemRoleId } from '../auth/permissions';
import { openDb, type Db } from '../db';
import { extensions, pbxTokens, tenants, users } from '../db/schema';
import type { Env } from '../env';
import { bearerToken } from '../http/authenticate';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { DEMO_TENANTS, demoPassword, type DemoTenant } from './data';

interface DemoSignIn {
  tenant: string;
  name: string;
  password: string;
  role: string;
}

/** The start script's one-time token, compared through digests so that its length does not show either. */
function isSeedAllowed(env: Env, token: string | undefined): boolean {
  if (env.DEMO !== '1' || !env.DEMO_SEED_TOKEN || token === undefined) return false;
  return timingSafeEqual(Buffer.from(sha256Hex(token)), Buffer.from(sha256Hex(env.DEMO_SEED_TOKEN)));
}

/**
 * `POST /__demo/seed` with `Authorization: Bearer <DEMO_SEED_TOKEN>`: puts the demo's data into D1. Repeating it adds
 * what is missing and changes nothing that is there: `{created, signIns}`, `created` false when nothing was new.
 * Without demo mode, or with another token, the path does not exist.
 */
export const demo = new Hono<AppEnv>();

demo.post('/__demo/seed', async (c) => {
  if (!isSeedAllowed(c.env, bearerToken(c.req.raw))) throw new PlatformError('NOT_FOUND', 'No such path.');
  const signIns: DemoSignIn[] = [];
  let created = false;
  for (const tenant of DEMO_TENANTS) {
    created = (await seedTenant(c.env, tenant)) || created;
    for (const { username, role } of tenant.users) {
      signIns.push({ tenant: tenant.id, name: username, password: demoPassword(username), role });
    }
  }
  return c.json({ created, signIns });
});

/** Answers whether it made a user that was not there. */
async function seedTenant(env: Env, tenant: DemoTenant): Promise<boolean> {
  const db = openDb(env.DB);
  const now = Date.now();
  const { id, name, timeZone, country } = tenant;
  await db.insert(tenants).values({ id, name, timeZone, country, createdAt: now }).onConflictDoNothing();
  let created = false;
  for (const user of tenant.users) {
    if ((await userId(db, id, user.username)) !== null) continue;
    created = true;
    await db
      .insert(users)
      .values({
        id: crypto.randomUUID(),
        tenantId: id,
        username: user.username,
        displayName: user.displayName,
        passwordHash: await hashPassword(demoPassword(user.username), env),
        roleId: systemRoleId(user.role),
        createdAt: now,
      })
      .onConflictDoNothing();
  }
  if (tenant.pbxToken !== null) {
    await db
      .insert(pbxTokens)
      .values({
        id: crypto.randomUUID(),
        tenantId: id,
        tokenHash: pbxTokenHash(env, tenant.pbxToken),
        hint: tenant.pbxToken.slice(-4),
        createdAt: now,
      })
      .onConflictDoNothing();
  }
  for (const extension of tenant.extensions) {
    await db
      .insert(extensions)
      .values({
        id: crypto.randomUUID(),
        tenantId: id,
        number: extension.number,
        label: extension.label,
        userId: extension.user === null ? null : await userId(db, id, extension.user),
        createdAt: now,
      })
      .onConflictDoNothing();
  }
  return created;
}

async function userId(db: Db, tenantId: string, username: string): Promise<string | null> {
  const row = await db.query.users.findFirst({
    columns: { id: true },
    where: and(eq(users.tenantId, tenantId), eq(users.username, username)),
  });
  return row?.id ?? null;
}
