import { z } from '@hono/zod-openapi';
import { openDb } from '../../db';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { findLink, linkOf } from '../links';

const tags = ['RetailCRM'];
const CACHE_TTL_SEC = 120;

const health = apiRoute({
  method: 'get',
  path: '/retailcrm/health',
  summary: 'Whether the integration answers',
  tags,
  access: 'public',
  responses: {
    200: json(z.object({ status: z.literal('ok') }), 'It does, and its database too.', { status: 'ok' }),
  },
});

const stats = apiRoute({
  method: 'get',
  path: '/retailcrm/stats',
  summary: 'Counters of one’s own link',
  tags,
  access: 'integration.view',
  responses: {
    200: json(
      z.object({
        service: z.literal('retailcrm'),
        db: z.object({ initialized: z.boolean() }),
        counters: z.record(z.string(), z.number().int()),
        cache: z.object({ size: z.number().int(), expiring: z.number().int(), ttl: z.number().int() }),
        delivery: z.object({
          waiting: z.number().int(),
          dead: z.number().int(),
          breaker: z.enum(['closed', 'open', 'half_open']),
          held: z.boolean(),
        }),
      }),
      'Running totals since the link was made.',
    ),
  },
});

const session = apiRoute({
  method: 'get',
  path: '/retailcrm-admin/api/session',
  summary: 'Who looks at the screens of the integration',
  tags,
  access: 'integration.view',
  responses: {
    200: json(
      z.object({
        enterprise_number: z.string(),
        name: z.string(),
        from_crm: z.boolean().openapi({ description: 'Signed in by the CRM, not by us.' }),
        can_manage: z.boolean(),
      }),
      'The tenant whose integration it is.',
      { enterprise_number: '0101', name: 'Demo One', from_crm: false, can_manage: true },
    ),
  },
});

/** Health, counters, and who is there. */
export const about = newApiApp();

about.openapi(health, async (c) => {
  await c.env.DB.prepare('SELECT 1').first();
  return c.json({ status: 'ok' as const }, 200);
});

about.openapi(stats, async (c) => {
  const { tenantId } = c.var.identity;
  const row = await findLink(openDb(c.env.DB), tenantId, 'retailcrm');
  const status = await linkOf(c.env, tenantId, 'retailcrm').status();
  const { dbReads, dbWrites, cacheHits, cacheMisses, cacheRefreshes, ...told } = status.counters;
  const { waiting, dead, breaker, held } = status;
  return c.json(
    {
      service: 'retailcrm' as const,
      db: { initialized: true },
      counters: {
        db_reads: dbReads,
        db_writes: dbWrites,
        cache_hits: cacheHits,
        cache_misses: cacheMisses,
        cache_refreshes: cacheRefreshes,
        ...told,
      },
      cache: {
        size: row === null ? 0 : 1,
        expiring:
          status.configReadAt !== null && status.configReadAt + CACHE_TTL_SEC * 1_000 < Date.now() ? 1 : 0,
        ttl: CACHE_TTL_SEC,
      },
      delivery: { waiting, dead, breaker, held: held !== null },
    },
    200,
  );
});

about.openapi(session, (c) => {
  const { tenant, role, permissions } = c.var.identity;
  return c.json(
    {
      enterprise_number: tenant.id,
      name: tenant.name,
      from_crm: role === 'crm',
      can_manage: permissions.has('integration.manage'),
    },
    200,
  );
});
