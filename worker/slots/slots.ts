import { and, eq, isNull, or } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { SLOT_STATUSES } from '../../bridge/protocol/slots';
import type { SlotState } from '../../objects/bridge-link/contract';
import { linkOf, linkOfSlot, type BridgeRef } from '../bridge/links';
import { openDb } from '../db';
import { slots as slotRows, users } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import type { Identity } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { people } from './people';
import { SlotBody, SlotChange, SlotDetailBody, SlotId } from './schema';
import { slotDetailView, slotView } from './views';

const idParam = z.object({ id: SlotId });

const list = apiRoute({
  method: 'get',
  path: '/api/slots',
  summary: 'Slots: the USB phones of the bridges',
  tags: ['Slots'],
  access: 'slot.view',
  errors: ['NOT_FOUND'],
  request: {
    query: z.object({
      status: z.enum(SLOT_STATUSES).optional(),
      bridge: z.string().max(64).optional().openapi({ description: 'Id of a bridge.' }),
    }),
  },
  responses: { 200: json(z.array(SlotBody), 'By number.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/slots/{id}',
  summary: 'One slot',
  tags: ['Slots'],
  access: 'slot.view',
  errors: ['NOT_FOUND'],
  request: { params: idParam },
  responses: { 200: json(SlotDetailBody, 'The slot, its newest readings with their age.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/slots/{id}',
  summary: 'Label a slot, give it to somebody, set its trunk or configuration',
  description: 'What is absent stays.',
  tags: ['Slots'],
  access: 'slot.manage',
  errors: ['NOT_FOUND'],
  request: { params: idParam, body: jsonRequest(SlotChange, { label: 'Shelf 2, left', user: 'op12' }) },
  responses: { 200: json(SlotDetailBody, 'The slot as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/slots/{id}',
  summary: 'Take a phone that is gone off the list',
  description: 'Only while it is OFFLINE. Seen again, it comes back by itself, with its number and settings.',
  tags: ['Slots'],
  access: 'slot.manage',
  errors: ['NOT_FOUND', 'SLOT_BUSY'],
  request: { params: idParam },
  responses: { 204: { description: 'It is off the list.' } },
});

/** `/api/slots`, `/api/slots/{id}`: what there is, and what people set about it. */
export const slots = newApiApp();

slots.openapi(list, async (c) => {
  const { identity } = c.var;
  const { status, bridge: wanted } = c.req.valid('query');
  const { bridges } = identity.tenant;
  if (wanted !== undefined && !bridges.some(({ id }) => id === wanted))
    throw new PlatformError('NOT_FOUND', 'No such bridge.');
  const asked = await Promise.all(
    bridges
      .filter(({ id }) => wanted === undefined || id === wanted)
      .map(async (bridge) => {
        const found = await linkOf(c.env, identity.tenantId, bridge.id).slots();
        return found.map((slot) => ({ bridge, slot }));
      }),
  );
  const found = asked.flat().filter(({ slot }) => status === undefined || slot.status === status);
  const nameOf = await namesIn(
    c.env,
    identity,
    found.map(({ slot }) => slot),
  );
  const now = Date.now();
  const views = found.map(({ bridge, slot }) => slotView(slot, { bridge, nameOf, now }));
  return c.json(
    views.sort((a, b) => a.id - b.id),
    200,
  );
});

slots.openapi(show, async (c) => {
  const { identity } = c.var;
  const { bridge, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  return c.json(await detail(c.env, identity, bridge, slot), 200);
});

slots.openapi(change, async (c) => {
  const { identity } = c.var;
  const asked = c.req.valid('json');
  const { bridge, link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const userId = asked.user === undefined ? undefined : await userIdOf(c.env, identity, asked.user);
  const set = {
    ...(asked.label !== undefined && { label: asked.label === '' ? null : asked.label }),
    ...(userId !== undefined && { userId }),
    ...(asked.trunk !== undefined && { trunk: asked.trunk }),
    ...(asked.config !== undefined && { config: asked.config }),
  };
  if (Object.keys(set).length === 0) return c.json(await detail(c.env, identity, bridge, slot), 200);
  const db = openDb(c.env.DB);
  const mine = and(eq(slotRows.tenantId, identity.tenantId), eq(slotRows.id, slot.id));
  const [before] = await db.select().from(slotRows).where(mine);
  const [after] = await db.update(slotRows).set(set).where(mine).returning();
  if (before === undefined || after === undefined) throw new PlatformError('NOT_FOUND', 'No such slot.');
  await recordAudit(
    db,
    identity,
    'slot.change',
    String(slot.id),
    settingsOf(before),
    settingsOf(after),
    clientAddress(c.req.raw, c.env),
  );
  await link.configChanged();
  const now = (await link.slot(slot.id)) ?? slot;
  return c.json(await detail(c.env, identity, bridge, now), 200);
});

slots.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  if (slot.status !== 'OFFLINE')
    throw new PlatformError('SLOT_BUSY', 'The phone is connected: unplug it first.');
  const db = openDb(c.env.DB);
  await db
    .update(slotRows)
    .set({ removedAt: Date.now() })
    .where(and(eq(slotRows.tenantId, identity.tenantId), eq(slotRows.id, slot.id)));
  const before = { serial: slot.key, label: slot.label };
  await recordAudit(
    db,
    identity,
    'slot.remove',
    String(slot.id),
    before,
    null,
    clientAddress(c.req.raw, c.env),
  );
  await link.configChanged();
  return c.body(null, 204);
});

const settingsOf = ({ label, userId, trunk, config }: typeof slotRows.$inferSelect) => ({
  label,
  user: userId,
  trunk,
  config,
});

const namesIn = (env: Env, identity: Identity, found: readonly SlotState[]) =>
  people(
    env,
    identity.tenantId,
    found.flatMap((slot) => [slot.userId, slot.holder?.userId ?? null]),
  );

async function detail(
  env: Env,
  identity: Identity,
  bridge: BridgeRef,
  slot: SlotState,
): Promise<z.infer<typeof SlotDetailBody>> {
  const nameOf = await namesIn(env, identity, [slot]);
  return slotDetailView(slot, { bridge, nameOf, now: Date.now() });
}

/** The id of a user of this tenant, given by id or username. @throws PlatformError INVALID_PARAMS */
async function userIdOf(env: Env, identity: Identity, user: string | null): Promise<string | null> {
  if (user === null || user === '') return null;
  const [found] = await openDb(env.DB)
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.tenantId, identity.tenantId),
        isNull(users.deletedAt),
        or(eq(users.id, user), eq(users.username, user.toLowerCase())),
      ),
    );
  if (found === undefined) {
    const details = { user: ['no such user'] };
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });
  }
  return found.id;
}
