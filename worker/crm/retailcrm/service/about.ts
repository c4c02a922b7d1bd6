import { z } from '@hono/zod-openapi';
import { apiRoute, json, newApiApp } from '../../../http/openapi';

const SERVICE = 'trunkline';
/** Of what these paths answer. */
const VERSION = '1.0';
const tags = ['Asterisk service'];
const fault = {
  description: 'The database can’t be reached.',
  content: {
    'application/json': {
      schema: z.object({ detail: z.string() }),
      example: { detail: 'Something went wrong on our side.' },
    },
  },
};

const health = apiRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the service answers',
  tags,
  access: 'public',
  responses: {
    500: fault,
    200: json(
      z.object({ status: z.literal('ok'), service: z.string(), port: z.number().int() }),
      'It does, and its database too.',
      { status: 'ok', service: SERVICE, port: 443 },
    ),
  },
});

const status = apiRoute({
  method: 'get',
  path: '/api/status',
  summary: 'How the service reaches what it needs',
  tags,
  access: 'public',
  responses: {
    500: fault,
    200: json(
      z.object({
        service: z.string(),
        version: z.string(),
        database: z.literal('connected'),
        asterisk_config: z.object({
          method: z.literal('bridge').openapi({
            description: 'Commands go through the tenant’s bridge, which dials out to us.',
          }),
          ssh_port: z.null().openapi({ description: 'Known to the bridge alone.' }),
          ssh_user: z.null(),
        }),
      }),
      'It reaches its database.',
      {
        service: SERVICE,
        version: VERSION,
        database: 'connected',
        asterisk_config: { method: 'bridge', ssh_port: null, ssh_user: null },
      },
    ),
  },
});

/** `/health`, `/api/status`. */
export const aboutService = newApiApp();

aboutService.openapi(health, async (c) => {
  await c.env.DB.prepare('SELECT 1').first();
  const { port, protocol } = new URL(c.req.url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return c.json({ status: 'ok' as const, service: SERVICE, port: number }, 200);
});

aboutService.openapi(status, async (c) => {
  await c.env.DB.prepare('SELECT 1').first();
  const asterisk_config = { method: 'bridge' as const, ssh_port: null, ssh_user: null };
  return c.json({ service: SERVICE, version: VERSION, database: 'connected' as const, asterisk_config }, 200);
});
