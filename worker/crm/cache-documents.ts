/** What was once a cache of configurations of its own, as the document shows it: see `cache-service.ts`. */
import { z } from '@hono/zod-openapi';
import { CRM_FAMILIES } from '../../objects/crm-link/contract';
import { apiRoute, json, jsonRequest } from '../http/openapi';
import { Config, ConfigChange, Enterprise, entParam } from './schemas';

const tags = ['CRM cache'];
const BELOW = '/retailcrm/cache';

const Type = z.enum(CRM_FAMILIES).openapi({ example: 'retailcrm' });
const typeParam = entParam.extend({ type: Type });
const Age = {
  created_at: z.iso.datetime().openapi({ description: 'When the copy was read.' }),
  expires_at: z.iso.datetime().openapi({ description: 'When it is read again, if it is used.' }),
  age_seconds: z.number().int(),
};
const Read = {
  source: z.enum(['cache', 'database']),
  cached_at: z.iso
    .datetime()
    .nullable()
    .openapi({ description: 'When the copy in use was read; null of none.' }),
};

export const health = apiRoute({
  method: 'get',
  path: `${BELOW}/health`,
  summary: 'Whether configurations can be read',
  tags,
  access: 'integration.view',
  responses: {
    200: json(
      z.object({
        status: z.literal('healthy'),
        cache_size: z.number().int(),
        database_connected: z.literal(true),
        uptime_seconds: z.number().int(),
      }),
      'They can. `uptime_seconds`: since this instance was first asked.',
      { status: 'healthy', cache_size: 2, database_connected: true, uptime_seconds: 3_600 },
    ),
  },
});

const count = z.number().int();
export const stats = apiRoute({
  method: 'get',
  path: `${BELOW}/stats`,
  summary: 'How often the copies served',
  description:
    'Without `config_`: the hub’s copy of which CRMs are told, since its object woke. With it: the links’ copies, since they were made.',
  tags,
  access: 'integration.view',
  responses: {
    200: json(
      z.object({
        hits: count,
        misses: count,
        refreshes: count,
        cache_size: count,
        config_hits: count,
        config_misses: count,
        config_cache_size: count,
        last_full_refresh: z.iso.datetime().nullable(),
        total_requests: count,
        hit_rate_percent: z.number(),
        config_hit_rate_percent: z.number(),
        cache_entries: z.array(z.string()),
        config_cache_entries: z.array(z.string()),
        incoming_transform_cached: count.openapi({ description: 'Lines with a rule for callers’ numbers.' }),
      }),
      'Of one’s own tenant.',
    ),
  },
});

export const integrations = apiRoute({
  method: 'get',
  path: `${BELOW}/integrations/{ent}`,
  summary: 'Which CRMs calls are told to',
  tags,
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: { params: entParam },
  responses: {
    200: json(
      z.object({ integrations: z.record(z.string(), z.boolean()), ...Age }),
      'By family, as the oldest of the copies says.',
    ),
  },
});

export const configs = apiRoute({
  method: 'get',
  path: `${BELOW}/config/{ent}`,
  summary: 'Configurations of all links',
  description: 'Keys are masked.',
  tags,
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: { params: entParam },
  responses: {
    200: json(
      z.object({ enterprise_number: Enterprise, integrations: z.record(z.string(), Config), ...Read }),
      'By family.',
    ),
  },
});

const OneConfig = z.object({ enterprise_number: Enterprise, config: Config, ...Read });
export const config = apiRoute({
  method: 'get',
  path: `${BELOW}/config/{ent}/{type}`,
  summary: 'Configuration of one link',
  description: 'The key is masked.',
  tags,
  access: 'integration.view',
  errors: ['NOT_FOUND'],
  request: { params: typeParam },
  responses: { 200: json(OneConfig, 'The configuration.') },
});

export const put = apiRoute({
  method: 'put',
  path: `${BELOW}/config/{ent}/{type}`,
  summary: 'Change the configuration of one link',
  description:
    'As `PUT /retailcrm/api/config/{ent}`: what is absent stays, and it counts from the next event on.',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  request: {
    params: typeParam,
    body: jsonRequest(z.strictObject({ config: ConfigChange }), { config: { enabled: true } }),
  },
  responses: { 200: json(OneConfig, 'The configuration as it is now.') },
});

export const invalidate = apiRoute({
  method: 'post',
  path: `${BELOW}/invalidate/{ent}`,
  summary: 'Have the copies read anew',
  tags,
  access: 'integration.manage',
  errors: ['NOT_FOUND'],
  bodyOptional: true,
  request: {
    params: entParam,
    body: jsonRequest(z.strictObject({ integration_type: Type.optional() }), {
      integration_type: 'retailcrm',
    }),
  },
  responses: {
    200: json(z.object({ success: z.literal(true), invalidated: z.array(z.string()) }), 'They are new.', {
      success: true,
      invalidated: ['retailcrm'],
    }),
  },
});

export const refresh = apiRoute({
  method: 'post',
  path: `${BELOW}/refresh`,
  summary: 'Have all copies of one’s own tenant read anew',
  tags,
  access: 'integration.manage',
  responses: {
    200: json(z.object({ success: z.literal(true), refreshed: z.array(z.string()) }), 'They are new.', {
      success: true,
      refreshed: ['retailcrm', 'webhook'],
    }),
  },
});

export const entries = apiRoute({
  method: 'get',
  path: `${BELOW}/entries`,
  summary: 'The copies there are',
  tags,
  access: 'integration.view',
  responses: {
    200: json(
      z.object({
        entries: z.array(
          z.object({
            enterprise_number: Enterprise,
            integration_type: z.string(),
            enabled: z.boolean(),
            ...Age,
          }),
        ),
        count: z.number().int(),
      }),
      'Of one’s own tenant.',
    ),
  },
});
