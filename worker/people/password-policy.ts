import { eq } from 'drizzle-orm';
import type { Db } from '../db';
import { tenants } from '../db/schema';
import { effectiveSettings } from '../db/settings';

/** What is wrong with a new password by the tenant's policy, in words; null when nothing is. */
export async function passwordProblem(db: Db, tenantId: string, password: string): Promise<string | null> {
  const [row] = await db.select({ settings: tenants.settings }).from(tenants).where(eq(tenants.id, tenantId));
  const { passwordMinLength } = effectiveSettings(row?.settings ?? {});
  return Array.from(password).length < passwordMinLength ? `at least ${passwordMinLength} characters` : null;
}
