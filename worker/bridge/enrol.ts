import { and, eq, gt, isNull } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { Agent } from '../../bridge/protocol/messages';
import type { AttemptPolicy } from '../../objects/rate-limiter/contract';
import { openDb, type Db } from '../db';
import { bridges, tenants } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress, networkOf } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { codeHash } from './codes';
import { linkOf } from './links';
import type { BridgeRow } from './view';

/** A code has 100 random bits: this is against noise, and for whoever mistypes one. */
const POLICY: AttemptPolicy = {
  free: 10,
  baseDelayMs: 5_000,
  maxDelayMs: 15 * 60_000,
  windowMs: 60 * 60_000,
  maxParallel: 20,
};

/** base64 of the 32 bytes of a raw Ed25519 public key. */
const PublicKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'not the base64 of a raw Ed25519 public key')
  .openapi({ example: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' });

const enrolRoute = apiRoute({
  method: 'post',
  path: '/bridge/enrol',
  summary: 'Swap a one-time code for the registration of a key',
  description:
    'What `npm run bridge -- enrol` does. The private key never leaves the bridge. Repeating it with the same code and ' +
    'key gives the same answer; a key registered earlier is worth nothing from then on.',
  tags: ['Bridges'],
  access: 'public',
  errors: ['AUTH_FAIL', 'RATE_LIMITED'],
  request: {
    body: jsonRequest(z.object({ code: z.string().min(1).max(100), public_key: PublicKey, agent: Agent }), {
      code: '7K2M9-QX4TR-0HBWN-5ZC8D',
      public_key: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
      agent: { version: '0.1.0', host: 'pbx-1', platform: 'linux x64', node: '24.0.0' },
    }),
  },
  responses: {
    200: json(
      z.object({ bridge_id: z.uuid(), tenant: z.string(), name: z.string() }),
      'The key is registered.',
      { bridge_id: '0f8fad5b-d9cb-469f-a165-70867728950e', tenant: '0101', name: 'Minsk office' },
    ),
  },
});

/** `POST /bridge/enrol`. */
export const enrol = newApiApp();

enrol.openapi(enrolRoute, async (c) => {
  const address = clientAddress(c.req.raw, c.env);
  const limiter =
    address === null ? null : c.env.RATE_LIMITER.getByName(`bridge-enrol:${networkOf(address)}`);
  const mayTry = await limiter?.begin(POLICY);
  if (mayTry && !mayTry.ok) {
    const seconds = Math.ceil(mayTry.retryAfterMs / 1_000);
    throw new PlatformError('RATE_LIMITED', `Too many attempts, try again in ${seconds} seconds.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }
  let enrolled: Awaited<ReturnType<typeof register>>;
  const { code, public_key: publicKey, agent } = c.req.valid('json');
  const db = openDb(c.env.DB);
  try {
    enrolled = await register(db, codeHash(code), publicKey, Date.now());
  } catch (error) {
    await limiter?.release();
    throw error;
  }
  if (enrolled === null) {
    await limiter?.fail(POLICY);
    throw new PlatformError('AUTH_FAIL', 'The code is wrong, was used, or is past its 15 minutes.');
  }
  await limiter?.release();
  const { row, isNew } = enrolled;
  if (isNew) {
    await tell(c.env, row);
    const actor = { tenantId: row.tenantId, userId: null };
    await recordAudit(db, actor, 'bridge.enrol', row.id, null, { publicKey, agent }, address);
  }
  return c.json({ bridge_id: row.id, tenant: row.tenantId, name: row.name }, 200);
});

/** Registers a key by a code that still waits; null for any other code, and for one of a disabled tenant. */
async function register(
  db: Db,
  hash: string,
  publicKey: string,
  now: number,
): Promise<{ row: BridgeRow; isNew: boolean } | null> {
  const [known] = await db
    .select({ bridge: bridges })
    .from(bridges)
    .innerJoin(tenants, eq(tenants.id, bridges.tenantId))
    .where(and(eq(bridges.codeHash, hash), isNull(bridges.revokedAt), isNull(tenants.disabledAt)));
  if (known === undefined) return null;
  // The answer to the first try was lost on its way.
  if (known.bridge.codeExpiresAt === null)
    return known.bridge.publicKey === publicKey ? { row: known.bridge, isNew: false } : null;
  // One statement: of two that use a code at once, one wins.
  const [row] = await db
    .update(bridges)
    .set({ publicKey, enrolledAt: now, codeExpiresAt: null })
    .where(
      and(
        eq(bridges.id, known.bridge.id),
        eq(bridges.codeHash, hash),
        gt(bridges.codeExpiresAt, now),
        isNull(bridges.revokedAt),
      ),
    )
    .returning();
  return row === undefined ? null : { row, isNew: true };
}

/** The key is registered whatever happens here: the gate reads its copy again within the hour by itself. */
async function tell(env: Env, row: BridgeRow): Promise<void> {
  const told = await Promise.allSettled([
    env.SESSION_GATE.getByName(row.tenantId).tenantChanged(),
    linkOf(env, row.tenantId, row.id).configChanged(),
  ]);
  for (const outcome of told)
    if (outcome.status === 'rejected') console.warn(`bridge ${row.id} enrolled, not told:`, outcome.reason);
}
