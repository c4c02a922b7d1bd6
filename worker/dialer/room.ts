import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import type { DialerCall, Endpoint } from './endpoint';
import { answerDialerError, DialerError, methodNotAllowed, notFound, serverError } from './errors';
import { anyIdentity, phoneIdentity } from './identity';

/** One path for all its spellings: without `/v1`, without the trailing slash. */
export function canonicalPath(path: string): string {
  const versionless = path.startsWith('/api/v1/') ? `/api/${path.slice('/api/v1/'.length)}` : path;
  return versionless.length > 1 && versionless.endsWith('/') ? versionless.slice(0, -1) : versionless;
}

const PATTERNS = [
  '/api/token',
  '/api/token/*',
  '/api/phone',
  '/api/phone/*',
  '/api/v1/token',
  '/api/v1/token/*',
  '/api/v1/phone',
  '/api/v1/phone/*',
  '/phone/call',
  '/phone/call/',
];

/**
 * The dialer API as a sub-app. Every path answers with and without its trailing slash and under `/api/v1`, never by
 * a redirect, and every answer is the one its clients parse.
 */
export function dialerRoom(endpoints: readonly Endpoint[]): OpenAPIHono<AppEnv> {
  const table = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) table.set(endpoint.path, [...(table.get(endpoint.path) ?? []), endpoint]);

  const app = new OpenAPIHono<AppEnv>();
  const answerCall = async (c: Context<AppEnv>): Promise<Response> => {
    try {
      return await dispatch(table, c);
    } catch (error) {
      return answerThrown(error, c);
    }
  };
  for (const pattern of PATTERNS) app.all(pattern, answerCall);
  for (const endpoint of endpoints) document(app, endpoint);
  return app;
}

async function dispatch(table: ReadonlyMap<string, Endpoint[]>, c: Context<AppEnv>): Promise<Response> {
  const { raw: request, path } = c.req;
  const known = table.get(canonicalPath(path));
  if (known === undefined) throw notFound();
  // A HEAD is its GET without the body.
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const endpoint = known.find((candidate) => candidate.method === method);
  if (endpoint === undefined) throw methodNotAllowed(request.method, allowed(known));
  const call: DialerCall = { request, env: c.env, now: Date.now(), url: new URL(request.url) };
  const response = await run(endpoint, call);
  if (request.method !== 'HEAD') return response;
  await response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}

async function run(endpoint: Endpoint, call: DialerCall): Promise<Response> {
  if (endpoint.who === 'public') return endpoint.run(call);
  const who = endpoint.who === 'phone' ? phoneIdentity : anyIdentity;
  return endpoint.run({ ...call, identity: await who(call.request, call.env, call.now) });
}

const allowed = (known: readonly Endpoint[]): string[] =>
  known.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));

function answerThrown(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof DialerError) return answerDialerError(error);
  if (error instanceof PlatformError) {
    return answerDialerError(new DialerError(error.status, { detail: error.message }, error.extra.headers));
  }
  const requestId = crypto.randomUUID();
  // The path without its query, which may hold a token.
  console.error(`request ${requestId}: ${c.req.method} ${c.req.path} failed:`, error);
  return answerDialerError(serverError(requestId));
}

const Detail = z
  .object({ detail: z.string() })
  .openapi('DialerDetail', { example: { detail: 'Not found.' } });
const FieldProblems = z
  .record(z.string(), z.union([z.array(z.string()), z.string()]))
  .openapi('DialerFieldProblems', { example: { device_id: ['This field is required.'] } });

const REFUSALS: Record<number, string> = {
  400: 'Problems by field, or `detail` for a body that is no JSON.',
  401: 'No token, or one that is not valid (`code: token_not_valid`).',
  403: 'Not allowed.',
  404: 'Not found, or not this user’s.',
  405: 'Known path, other method; see Allow.',
  409: 'None of the user’s phones is signed in.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  423: 'Too many failed sign-ins; see Retry-After.',
  429: 'Too many requests; see Retry-After.',
};

function document(app: OpenAPIHono<AppEnv>, { path, method, who, doc }: Endpoint): void {
  const statuses = new Set<number>([405, ...(doc.errors ?? [])]);
  if (doc.body !== undefined) for (const status of [400, 413, 415]) statuses.add(status);
  if (doc.query !== undefined && doc.takesAnyQuery !== true) statuses.add(400);
  if (who !== 'public') statuses.add(401);
  const refusals = [...statuses]
    .sort((a, b) => a - b)
    .map((status) => [
      status,
      {
        description: REFUSALS[status] ?? '',
        content: { 'application/json': { schema: status === 400 ? FieldProblems : Detail } },
      },
    ]);
  const ok =
    typeof doc.answer === 'string'
      ? { [doc.answer]: { schema: z.string().openapi({ format: 'binary' }) } }
      : {
          'application/json': {
            schema: doc.schema ?? z.record(z.string(), z.unknown()),
            example: doc.answer,
          },
        };
  app.openAPIRegistry.registerPath({
    method: method === 'GET' ? 'get' : 'post',
    path: `${path}/`,
    summary: doc.summary,
    ...(doc.description !== undefined && { description: doc.description }),
    tags: ['Dialer app'],
    security: who === 'public' ? [] : who === 'phone' ? [{ bearer: [] }] : [{ bearer: [] }, { cookie: [] }],
    request: {
      ...(doc.query !== undefined && {
        query: z.object(
          Object.fromEntries(
            Object.entries(doc.query).map(([k, v]) => [k, z.string().optional().openapi({ example: v })]),
          ),
        ),
      }),
      ...(doc.body !== undefined && {
        body: {
          required: true,
          content: {
            'application/json': { schema: z.unknown().openapi({ type: 'object' }), example: doc.body },
          },
        },
      }),
    },
    responses: { 200: { description: 'Done.', content: ok }, ...Object.fromEntries(refusals) },
  });
}
