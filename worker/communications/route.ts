import { createRoute, OpenAPIHono, z, type RouteConfig } from '@hono/zod-openapi';
import { Hono, type MiddlewareHandler } from 'hono';
import { DEFAULT_BODY_LIMIT, jsonBody } from '../http/body';
import { ProblemError, problemResponses, type ProblemCode } from '../http/problems';
import type { CommsEnv } from './context';
import { idempotent } from './idempotency';
import { asClient, asMarket } from './identity';

/** An app of one of the three APIs: what does not validate is `invalid_request` with its fields. */
export const newCommsApp = (): OpenAPIHono<CommsEnv> =>
  new OpenAPIHono<CommsEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });

/** What does not validate, by its fields: one that nobody knows by its own name; `_` is the body as a whole. */
export function invalidRequest(error: z.ZodError): ProblemError {
  const errors = error.issues.flatMap((issue) => {
    const named = (path: readonly PropertyKey[], message: string) => ({
      field: path.length === 0 ? '_' : path.map(String).join('.'),
      message,
    });
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => named([...issue.path, key], 'is not known'))
      : [named(issue.path, issue.message)];
  });
  return new ProblemError('invalid_request', 'The request does not validate.', { errors });
}

/** Who may ask: a client's token; a credential of the marketplace (`service`), of an app's developer, or either; everybody. */
export type CommsAccess = 'client' | 'service' | 'developer' | 'market' | 'public';

interface CommsExtras {
  access: CommsAccess;
  /** Refusals beyond the ones that follow from `access` and the request's parts. */
  errors?: readonly ProblemCode[];
  /** Most bytes of a JSON body; 64 KiB when absent. */
  bodyLimit?: number;
  /** How many ordinary requests it counts as against the client's limit; 1 when absent. */
  cost?: number;
}

const KEY_HEADER = z.object({
  'Idempotency-Key': z.string().optional().openapi({
    description: 'Makes a repeat within 24 hours answer what the first request was answered.',
    example: '5f0c6f3e-2f4b-4a39-9d8f-0e8b7f1c2a11',
  }),
});

/**
 * A route of the public API or the marketplace's: asks for its token, reads and limits a JSON body, honours
 * `Idempotency-Key` on every POST, and documents every refusal. `responses` lists only successes: handlers throw
 * ProblemError for the rest.
 *
 * @example
 * const show = commsRoute({
 *   method: 'get', path: '/communications/v1/webhooks', summary: 'The webhook', tags: ['Webhooks'],
 *   access: 'client', errors: ['not_found'], responses: { 200: json(Webhook, 'The webhook.') },
 * });
 * newCommsApp().openapi(show, async (c) => c.json(await load(c.var.client), 200));
 */
export function commsRoute<
  P extends string,
  R extends Omit<RouteConfig, 'path' | 'middleware'> & { path: P } & CommsExtras,
>(config: R): ReturnType<typeof createRoute<P, R>> {
  const { access, errors = [], bodyLimit = DEFAULT_BODY_LIMIT, cost = 1, ...route } = config;
  const hasJson = route.request?.body !== undefined && 'application/json' in route.request.body.content;
  const keyed = route.method === 'post' && access !== 'public';
  const codes = new Set<ProblemCode>();
  const middleware: MiddlewareHandler<CommsEnv>[] = [];
  if (access !== 'public') {
    middleware.push(access === 'client' ? asClient(cost, operationOf(route)) : asMarket(KINDS[access]));
    codes.add('unauthorized').add('rate_limited');
    if (access === 'service' || access === 'developer') codes.add('forbidden');
  }
  if (hasJson) {
    middleware.push(jsonBody(bodyLimit) as unknown as MiddlewareHandler<CommsEnv>);
    codes.add('invalid_request').add('body_too_large');
  }
  if (keyed) {
    middleware.push(idempotent(access === 'client' ? scopeOfClient : scopeOfMarket));
    codes.add('invalid_request').add('key_in_flight').add('key_reused');
  }
  if (route.request?.query !== undefined || route.request?.params !== undefined) codes.add('invalid_request');
  for (const code of errors) codes.add(code);
  if (access !== 'public') codes.add('internal');

  const built: RouteConfig = {
    ...route,
    middleware,
    security: access === 'public' ? [] : [{ [SCHEME[access]]: [] }],
    'x-access': access,
    request: {
      ...route.request,
      ...(keyed && { headers: KEY_HEADER }),
    },
    responses: { ...problemResponses([...codes]), ...route.responses },
  };
  // Handlers are typed by what the caller listed: refusals are thrown, never returned.
  return createRoute(built) as unknown as ReturnType<typeof createRoute<P, R>>;
}

/** As the developer of a sandbox reads it: `POST /messages`. */
const operationOf = ({ method, path }: { method: string; path: string }): string =>
  `${method.toUpperCase()} ${path.replace('/communications/v1', '')}`;

const KINDS = { service: ['service'], developer: ['developer'], market: ['service', 'developer'] } as const;
const SCHEME = {
  client: 'client',
  service: 'credential',
  developer: 'credential',
  market: 'credential',
} as const;

const scopeOfClient = ({ client }: CommsEnv['Variables']): string => `${client.tenantId}:${client.provider}`;
const scopeOfMarket = ({ market }: CommsEnv['Variables']): string => `market:${market.credentialId}`;

/**
 * Mounts apps of one API so that their routes are served but are no part of the platform's own document: each of the
 * three APIs has a document of its own.
 */
export function apart(...apps: readonly OpenAPIHono<CommsEnv>[]): Hono<CommsEnv> {
  const mounted = new Hono<CommsEnv>();
  for (const app of apps) mounted.route('/', app);
  return mounted;
}
