import { createRoute, OpenAPIHono, z, type RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { ZodError } from 'zod';
import type { Action } from '../auth/permissions';
import { authenticated } from './authenticate';
import { DEFAULT_BODY_LIMIT, jsonBody } from './body';
import type { AppEnv } from './context';
import { PLATFORM_ERRORS, PlatformError, publicCode, type PlatformErrorCode } from './errors';

/** The one shape of a refusal. */
export const ErrorBody = z
  .object({
    error: z.literal(true),
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.array(z.string())).optional(),
    request_id: z.string().optional(),
  })
  .openapi('Error');

/** Problems by field, dotted where nested; `_` for the body as a whole. */
export function fieldProblems(error: ZodError): Record<string, string[]> {
  const problems: Record<string, string[]> = {};
  for (const issue of error.issues) {
    const field = issue.path.length === 0 ? '_' : issue.path.map(String).join('.');
    (problems[field] ??= []).push(issue.message);
  }
  return problems;
}

/** A sub-app of one noun: what does not validate becomes INVALID_PARAMS with its problems per field. */
export const newApiApp = (): OpenAPIHono<AppEnv> =>
  new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        throw new PlatformError(
          'INVALID_PARAMS',
          `The ${WHERE[result.target] ?? 'request'} does not validate.`,
          {
            details: fieldProblems(result.error),
          },
        );
      }
    },
  });

const WHERE: Record<string, string> = {
  json: 'body',
  form: 'body',
  query: 'query',
  param: 'path',
  header: 'header',
};

const EXAMPLES: Record<PlatformErrorCode, string> = {
  AUTH_FAIL: 'Sign in first: the token or session is missing, expired or revoked.',
  PERMISSION_DENIED: 'Your role does not allow call.start.',
  INVALID_PARAMS: 'The body does not validate.',
  BODY_TOO_LARGE: 'The body is larger than 65536 bytes.',
  KEY_REUSED: 'This Idempotency-Key was used with another request.',
  KEY_IN_FLIGHT: 'The first request with this Idempotency-Key is still going on.',
  NOT_FOUND: 'No such call.',
  METHOD_NOT_ALLOWED: 'This path does not know the method.',
  SLOT_BUSY: 'Slot is currently used.',
  SLOT_OFFLINE: 'None of your phones is signed in.',
  CALL_FAILED: 'The device refused the call.',
  CHANNEL_REFUSES: 'The channel takes replies only so long after the customer’s last message.',
  PIPELINE_ERROR: 'The pipeline is already running.',
  RATE_LIMITED: 'Too many attempts, try again in 30 seconds.',
  INTERNAL: 'Something went wrong on our side.',
};

/** The documented form of refusals, merged where several codes share a status. */
export function errorResponses(
  codes: readonly PlatformErrorCode[],
  body?: z.ZodType,
): RouteConfig['responses'] {
  const byStatus = new Map<number, PlatformErrorCode[]>();
  for (const code of codes)
    byStatus.set(PLATFORM_ERRORS[code].status, [...(byStatus.get(PLATFORM_ERRORS[code].status) ?? []), code]);
  const responses: RouteConfig['responses'] = {};
  for (const [status, shared] of byStatus) {
    responses[status] = {
      description: shared.map(publicCode).join(', '),
      ...(status === 429 && {
        headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to wait.' } },
      }),
      content: {
        'application/json': {
          schema: body ?? ErrorBody,
          examples: Object.fromEntries(
            shared.map((code) => [
              code,
              {
                value: {
                  ...(body === undefined && { error: true }),
                  code: publicCode(code),
                  message: EXAMPLES[code],
                },
              },
            ]),
          ),
        },
      },
    };
  }
  return responses;
}

/** What a platform route says besides what OpenAPI knows. */
interface RouteExtras {
  /** The action it asks for; `signed_in` for any signed-in user, `public` for everybody. */
  access: Action | 'signed_in' | 'public';
  /** Refusals beyond the ones that follow from `access` and the request's parts. */
  errors?: readonly PlatformErrorCode[];
  /** Most bytes of a JSON body; 64 KiB when absent. */
  bodyLimit?: number;
  /** A request without any body is fine: then the handler sees an empty object, without defaults. */
  bodyOptional?: boolean;
  /** Shape of refusals, where a family of routes has its own; without the platform's `error: true`. */
  errorBody?: z.ZodType;
  /** It stands on nothing that could fail: INTERNAL is not among its answers. */
  standsAlone?: true;
}

/**
 * A route of the platform API: signs in and asks for the action, reads and limits a JSON body, and documents every
 * refusal with an example. `responses` lists only successes: handlers throw PlatformError for the rest.
 *
 * @example
 * const show = apiRoute({
 *   method: 'get', path: '/api/call/{id}', summary: 'One call', tags: ['Calls'],
 *   access: 'call.view', errors: ['NOT_FOUND'],
 *   request: { params: z.object({ id: CallId }) },
 *   responses: { 200: json(CallBody, 'The call.') },
 * });
 * newApiApp().openapi(show, async (c) => c.json(await load(c), 200));
 */
export function apiRoute<
  P extends string,
  R extends Omit<RouteConfig, 'path' | 'middleware'> & { path: P } & RouteExtras,
>(config: R): ReturnType<typeof createRoute<P, R>> {
  const {
    access,
    errors = [],
    bodyLimit = DEFAULT_BODY_LIMIT,
    bodyOptional = false,
    errorBody,
    standsAlone = false,
    ...route
  } = config;
  const hasJson = route.request?.body !== undefined && 'application/json' in route.request.body.content;
  const middleware: MiddlewareHandler<AppEnv>[] = [];
  const codes = new Set<PlatformErrorCode>();
  if (access !== 'public') {
    middleware.push(authenticated(access === 'signed_in' ? undefined : access));
    codes.add('AUTH_FAIL');
    if (access !== 'signed_in' || route.method !== 'get') codes.add('PERMISSION_DENIED');
  }
  if (hasJson) {
    middleware.push(jsonBody(bodyLimit, bodyOptional));
    codes.add('INVALID_PARAMS').add('BODY_TOO_LARGE');
  }
  if (route.request?.query !== undefined || route.request?.params !== undefined) codes.add('INVALID_PARAMS');
  for (const code of errors) codes.add(code);
  if (!standsAlone) codes.add('INTERNAL');

  const built: RouteConfig = {
    ...route,
    middleware,
    security: access === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    ...(access !== 'public' && access !== 'signed_in' && { 'x-action': access }),
    ...(hasJson &&
      route.request?.body && {
        request: { ...route.request, body: { ...route.request.body, required: !bodyOptional } },
      }),
    responses: { ...errorResponses([...codes], errorBody), ...route.responses },
  };
  // Handlers are typed by what the caller listed: refusals are thrown, never returned.
  return createRoute(built) as unknown as ReturnType<typeof createRoute<P, R>>;
}

/** A JSON answer for `responses`, with an example where the schema has none of its own. */
export const json = <S extends z.ZodType>(schema: S, description: string, example?: z.input<S>) => ({
  description,
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
});

/** A JSON request body for `request.body`. */
export const jsonRequest = <S extends z.ZodType>(schema: S, example?: z.input<S>) => ({
  required: true,
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
});
