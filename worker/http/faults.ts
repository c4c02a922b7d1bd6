import type { Context, ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { serveApp } from './app-files';
import type { AppEnv } from './context';
import { answerPlatformError, PlatformError, publicCode } from './errors';
import { allowedMethods, type MountedRoute } from './allowed-methods';
import { apiOf, type ApiFamily } from './families';
import { answerProblem, ProblemError, problemOf } from './problems';

/**
 * Answers in the shape of the API that was asked. `detail` for the dialer's clients and the Asterisk service's, `error` for the
 * PBX's, a number for Engine.IO's.
 */
function refuse(family: ApiFamily, error: PlatformError): Response {
  if (family === 'dialer' || family === 'service')
    return Response.json({ detail: error.message }, { status: error.status, headers: error.extra.headers });
  if (family === 'pbx')
    return Response.json({ error: error.message }, { status: error.status, headers: error.extra.headers });
  // Engine.IO's own "Bad request": its clients read nothing else.
  if (family === 'engine')
    return Response.json(
      { code: 3, message: error.message },
      { status: error.status, headers: error.extra.headers },
    );
  if (family === 'operators') {
    const { details, requestId, headers } = error.extra;
    const body = { code: publicCode(error.code), message: error.message, details, request_id: requestId };
    return Response.json(body, { status: error.status, headers });
  }
  if (family === 'communications') return answerProblem(problemOf(error));
  return answerPlatformError(error);
}

/** What a fault of ours says to the client: nothing of the inside, and an id that finds the entry in the log. */
function internalFault(error: Error, request: Request, path: string): PlatformError {
  const requestId = crypto.randomUUID();
  // The path without its query: tokens travel there in some of the dialer's requests.
  console.error(`request ${requestId}: ${request.method} ${path} failed: ${error.stack ?? error.message}`);
  return new PlatformError('INTERNAL', 'Something went wrong on our side.', { requestId });
}

/** Every throw of a route that its own room did not turn into an answer. */
export const answerFault: ErrorHandler<AppEnv> = (error, c) => {
  const family = apiOf(c.req.path);
  if (error instanceof ProblemError) return answerProblem(error);
  if (error instanceof PlatformError) return refuse(family, error);
  if (error instanceof HTTPException && error.status < 500) {
    return refuse(family, new PlatformError('INVALID_PARAMS', error.message));
  }
  return refuse(family, internalFault(error, c.req.raw, c.req.path));
};

/** A path no route knows: the app's files and pages, 405 where only the method is wrong, else 404. */
export async function answerNoRoute(c: Context<AppEnv>, routes: readonly MountedRoute[]): Promise<Response> {
  const { path, method, raw } = c.req;
  const family = apiOf(path);
  if (family === 'app') {
    if (method === 'GET' || method === 'HEAD') return serveApp(raw, c.env);
    return refuse('platform', methodNotAllowed(method, ['GET', 'HEAD']));
  }
  const allowed = allowedMethods(routes, path);
  if (allowed.length > 0) return refuse(family, methodNotAllowed(method, allowed));
  return refuse(family, new PlatformError('NOT_FOUND', family === 'dialer' ? 'Not found.' : 'No such path.'));
}

const methodNotAllowed = (method: string, allowed: readonly string[]): PlatformError =>
  new PlatformError('METHOD_NOT_ALLOWED', `Method "${method}" not allowed.`, {
    headers: { Allow: allowed.join(', ') },
  });
