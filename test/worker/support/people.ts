import { env } from 'cloudflare:workers';
import { hashPassword } from '../../../worker/auth/passwords';
import { systemRoleId, type SystemRole } from '../../../worker/auth/permissions';
import { openDb } from '../../../worker/db';
import { hosts, tenants, users } from '../../../worker/db/schema';

/** Cheap on purpose: most tests are not about the cost of a hash. */
const CHEAP = { ln: 4, r: 8, p: 1 };

export async function addTenant(id: string, name = `Tenant ${id}`): Promise<void> {
  await openDb(env.DB)
    .insert(tenants)
    .values({ id, name, timeZone: 'Europe/Moscow', country: 'RU', createdAt: 1 })
    .onConflictDoNothing();
}

/** A user with a system role; the password is `pw-<username>`. Answers the id. */
export async function addUser(
  tenantId: string,
  username: string,
  role: SystemRole = 'operator',
  cost = CHEAP,
): Promise<string> {
  const id = crypto.randomUUID();
  await openDb(env.DB)
    .insert(users)
    .values({
      id,
      tenantId,
      username,
      displayName: `${username} of ${tenantId}`,
      passwordHash: await hashPassword(`pw-${username}`, env, cost),
      roleId: systemRoleId(role),
      createdAt: 1,
    });
  return id;
}

export const addHost = async (host: string, tenantId: string): Promise<void> => {
  await openDb(env.DB).insert(hosts).values({ host, tenantId });
};
