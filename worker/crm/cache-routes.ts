import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import { openDb } from '../db';
import { crmLinks } from '../db/schema';
import type { AppEnv } from '../http/context';
import { apiRoute, json } from '../http/openapi';
import { showConfig } from './config-routes';
import { findLink, knownLink, linkOf } from './links';
import { own, type Mount } from './room';
import { Config, Enterprise, entParam } from './schemas';

/** How old a copy of the configuration may be before it is read again, seconds. */
const TTL_SEC = 120;

const Refreshed = z.object({ refreshed: z.array(Enterprise), skipped: z.array(Enterprise) });
const Active = z.object({ active_enterprises: z.array(Enterprise), count: z.number().int() });

/**
 * What was once a cache of its own: the copy of the configuration that the link's object goes by. A change is told to the
 * object at once, so refreshing is never needed; it is kept for those who ask for it. One sees one's own tenant only.
 */
export function cacheRoutes(app: OpenAPIHono<AppEnv>, mount: Mount): void {
  const { prefix, family, tags } = mount;

  const refresh = apiRoute({
    method: 'post',
    path: `${prefix}/config-cache/refresh/{ent}` as const,
    summary: 'Read the configuration anew',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({ enterprise_number: Enterprise, config: Config, refreshed: z.literal(true) }),
        'It was read.',
      ),
    },
  });
  app.openapi(refresh, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    await knownLink(openDb(c.env.DB), tenantId, family);
    await linkOf(c.env, tenantId, family).configChanged();
    const shown = await showConfig(c, mount, tenantId);
    return c.json({ ...shown, refreshed: true as const }, 200);
  });

  const refreshAll = apiRoute({
    method: 'post',
    path: `${prefix}/config-cache/refresh-all` as const,
    summary: 'Read the configurations of all one’s enterprises anew',
    tags,
    access: 'integration.manage',
    responses: {
      200: json(z.object({ result: Refreshed }), 'Skipped: not connected.', {
        result: { refreshed: ['0101'], skipped: [] },
      }),
    },
  });
  app.openapi(refreshAll, async (c) => {
    const { tenantId } = c.var.identity;
    const row = await findLink(openDb(c.env.DB), tenantId, family);
    if (row === null) return c.json({ result: { refreshed: [], skipped: [tenantId] } }, 200);
    await linkOf(c.env, tenantId, family).configChanged();
    return c.json({ result: { refreshed: [tenantId], skipped: [] } }, 200);
  });

  for (const path of [`${prefix}/config-cache/active-enterprises`, `${prefix}/active-enterprises`] as const) {
    const active = apiRoute({
      method: 'get',
      path,
      summary: 'Enterprises whose link is switched on',
      tags,
      access: 'integration.view',
      responses: { 200: json(Active, 'One’s own, or none.', { active_enterprises: ['0101'], count: 1 }) },
    });
    app.openapi(active, async (c) => {
      const { tenantId } = c.var.identity;
      const row = await findLink(openDb(c.env.DB), tenantId, family);
      const list = row?.enabled === true ? [tenantId] : [];
      return c.json({ active_enterprises: list, count: list.length }, 200);
    });
  }

  const integrations = apiRoute({
    method: 'get',
    path: `${prefix}/integrations/{ent}` as const,
    summary: 'Which CRMs are switched on',
    tags,
    access: 'integration.view',
    errors: ['NOT_FOUND'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({
          integrations: z.record(z.string(), z.boolean()),
          created_at: z.iso.datetime(),
          expires_at: z.iso.datetime(),
          age_seconds: z.number(),
        }),
        'By family, with the age of the copy they are told by.',
      ),
    },
  });
  app.openapi(integrations, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const db = openDb(c.env.DB);
    await knownLink(db, tenantId, family);
    const rows = await db
      .select({ family: crmLinks.family, enabled: crmLinks.enabled })
      .from(crmLinks)
      .where(eq(crmLinks.tenantId, tenantId));
    const now = Date.now();
    const readAt = (await linkOf(c.env, tenantId, family).status()).configReadAt ?? now;
    return c.json(
      {
        integrations: Object.fromEntries(rows.map((row) => [row.family, row.enabled])),
        created_at: new Date(readAt).toISOString(),
        expires_at: new Date(readAt + TTL_SEC * 1_000).toISOString(),
        age_seconds: Math.max(0, Math.round((now - readAt) / 1_000)),
      },
      200,
    );
  });
}
