import { and, asc, eq } from 'drizzle-orm';
import { Script } from '../../bridge/protocol/slots';
import { openDb } from '.';
import { slotScripts } from './schema';
import type { Env } from '../env';
import { SHIPPED_SCRIPTS } from './shipped-scripts';

/** A script that can be run: shipped with the product, or a tenant's own. */
export interface StoredScript {
  script: Script;
  shipped: boolean;
  updatedAt: number | null;
  updatedBy: string | null;
}

type ScriptEnv = Pick<Env, 'DB'>;

const shippedAs = (script: Script): StoredScript => ({
  script,
  shipped: true,
  updatedAt: null,
  updatedBy: null,
});

export const isShipped = (name: string): boolean => SHIPPED_SCRIPTS.some((script) => script.name === name);

/** What was valid when it was stored and is no more (the steps changed with the product) is left out, not run. */
function read(row: typeof slotScripts.$inferSelect): StoredScript | null {
  const parsed = Script.safeParse(row.script);
  if (!parsed.success) return null;
  return { script: parsed.data, shipped: false, updatedAt: row.updatedAt, updatedBy: row.updatedBy };
}

/** The shipped ones, then the tenant's by name. */
export async function listScripts(env: ScriptEnv, tenantId: string): Promise<StoredScript[]> {
  const rows = await openDb(env.DB)
    .select()
    .from(slotScripts)
    .where(eq(slotScripts.tenantId, tenantId))
    .orderBy(asc(slotScripts.name));
  return [...SHIPPED_SCRIPTS.map(shippedAs), ...rows.map(read).filter((script) => script !== null)];
}

export async function findScript(
  env: ScriptEnv,
  tenantId: string,
  name: string,
): Promise<StoredScript | null> {
  const shipped = SHIPPED_SCRIPTS.find((script) => script.name === name);
  if (shipped !== undefined) return shippedAs(shipped);
  const [row] = await openDb(env.DB)
    .select()
    .from(slotScripts)
    .where(and(eq(slotScripts.tenantId, tenantId), eq(slotScripts.name, name)));
  return row === undefined ? null : read(row);
}
