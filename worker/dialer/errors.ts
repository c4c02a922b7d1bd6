/**
 * The dialer API's errors: JSON in the shapes of Django REST Framework and djangorestframework-simplejwt, which the
 * app parses. Every refusal carries a string `detail` or, for a body's fields, lists of strings by field name.
 */
import type { FieldErrors } from './fields';

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="api"' };

/** An expected refusal, thrown by an endpoint and turned into its answer by `answerDialerError`. */
export class DialerError extends Error {
  constructor(
    readonly status: number,
    readonly body: Record<string, unknown>,
    readonly headers: Record<string, string> = {},
  ) {
    super(typeof body.detail === 'string' ? body.detail : `dialer ${status}`);
  }
}

export const answerDialerError = (error: DialerError): Response =>
  Response.json(error.body, {
    status: error.status,
    headers: { ...error.headers, 'Cache-Control': 'no-store' },
  });

const simple =
  (status: number, fallback: string) =>
  (detail = fallback, headers?: Record<string, string>) =>
    new DialerError(status, { detail }, headers);

/** 400 with the problems of each field. */
export const invalidFields = (errors: FieldErrors) => new DialerError(400, errors);
/** 400 about the request as a whole. */
export const badRequest = simple(400, 'Malformed request.');
/** 400 for a body that is no JSON; `reason` is the parser's own. */
export const brokenJson = (reason: string) => badRequest(`JSON parse error - ${reason}`);
/** 403 for somebody known. */
export const forbidden = simple(403, 'You do not have permission to perform this action.');
export const notFound = simple(404, 'Not found.');
export const tooLarge = simple(413, 'Request body is too large.');
/** 423 after too many failed sign-ins. */
export const locked = (retryAfterSec: number) =>
  new DialerError(
    423,
    { detail: 'Too many failed sign-in attempts. Try again later.' },
    { 'Retry-After': String(retryAfterSec) },
  );
/** 429 for endpoints the app survives it on; never used on refresh and pull. */
export const throttled = (retryAfterSec: number) =>
  new DialerError(
    429,
    {
      detail: `Request was throttled. Expected available in ${retryAfterSec} second${retryAfterSec === 1 ? '' : 's'}.`,
    },
    { 'Retry-After': String(retryAfterSec) },
  );
export const unsupportedMediaType = (type: string) =>
  new DialerError(415, { detail: `Unsupported media type "${type}" in request.` });
export const methodNotAllowed = (method: string, allow: readonly string[]) =>
  new DialerError(405, { detail: `Method "${method}" not allowed.` }, { Allow: allow.join(', ') });
/** 500 that says nothing of the inside; `requestId` finds it in the logs. */
export const serverError = (requestId: string) =>
  new DialerError(500, { detail: 'A server error occurred.', request_id: requestId });

/** 401 without any credentials. */
export const notAuthenticated = () =>
  new DialerError(401, { detail: 'Authentication credentials were not provided.' }, CHALLENGE);
/** 401 for a wrong user name or password; never says which. */
export const badCredentials = () =>
  new DialerError(401, { detail: 'No active account found with the given credentials' }, CHALLENGE);
/** 401 for an Authorization header of three words or one. */
export const badAuthorizationHeader = () =>
  new DialerError(
    401,
    {
      detail: 'Authorization header must contain two space-delimited values',
      code: 'bad_authorization_header',
    },
    CHALLENGE,
  );

/**
 * 401 for a bad, expired, revoked or misused token.
 * @param kind which token was expected.
 * @param message the library's words: "Token is invalid", "Token is expired", "Token has wrong type".
 */
export function tokenNotValid(kind: 'access' | 'refresh', message = 'Token is invalid'): DialerError {
  const token_class = kind === 'access' ? 'AccessToken' : 'RefreshToken';
  return new DialerError(
    401,
    {
      detail: kind === 'access' ? 'Given token not valid for any token type' : message,
      code: 'token_not_valid',
      messages: [{ token_class, token_type: kind, message }],
    },
    CHALLENGE,
  );
}
