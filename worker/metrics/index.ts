import { timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { sha256Hex } from '../auth/digest';
import type { Env } from '../env';
import { bearerToken } from '../http/authenticate';
import { PlatformError } from '../http/errors';
import { apiRoute, newApiApp } from '../http/openapi';
import { gatherMetrics } from './gather';
import { metricsText } from './text';

const scrape = apiRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics of the deployment, for Prometheus',
  description:
    'For the operator of the deployment alone: `Authorization: Bearer` with its METRICS_TOKEN, which no user has. Where ' +
    'the deployment has none, metrics are off.',
  tags: ['About'],
  access: 'public',
  errors: ['AUTH_FAIL', 'NOT_FOUND'],
  request: {
    query: z.object({
      tenant: z
        .string()
        .regex(/^\d{4}$/, 'four digits')
        .optional()
        .openapi({ description: 'Only this tenant.', example: '0101' }),
    }),
  },
  responses: {
    200: {
      description: 'Prometheus text format 0.0.4.',
      content: {
        'text/plain': { schema: z.string(), example: 'trunkline_calls_active{tenant="0101"} 3\n' },
      },
    },
  },
});

/** `/metrics`. */
export const metrics = newApiApp();

metrics.openapi(scrape, async (c) => {
  if (!c.env.METRICS_TOKEN)
    throw new PlatformError('NOT_FOUND', 'Metrics are off: the deployment has no METRICS_TOKEN.');
  if (!isOperator(c.env.METRICS_TOKEN, bearerToken(c.req.raw)))
    throw new PlatformError('AUTH_FAIL', 'The token of the deployment’s metrics is missing or wrong.', {
      headers: { 'WWW-Authenticate': 'Bearer realm="metrics"' },
    });
  const text = metricsText(await gatherMetrics(c.env, c.req.valid('query').tenant));
  return c.text(text, 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
});

/** Compared through digests, so that its length does not show either. */
const isOperator = (token: NonNullable<Env['METRICS_TOKEN']>, given: string | undefined): boolean =>
  given !== undefined && timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(token)));
