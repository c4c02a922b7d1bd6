import { and, eq, isNull } from 'drizzle-orm';
import { open, openText } from '../../../worker/auth/secrets';
import { openDb } from '../../../worker/db';
import { devices, tenantSecrets } from '../../../worker/db/schema';
import type { Env } from '../../../worker/env';
import { parseServiceAccount, PUSH_SECRET, PUSH_TOKEN } from '../../lib/service-account';
import type { PushDirectory } from './deliver';

/** The configuration database as push deliveries of one tenant see it. Read per delivery: pushes are rare, settings change. */
export function pushDirectory(env: Env, tenantId: string): PushDirectory {
  const db = openDb(env.DB);
  const phone = (id: string) =>
    and(eq(devices.tenantId, tenantId), eq(devices.id, id), isNull(devices.removedAt));
  return {
    async account() {
      const [row] = await db
        .select({ keyId: tenantSecrets.keyId, sealed: tenantSecrets.sealed })
        .from(tenantSecrets)
        .where(and(eq(tenantSecrets.tenantId, tenantId), eq(tenantSecrets.name, PUSH_SECRET)));
      if (row === undefined) return null;
      const text = open(env, tenantId, PUSH_SECRET, row);
      if (text === null) throw new Error('the push service account cannot be opened: its key is gone');
      const parsed = parseServiceAccount(text);
      if (!parsed.ok) throw new Error(parsed.problem);
      return parsed.account;
    },
    async pushToken(deviceRowId) {
      const [row] = await db.select({ sealed: devices.pushToken }).from(devices).where(phone(deviceRowId));
      return row?.sealed ? openText(env, tenantId, PUSH_TOKEN, row.sealed) : null;
    },
    async dropPushToken(deviceRowId, pushToken) {
      const [row] = await db.select({ sealed: devices.pushToken }).from(devices).where(phone(deviceRowId));
      // Sealing the same token twice gives two texts, so the opened ones are compared and the row is matched by its text.
      if (!row?.sealed || openText(env, tenantId, PUSH_TOKEN, row.sealed) !== pushToken) return;
      await db
        .update(devices)
        .set({ pushToken: null })
        .where(and(phone(deviceRowId), eq(devices.pushToken, row.sealed)));
    },
  };
}
