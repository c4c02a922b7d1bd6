import { and, asc, eq, isNull } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { phoneShard } from '../../../objects/lib/names';
import type { DeviceState } from '../../../objects/phone-queue/contract';
import { openDb } from '../../db';
import { devices } from '../../db/schema';
import { recordAudit } from '../../http/audit';
import { clientAddress } from '../../http/client-address';
import { PlatformError } from '../../http/errors';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { queueOf, queueOfShard, tellHub } from '../queue';
import {
  iso,
  isoOrNull,
  knownDevice,
  people,
  seesAll,
  visibleDevice,
  type DeviceRow,
  type PersonView,
} from './directory';
import { Phone, type PHONE_STATES, PhoneList, Removed } from './schema';

/** A phone polls at least every 35 s while it is awake. */
const RECENT_MS = 2 * 60_000;

const list = apiRoute({
  method: 'get',
  path: '/api/phones',
  summary: 'Phones signed in with the app',
  description: 'One’s own; with `phone.view` everybody’s, unless `mine=1`.',
  tags: ['Phones'],
  access: 'phone.own',
  request: { query: z.object({ mine: z.enum(['0', '1']).optional().openapi({ example: '1' }) }) },
  responses: { 200: json(PhoneList, 'Phones, the one registered first first.') },
});

const idParam = z.object({
  id: z.string().min(1).max(64).openapi({ example: '0f8fad5b-d9cb-469f-a165-70867728950e' }),
});

const show = apiRoute({
  method: 'get',
  path: '/api/phones/{id}',
  summary: 'One phone',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND'],
  request: { params: idParam },
  responses: { 200: json(Phone, 'The phone.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/phones/{id}',
  summary: 'Sign a phone out and take it off the list',
  description:
    'Its session ends at once, a parked poll with it. Somebody else’s phone asks for `phone.manage`. Repeating it is no error.',
  tags: ['Phones'],
  access: 'phone.own',
  errors: ['NOT_FOUND', 'PERMISSION_DENIED'],
  request: { params: idParam },
  responses: { 200: json(Removed, 'It is gone.', { ok: true, id: '0f8fad5b-d9cb-469f-a165-70867728950e' }) },
});

export const phones = newApiApp();

phones.openapi(list, async (c) => {
  const { identity } = c.var;
  const onlyMine = c.req.valid('query').mine === '1' || !seesAll(identity);
  const db = openDb(c.env.DB);
  const rows = await db
    .select()
    .from(devices)
    .where(
      and(
        eq(devices.tenantId, identity.tenantId),
        isNull(devices.removedAt),
        onlyMine ? eq(devices.userId, identity.userId) : undefined,
      ),
    )
    .orderBy(asc(devices.createdAt), asc(devices.id));
  const shards = new Set(rows.map((row) => phoneShard(row.userId, identity.tenant.phoneShards)));
  const answers = [...shards].map((shard) => queueOfShard(c.env, identity.tenant, shard).devices({}));
  const states = (await Promise.all(answers)).flat();
  const byId = new Map(states.map((state) => [state.deviceRowId, state]));
  const person = await people(
    db,
    identity.tenantId,
    rows.map((row) => row.userId),
  );
  const now = Date.now();
  return c.json({ items: rows.map((row) => phoneView(row, byId.get(row.id), person(row.userId), now)) }, 200);
});

phones.openapi(show, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const row = await visibleDevice(db, identity, c.req.valid('param').id);
  const states = await queueOf(c.env, identity.tenant, row.userId).devices({ userId: row.userId });
  const person = await people(db, identity.tenantId, [row.userId]);
  const state = states.find((candidate) => candidate.deviceRowId === row.id);
  return c.json(phoneView(row, state, person(row.userId), Date.now()), 200);
});

phones.openapi(remove, async (c) => {
  const { identity } = c.var;
  const db = openDb(c.env.DB);
  const row = await knownDevice(db, identity, c.req.valid('param').id);
  if (row.userId !== identity.userId && !identity.permissions.has('phone.manage')) {
    throw new PlatformError('PERMISSION_DENIED', 'Your role does not allow phone.manage.');
  }
  const now = Date.now();
  // D1 first: a poll in between makes the queue ask there whether the phone is still registered. Each step may be
  // repeated, so a removal that broke off is finished by asking for it again.
  await db
    .update(devices)
    .set({ removedAt: now, pushToken: null })
    .where(and(eq(devices.tenantId, identity.tenantId), eq(devices.id, row.id)));
  const queue = queueOf(c.env, identity.tenant, row.userId);
  const removed = await queue.removeDevice({ deviceRowId: row.id, now });
  const gate = c.env.SESSION_GATE.getByName(identity.tenantId);
  // The ones it polled under, and the one it registered under.
  const sessions = new Set([...removed.sessions, ...(row.sessionId === null ? [] : [row.sessionId])]);
  for (const sid of sessions) await gate.revokeSession({ sid, by: identity.userId, userId: row.userId });
  await tellHub(c.env, identity.tenantId);
  const before = { user: row.userId, device_id: row.deviceId, name: row.name };
  await recordAudit(db, identity, 'phone.remove', row.id, before, null, clientAddress(c.req.raw, c.env));
  return c.json({ ok: true as const, id: row.id }, 200);
});

/** What the screen shows of a phone. `state` is undefined where the queue has not heard of it since it was registered. */
export function phoneView(
  row: DeviceRow,
  state: DeviceState | undefined,
  user: PersonView,
  now: number,
): z.infer<typeof Phone> {
  const stuck = state?.stuck ?? null;
  return {
    id: row.id,
    device_id: row.deviceId,
    name: state?.name ?? row.name,
    user,
    simulator: row.simulator,
    state: liveness(state, now),
    last_seen_at: isoOrNull(state?.lastSeenAt ?? null),
    app_version: state?.appVersion ?? null,
    last_poll_code: state?.lastPollCode ?? null,
    last_poll_at: isoOrNull(state?.lastPollAt ?? null),
    encryption_enabled: state?.encryptionEnabled ?? null,
    queue_stuck: stuck !== null,
    stuck_count: stuck?.count ?? 0,
    oldest_stuck_age_sec: stuck?.oldestAgeSec ?? null,
    stuck_by_type: stuck?.byType ?? {},
    alerts:
      stuck === null
        ? []
        : [
            {
              kind: 'queue_stuck',
              since: iso(stuck.since),
              count: stuck.count,
              oldest_age_sec: stuck.oldestAgeSec,
              by_type: stuck.byType,
            },
          ],
    push: row.pushToken !== null,
    pending_commands: state?.waiting ?? 0,
    registered_at: iso(row.createdAt),
  };
}

function liveness(state: DeviceState | undefined, now: number): (typeof PHONE_STATES)[number] {
  if (state?.polling === true) return 'polling';
  if (state === undefined || state.lastSeenAt === null) return 'never';
  return now - state.lastSeenAt < RECENT_MS ? 'recent' : 'asleep';
}
