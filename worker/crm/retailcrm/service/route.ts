/**
 * Routes of the Asterisk service as its clients know them: all by GET, parameters in the query, refusals as `{detail}`. Whoever
 * asks proves it by `clientId`, a secret of the tenant.
 */
import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AskedOfUs } from '../../../../objects/crm-link/contract';
import type { TenantView } from '../../../../objects/session-gate/contract';
import type { AppEnv } from '../../../http/context';
import { tenantOfSecret } from '../../../pbx/tenant-of-token';
import { linkOf } from '../../links';

/** Of all of a tenant's requests to this service together. */
const LIMIT = { capacity: 20, refillPerSec: 5 };

/** A refusal in the service's words. */
export class ServiceRefusal extends Error {
  constructor(
    readonly status: 400 | 404 | 500,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export interface Asked<F extends string> {
  c: Context<AppEnv>;
  tenant: TenantView;
  fields: Readonly<Record<F, string>>;
  /** For how long it was worked on, milliseconds. */
  tookMs(): number;
}

interface ServiceRoute<F extends string> {
  path: string;
  summary: string;
  /** Whether it is about a call that may not be there. */
  looksForCall: boolean;
  description: string;
  /** Besides `clientId`; all are needed. */
  fields: Readonly<Record<F, { example: string; description: string }>>;
  answer: z.ZodType;
  example: Record<string, unknown>;
  eventType: AskedOfUs['eventType'];
  /** What the log of the CRM's link says it was about. */
  about(fields: Readonly<Record<F, string>>): { phone: string | null };
  /** @throws ServiceRefusal */
  does(asked: Asked<F>): Promise<{ callId: string | null; body: Record<string, unknown> }>;
}

const Detail = z.object({ detail: z.string() });
const Missing = z.object({
  detail: z.array(
    z.object({
      type: z.literal('missing'),
      loc: z.array(z.string()),
      msg: z.string(),
      input: z.null(),
    }),
  ),
});

const missing = (name: string): z.infer<typeof Missing>['detail'][number] => ({
  type: 'missing',
  loc: ['query', name],
  msg: 'Field required',
  input: null,
});

export function serviceRoute<F extends string>(app: OpenAPIHono<AppEnv>, route: ServiceRoute<F>): void {
  app.get(route.path, (c) => answer(c, route));
  document(app, route);
}

async function answer<F extends string>(c: Context<AppEnv>, route: ServiceRoute<F>): Promise<Response> {
  const began = Date.now();
  const names = Object.keys(route.fields) as F[];
  const absent = [...names, 'clientId'].filter((name) => c.req.query(name) === undefined);
  if (absent.length > 0) return c.json({ detail: absent.map(missing) }, 422);
  const tenantId = await tenantOfSecret(c.env, c.req.query('clientId') ?? '');
  const tenant = tenantId === null ? null : await c.env.SESSION_GATE.getByName(tenantId).tenant();
  if (tenant === null) return c.json({ detail: 'Invalid clientId' }, 401);
  const turn = await c.env.RATE_LIMITER.getByName(`crm-service:${tenant.id}`).take(LIMIT);
  if (!turn.ok) {
    const seconds = Math.ceil(turn.retryAfterMs / 1_000);
    const headers = { 'retry-after': String(seconds) };
    return c.json({ detail: `Too many requests, try again in ${seconds} seconds.` }, 429, headers);
  }
  const fields = Object.fromEntries(
    names.map((name) => [name, (c.req.query(name) ?? '').trim().slice(0, 120)]),
  ) as Record<F, string>;
  const tookMs = (): number => Date.now() - began;
  const note = (callId: string | null, httpStatus: number, error: string | null): Promise<void> =>
    linkOf(c.env, tenant.id, 'retailcrm').note({
      eventType: route.eventType,
      callId,
      ...route.about(fields),
      request: { ...fields },
      httpStatus,
      error,
      durationMs: tookMs(),
    });
  try {
    const { callId, body } = await route.does({ c, tenant, fields, tookMs });
    await note(callId, 200, null);
    return c.json(body, 200);
  } catch (error) {
    if (!(error instanceof ServiceRefusal)) throw error;
    await note(null, error.status, error.detail);
    return c.json({ detail: error.detail }, error.status);
  }
}

function document<F extends string>(app: OpenAPIHono<AppEnv>, route: ServiceRoute<F>): void {
  const query = Object.entries<{ example: string; description: string }>(route.fields).map(
    ([name, about]) => [name, z.string().openapi(about)],
  );
  const refusal = (description: string, detail: string) => ({
    description,
    content: { 'application/json': { schema: Detail, example: { detail } } },
  });
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: route.path,
    summary: route.summary,
    description: route.description,
    tags: ['Asterisk service'],
    security: [],
    request: {
      query: z.object({
        ...(Object.fromEntries(query) as Record<string, z.ZodString>),
        clientId: z.string().openapi({ description: 'A secret of the tenant.' }),
      }),
    },
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: route.answer, example: route.example } },
      },
      400: refusal('A parameter that is none.', 'The extension is not valid.'),
      401: refusal('Nobody’s clientId.', 'Invalid clientId'),
      ...(route.looksForCall && {
        404: refusal('No such call.', 'Active channel for extension 101 not found'),
      }),
      422: {
        description: 'A parameter is missing.',
        content: { 'application/json': { schema: Missing, example: { detail: [missing('clientId')] } } },
      },
      429: refusal('Too many requests of this tenant.', 'Too many requests, try again in 1 seconds.'),
      500: refusal('The PBX refused or can’t be reached, in words.', 'Call initiation failed: it is busy'),
    },
  });
}
