import { and, asc, eq } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import { SLOT_STATUSES } from '../../bridge/protocol/slots';
import type { SlotState } from '../../objects/bridge-link/contract';
import { linkOf } from '../bridge/links';
import { openDb } from '../db';
import { extensions } from '../db/schema';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { apiRoute, json, newApiApp } from '../http/openapi';

const Sources = z
  .object({
    extension: z
      .object({ number: z.string(), label: z.string().nullable() })
      .nullable()
      .openapi({ description: 'The user’s own extension, rung through the PBX of a bridge.' }),
    any_slot: z.boolean().openapi({ description: 'Whether the tenant has slots at all.' }),
    slots: z.array(
      z.object({ id: z.int(), name: z.string(), status: z.enum(SLOT_STATUSES), free: z.boolean() }),
    ),
  })
  .openapi('CallSources');

const route = apiRoute({
  method: 'get',
  path: '/api/call/sources',
  summary: 'What the user can ring from, besides their phones',
  description: 'Slots are the user’s own ones, and every one for who may see slots.',
  tags: ['Calls'],
  access: 'call.start',
  responses: {
    200: json(Sources, 'Empty where no bridge is enrolled.', {
      extension: { number: '101', label: 'Olga Operator' },
      any_slot: true,
      slots: [{ id: 44, name: 'Shelf 2, left', status: 'ONLINE', free: true }],
    }),
  },
});

/** `/api/call/sources`: mounted before `/api/call/{id}`. */
export const callSources = newApiApp();

callSources.openapi(route, async (c) => {
  const { identity } = c.var;
  if (identity.tenant.bridges.length === 0)
    return c.json({ extension: null, any_slot: false, slots: [] }, 200);
  const [found, extension] = await Promise.all([slotsOf(c.env, identity), extensionOf(c.env, identity)]);
  const all = identity.permissions.has('slot.view');
  const slots = found
    .filter((slot) => all || slot.userId === identity.userId)
    .sort((a, b) => a.id - b.id)
    .map((slot) => ({
      id: slot.id,
      name: slot.label ?? slot.model ?? slot.key,
      status: slot.status,
      free: slot.idleSince !== null,
    }));
  return c.json({ extension, any_slot: found.length > 0, slots }, 200);
});

/** A bridge that can't be asked hides its own slots only. */
async function slotsOf(env: Env, { tenantId, tenant }: Identity): Promise<SlotState[]> {
  const asked = await Promise.allSettled(
    tenant.bridges.map(async ({ id }) => linkOf(env, tenantId, id).slots()),
  );
  return asked.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}

async function extensionOf(env: Env, { tenantId, userId }: Identity) {
  const [row] = await openDb(env.DB)
    .select({ number: extensions.number, label: extensions.label })
    .from(extensions)
    .where(and(eq(extensions.tenantId, tenantId), eq(extensions.userId, userId)))
    .orderBy(asc(extensions.number))
    .limit(1);
  return row ?? null;
}
