import { z } from '@hono/zod-openapi';
import { BRIDGE_REFUSALS, linkOfSlot, platformErrorOf } from '../bridge/links';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { people } from './people';
import { SlotHistoryBody, SlotId, SlotSamplesBody } from './schema';
import { iso } from './views';

const idParam = z.object({ id: SlotId });
const SAMPLE_EVERY_SEC = 60;

const screen = apiRoute({
  method: 'get',
  path: '/api/slots/{id}/screen',
  summary: 'The phone’s screen, now',
  tags: ['Slots'],
  access: 'slot.view',
  errors: BRIDGE_REFUSALS,
  request: { params: idParam },
  responses: {
    200: {
      description: 'A picture of the screen.',
      content: { 'image/png': { schema: z.string().openapi({ format: 'binary' }) } },
    },
  },
});

const history = apiRoute({
  method: 'get',
  path: '/api/slots/{id}/history',
  summary: 'What happened on a slot',
  description: 'Changes of its status, calls, scripts, commands and reservations.',
  tags: ['Slots'],
  access: 'slot.view',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({
      cursor: z
        .string()
        .regex(/^[0-9]{1,15}$/, 'not a cursor')
        .optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: { 200: json(SlotHistoryBody, 'Newest first; `next` goes back as `cursor`.') },
});

const samples = apiRoute({
  method: 'get',
  path: '/api/slots/{id}/samples',
  summary: 'Readings of the last hours, for charts',
  tags: ['Slots'],
  access: 'slot.view',
  errors: ['NOT_FOUND'],
  request: {
    params: idParam,
    query: z.object({
      hours: z.coerce.number().min(0.1).max(24).default(24).openapi({ type: 'number', example: 6 }),
    }),
  },
  responses: {
    200: json(SlotSamplesBody, 'One a minute at most, oldest first. A gap is a time without readings.'),
  },
});

/** `/api/slots/{id}/screen`, `…/history`, `…/samples`: looking at a phone. */
export const slotReports = newApiApp();

slotReports.openapi(screen, async (c) => {
  const { link, slot } = await linkOfSlot(c.env, c.var.identity.tenant, c.req.valid('param').id);
  const answer = await link.screen(slot.id);
  if (!answer.ok) throw platformErrorOf(answer);
  // A copy with a buffer of its own: what comes over RPC may be a view into a larger one.
  return c.body(new Uint8Array(answer.png).buffer, 200, {
    'content-type': 'image/png',
    'cache-control': 'no-store',
  });
});

slotReports.openapi(history, async (c) => {
  const { identity } = c.var;
  const { cursor, limit } = c.req.valid('query');
  const { link, slot } = await linkOfSlot(c.env, identity.tenant, c.req.valid('param').id);
  const entries = await link.slotHistory(slot.id, {
    limit: limit + 1,
    ...(cursor !== undefined && { before: Number(cursor) }),
  });
  const page = entries.slice(0, limit);
  const nameOf = await people(
    c.env,
    identity.tenantId,
    page.map(({ userId }) => userId),
  );
  const items = page.map(({ id, at, kind, text, userId, ref }) => ({
    id,
    kind,
    text,
    ref,
    at: iso(at),
    user: nameOf(userId),
  }));
  const next = entries.length > limit ? String(page.at(-1)?.id) : null;
  return c.json({ items, next }, 200);
});

slotReports.openapi(samples, async (c) => {
  const { link, slot } = await linkOfSlot(c.env, c.var.identity.tenant, c.req.valid('param').id);
  const from = Date.now() - c.req.valid('query').hours * 3_600_000;
  const found = await link.samples(slot.id, from);
  const items = found.map((sample) => ({ ...sample, at: iso(sample.at) }));
  return c.json({ slot: slot.id, from: iso(from), every_sec: SAMPLE_EVERY_SEC, items }, 200);
});
