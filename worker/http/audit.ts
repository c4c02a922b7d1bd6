import type { Context } from 'hono';
import { openDb, type Db } from '../db';
import { auditLog } from '../db/schema';
import { clientAddress } from './client-address';
import type { AppEnv, Identity } from './context';

/** Names of fields whose values never reach the log, whatever they hold. */
const SECRET =
  /pass(word|wd|phrase)?|secret|token|api_?key|private_?key|credential|authorization|cookie|pepper|hash|^pin$|sealed/i;
const MASK = '•••';
/** Deeper or longer than this is no setting of ours; the log must stay readable and small. */
const MAX_DEPTH = 6;
const MAX_TEXT = 2_000;

/** A copy with every secret-looking field masked, at any depth. Null and absent stay: that a secret is unset is worth knowing. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET.test(key) && item !== null && item !== undefined ? MASK : maskSecrets(item, depth + 1),
    ]),
  );
}

/**
 * Notes who changed what. `action` is the route's action or a verb of the noun (`user.create`), `target` the id of
 * what was changed; `before` and `after` are null where there was nothing. `userId` is null where no person did it.
 */
export async function recordAudit(
  db: Db,
  identity: Pick<Identity, 'tenantId'> & { userId: string | null },
  action: string,
  target: string | null,
  before: unknown,
  after: unknown,
  address: string | null,
): Promise<void> {
  await db.insert(auditLog).values({
    id: crypto.randomUUID(),
    tenantId: identity.tenantId,
    at: Date.now(),
    actorId: identity.userId,
    action,
    target,
    before: maskSecrets(before) ?? null,
    after: maskSecrets(after) ?? null,
    address,
  });
}

/** `recordAudit` of a route: by whoever asks, from where they ask. */
export const auditOf = (
  c: Context<AppEnv>,
  action: string,
  target: string | null,
  before: unknown,
  after: unknown,
): Promise<void> =>
  recordAudit(
    openDb(c.env.DB),
    c.var.identity,
    action,
    target,
    before,
    after,
    clientAddress(c.req.raw, c.env),
  );
