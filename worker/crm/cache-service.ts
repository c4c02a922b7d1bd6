/**
 * What was once a service of its own, a cache of configurations, below `/retailcrm/cache`. The copies it tells of are those
 * that calls are told by: the hub's of who is told at all, and each link's of its configuration. Both are told of a change at
 * once; asking for a refresh mends what a lost word left behind. One sees one's own tenant only.
 */
import type { Context } from 'hono';
import type { CrmFamilyName } from '../../objects/crm-link/contract';
import { openDb } from '../db';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { ageOf, copiesOf, isoOf, linkedOf, percent, readAnew } from './cache-copies';
import * as documents from './cache-documents';
import { changeConfig, showConfig } from './config-routes';
import { knownLink, linkOf } from './links';
import { own, type Mount } from './room';

const mountOf = (family: CrmFamilyName): Mount =>
  family === 'webhook'
    ? { prefix: '/api/crm/webhook', family, tags: [] }
    : { prefix: '/retailcrm/api', family, tags: [] };

/** Module code runs before there is a clock: the first request starts it. */
let firstAt: number | null = null;

const nothing = (): PlatformError => new PlatformError('NOT_FOUND', 'No CRM is connected.');

/** `/retailcrm/cache/…`. */
export const cacheService = newApiApp();

cacheService.openapi(documents.health, async (c) => {
  const now = Date.now();
  firstAt ??= now;
  await c.env.DB.prepare('SELECT 1').first();
  const copies = await copiesOf(c, c.var.identity.tenantId);
  return c.json(
    {
      status: 'healthy' as const,
      cache_size: copies.length,
      database_connected: true as const,
      uptime_seconds: Math.floor((now - firstAt) / 1_000),
    },
    200,
  );
});

cacheService.openapi(documents.stats, async (c) => {
  const { tenantId } = c.var.identity;
  const [hub, copies] = await Promise.all([
    c.env.CALL_HUB.getByName(tenantId).crmCopy(),
    copiesOf(c, tenantId),
  ]);
  const sum = (of: 'cacheHits' | 'cacheMisses'): number =>
    copies.reduce((all, { status }) => all + status.counters[of], 0);
  const [configHits, configMisses] = [sum('cacheHits'), sum('cacheMisses')];
  return c.json(
    {
      hits: hub.hits,
      misses: hub.misses,
      refreshes: hub.refreshes,
      cache_size: hub.links.length,
      config_hits: configHits,
      config_misses: configMisses,
      config_cache_size: copies.length,
      last_full_refresh: isoOf([hub.toldAt, ...copies.map(({ readAt }) => readAt)]),
      total_requests: hub.hits + hub.misses,
      hit_rate_percent: percent(hub.hits, hub.misses),
      config_hit_rate_percent: percent(configHits, configMisses),
      cache_entries: hub.links.length === 0 ? [] : [tenantId],
      config_cache_entries: copies.map(({ family }) => `${tenantId}:${family}`),
      incoming_transform_cached: hub.callerRules,
    },
    200,
  );
});

cacheService.openapi(documents.integrations, async (c) => {
  const tenantId = own(c, c.req.valid('param').ent);
  const copies = await copiesOf(c, tenantId);
  const [first] = copies.toSorted((a, b) => a.readAt - b.readAt);
  if (first === undefined) throw nothing();
  const told = copies.map(({ family, status }) => [family, status.enabled] as const);
  return c.json({ integrations: Object.fromEntries(told), ...ageOf(first.readAt) }, 200);
});

cacheService.openapi(documents.configs, async (c) => {
  const tenantId = own(c, c.req.valid('param').ent);
  const linked = await linkedOf(c, tenantId);
  if (linked.length === 0) throw nothing();
  const shown = await Promise.all(linked.map((family) => showConfig(c, mountOf(family), tenantId)));
  const copies = await copiesOf(c, tenantId);
  return c.json(
    {
      enterprise_number: tenantId,
      integrations: Object.fromEntries(shown.map(({ config: one }, n) => [linked[n] ?? '', one])),
      source: 'database' as const,
      cached_at: isoOf(copies.map(({ readAt }) => readAt)),
    },
    200,
  );
});

/** What of the copy goes with a configuration. */
async function readOf(c: Context<AppEnv>, tenantId: string, family: CrmFamilyName) {
  const { configReadAt } = await linkOf(c.env, tenantId, family).status();
  return { source: 'database' as const, cached_at: isoOf([configReadAt]) };
}

cacheService.openapi(documents.config, async (c) => {
  const { ent, type } = c.req.valid('param');
  const tenantId = own(c, ent);
  const shown = await showConfig(c, mountOf(type), tenantId);
  return c.json({ ...shown, ...(await readOf(c, tenantId, type)) }, 200);
});

cacheService.openapi(documents.put, async (c) => {
  const { ent, type } = c.req.valid('param');
  const tenantId = own(c, ent);
  const shown = await changeConfig(c, mountOf(type), tenantId, c.req.valid('json').config);
  return c.json({ ...shown, ...(await readOf(c, tenantId, type)) }, 200);
});

cacheService.openapi(documents.invalidate, async (c) => {
  const tenantId = own(c, c.req.valid('param').ent);
  const { integration_type: only } = c.req.valid('json');
  const db = openDb(c.env.DB);
  if (only !== undefined) await knownLink(db, tenantId, only);
  return c.json({ success: true as const, invalidated: await readAnew(c, tenantId, only) }, 200);
});

cacheService.openapi(documents.refresh, async (c) =>
  c.json({ success: true as const, refreshed: await readAnew(c, c.var.identity.tenantId) }, 200),
);

cacheService.openapi(documents.entries, async (c) => {
  const { tenantId } = c.var.identity;
  const copies = await copiesOf(c, tenantId);
  const list = copies.map(({ family, status, readAt }) => ({
    enterprise_number: tenantId,
    integration_type: family,
    enabled: status.enabled,
    ...ageOf(readAt),
  }));
  return c.json({ entries: list, count: list.length }, 200);
});
