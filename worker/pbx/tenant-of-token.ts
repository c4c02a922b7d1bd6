import { and, eq, isNull } from 'drizzle-orm';
import { pbxTokenHash } from '../auth/digest';
import { openDb } from '../db';
import { pbxTokens, tenants } from '../db/schema';
import type { Env } from '../env';

/** A token revoked or made is noticed within this long. */
export const KNOWN_MS = 60_000;
export const UNKNOWN_MS = 10_000;
const REMEMBERED = 5_000;

interface Entry {
  tenantId: string | null;
  until: number;
}

const remembered = new Map<string, Entry>();

/**
 * The tenant a PBX's token belongs to, null for an unknown or revoked one or a disabled tenant. D1 is asked once per
 * token and minute: an event itself costs no query.
 */
export async function tenantOfPbxToken(
  env: Env,
  token: string,
  now: number = Date.now(),
): Promise<string | null> {
  // A token is a short digit string; the digest of anything longer is not worth its time.
  if (token === '' || token.length > 128) return null;
  const hash = pbxTokenHash(env, token);
  const known = remembered.get(hash);
  if (known && known.until > now) return known.tenantId;
  let tenantId: string | null;
  try {
    tenantId = await lookUp(env, hash);
  } catch (error) {
    // The PBX never sends an event twice: while D1 is away what it said last about a token serves on.
    if (!known?.tenantId) throw error;
    return known.tenantId;
  }
  remember(hash, { tenantId, until: now + (tenantId === null ? UNKNOWN_MS : KNOWN_MS) });
  return tenantId;
}

async function lookUp(env: Env, hash: string): Promise<string | null> {
  const [row] = await openDb(env.DB)
    .select({ tenantId: pbxTokens.tenantId })
    .from(pbxTokens)
    .innerJoin(tenants, eq(tenants.id, pbxTokens.tenantId))
    .where(and(eq(pbxTokens.tokenHash, hash), isNull(pbxTokens.revokedAt), isNull(tenants.disabledAt)))
    .limit(1);
  return row?.tenantId ?? null;
}

function remember(hash: string, entry: Entry): void {
  remembered.delete(hash);
  const oldest = remembered.size >= REMEMBERED ? remembered.keys().next() : null;
  if (oldest && !oldest.done) remembered.delete(oldest.value);
  remembered.set(hash, entry);
}
