import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './schema';
import { ApiError, asApiError, readError } from './errors';

/** No request of a screen may hang for ever; long jobs answer at once and report over the live feed. */
const REQUEST_LIMIT_MS = 20_000;

type Listener = () => void;
let onSignedOut: Listener = () => {};

/** Registers what happens when the server no longer knows our session. */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

/** These answer 401 for reasons of their own: wrong password, or simply nobody signed in yet. */
const OWN_401 = new Set(['/api/auth/login', '/api/auth/logout']);

const refusals: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const error = await readError(response);
    if (error.code === 'AUTH_FAIL' && !OWN_401.has(schemaPath)) onSignedOut();
    throw error;
  },
  onError({ error }) {
    return asApiError(error);
  },
};

const limited = (request: Request): Promise<Response> =>
  fetch(
    new Request(request, {
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
    }),
  );

/**
 * The typed client of our own API. The session travels in an HttpOnly cookie; `X-Trunkline` proves that the
 * request was made by a script of this origin, which a foreign form or link cannot add.
 */
export const api = createClient<paths>({ baseUrl: '/', headers: { 'X-Trunkline': '1' }, fetch: limited });
api.use(refusals);

/** The body of an answer, or a thrown ApiError: never undefined. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}
