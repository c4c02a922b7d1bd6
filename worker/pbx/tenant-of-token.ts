import { and, eq, isNull } from 'drizzle-orm';
import { pbxTokenHash } from '../auth/digest';
import { openDb } from '../db';
import { pbxTokens, tenants } from '../db/schema';
import type { Env } from '../env';

/** A token revoked or made is noticed within this long. */
export const KNOWN_MS = 60_000;
export const UNKNOWN_MS = 10_000;
const REMEMBERED = 5_000;

/** Whose a token is, and whether it is a host's or a secret of the tenant itself. */
interface Owner {
  tenantId: string;
  kind: 'token' | 'secret';
}

interface Entry {
  owner: Owner | null;
  until: number;
}

const remembered = new Map<string, Entry>();

/**
 * The tenant a PBX's token belongs to, null for an unknown or revoked one or a disabled tenant. A secret of the tenant
 * serves as well: whoever reads a host's journal afterwards has that. D1 is asked once per token and minute: an event
 * itself costs no query.
 */
export async function tenantOfPbxToken(
  env: Env,
  token: string,
  now: number = Date.now(),
): Promise<string | null> {
  return (await ownerOf(env, token, now))?.tenantId ?? null;
}

/**
 * The tenant whose secret (`clientId`) this is, by the same rules. A host's token is none: it travels with every event,
 * and twelve digits are too few to let somebody ring phones.
 */
export async function tenantOfSecret(
  env: Env,
  secret: string,
  now: number = Date.now(),
): Promise<string | null> {
  const owner = await ownerOf(env, secret, now);
  return owner?.kind === 'secret' ? owner.tenantId : null;
}

async function ownerOf(env: Env, token: string, now: number): Promise<Owner | null> {
  // A token is a short text; the digest of anything longer is not worth its time.
  if (token === '' || token.length > 128) return null;
  const hash = pbxTokenHash(env, token);
  const known = remembered.get(hash);
  if (known && known.until > now) return known.owner;
  let owner: Owner | null;
  try {
    owner = await lookUp(env, hash);
  } catch (error) {
    // The PBX never sends an event twice: while D1 is away what it said last about a token serves on.
    if (!known?.owner) throw error;
    return known.owner;
  }
  remember(hash, { owner, until: now + (owner === null ? UNKNOWN_MS : KNOWN_MS) });
  return owner;
}

async function lookUp(env: Env, hash: string): Promise<Owner | null> {
  const [row] = await openDb(env.DB)
    .select({ tenantId: pbxTokens.tenantId, kind: pbxTokens.kind })
    .from(pbxTokens)
    .innerJoin(tenants, eq(tenants.id, pbxTokens.tenantId))
    .where(and(eq(pbxTokens.tokenHash, hash), isNull(pbxTokens.revokedAt), isNull(tenants.disabledAt)))
    .limit(1);
  return row ?? null;
}

function remember(hash: string, entry: Entry): void {
  remembered.delete(hash);
  const oldest = remembered.size >= REMEMBERED ? remembered.keys().next() : null;
  if (oldest && !oldest.done) remembered.delete(oldest.value);
  remembered.set(hash, entry);
}
