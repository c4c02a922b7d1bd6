import { and, eq, isNull } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { BRIDGE_HEADER, type BridgeRecord } from '../../objects/bridge-link/contract';
import type { BucketPolicy } from '../../objects/rate-limiter/contract';
import { openDb } from '../db';
import { bridges, tenants } from '../db/schema';
import { limitByAddress } from '../http/address-limit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import { apiRoute, newApiApp } from '../http/openapi';
import { linkOf } from './links';

const route = apiRoute({
  method: 'get',
  path: '/bridge/connect',
  summary: 'The tunnel of a bridge',
  description:
    'A WebSocket. Its first message is a challenge, which the bridge answers with a signature by its enrolled key. ' +
    '401: no bridge of this id is enrolled; 403: it was revoked.',
  tags: ['Bridges'],
  access: 'public',
  errors: ['AUTH_FAIL', 'PERMISSION_DENIED', 'INVALID_PARAMS', 'RATE_LIMITED'],
  request: {
    query: z.object({ bridge: z.uuid().openapi({ example: '0f8fad5b-d9cb-469f-a165-70867728950e' }) }),
  },
  responses: { 101: { description: 'Switching to WebSocket.' } },
});

/** Every bridge of an office comes back at once after an outage, and waits longer each time it is refused. */
const KNOCKS: BucketPolicy = { capacity: 120, refillPerSec: 2 };

/** `GET /bridge/connect`. */
export const connect = newApiApp();

connect.openapi(route, async (c) => {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
    throw new PlatformError('INVALID_PARAMS', 'This path is a WebSocket.');
  await limitByAddress(c.env, c.req.raw, 'bridge-connect', KNOCKS);
  const { bridge: id } = c.req.valid('query');
  const [row] = await openDb(c.env.DB)
    .select({ bridge: bridges })
    .from(bridges)
    .innerJoin(tenants, and(eq(tenants.id, bridges.tenantId), isNull(tenants.disabledAt)))
    .where(eq(bridges.id, id));
  const known = row?.bridge;
  if (known !== undefined && known.revokedAt !== null)
    throw new PlatformError('PERMISSION_DENIED', 'This bridge was revoked.');
  if (known === undefined || known.publicKey === null)
    throw new PlatformError('AUTH_FAIL', 'No such bridge is enrolled.');
  const record: BridgeRecord = {
    id: known.id,
    tenantId: known.tenantId,
    number: known.number,
    name: known.name,
    publicKey: known.publicKey,
    address: clientAddress(c.req.raw, c.env),
  };
  // Names may hold any letter, headers may not.
  const headers = { upgrade: 'websocket', [BRIDGE_HEADER]: encodeURIComponent(JSON.stringify(record)) };
  const answer = await linkOf(c.env, known.tenantId, known.id).fetch('https://bridge-link/connect', {
    headers,
  });
  if (answer.status === 429)
    throw new PlatformError('RATE_LIMITED', 'Too many connections of this bridge are waiting.', {
      headers: { 'Retry-After': '10' },
    });
  return answer;
});
