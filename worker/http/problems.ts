/**
 * Refusals of the three APIs of communications: RFC 9457 problem details with a code of one closed set, and `errors[]`
 * naming the fields.
 */
import { z } from '@hono/zod-openapi';
import type { RouteConfig } from '@hono/zod-openapi';
import type { PlatformError, PlatformErrorCode } from './errors';

/** Every code with its status and title; `detail` of an answer says what it was this time. */
export const PROBLEMS = {
  /** Body, query, path or header does not validate. */
  invalid_request: { status: 400, title: 'The request does not validate' },
  /** No token, or one that is forged, revoked or of an integration that is no more. */
  unauthorized: { status: 401, title: 'No good token' },
  /** A good token that is not for this. */
  forbidden: { status: 403, title: 'Not allowed' },
  /** No such thing of this tenant and provider; that of another one looks exactly the same. */
  not_found: { status: 404, title: 'No such thing' },
  method_not_allowed: { status: 405, title: 'This path does not know the method' },
  /** The app's scope `communications` is on and stays on. */
  scope_locked: { status: 409, title: 'The scope can’t be turned off' },
  /** The version of a configuration must be greater than every one before it. */
  version_not_greater: { status: 409, title: 'The version does not grow' },
  /** The same thing exists already. */
  already_exists: { status: 409, title: 'It exists already' },
  /** A condition of publication does not hold; `errors[]` names which. */
  not_publishable: { status: 409, title: 'The app can’t be published yet' },
  /** The app version has no active configuration to tie a tenant to. */
  no_configuration: { status: 409, title: 'No active configuration' },
  /** Tenants run on it. */
  in_use: { status: 409, title: 'It is in use' },
  /** The account of a channel is switched off: nothing comes or goes over it. */
  channel_inactive: { status: 409, title: 'The channel is not connected' },
  /** How far it has come is said of messages that go out to customers. */
  message_incoming: { status: 409, title: 'A customer wrote it' },
  /** There is no sandbox of this app version, or it is being removed. */
  sandbox_closed: { status: 409, title: 'The sandbox is not open' },
  /** The provider can't tell us anything: the sandbox has no good token. */
  no_token: { status: 409, title: 'There is no good token' },
  /** There are as many as there may be. */
  too_many: { status: 409, title: 'There are too many of them' },
  run_in_progress: { status: 409, title: 'The test stand is at work' },
  /** What the inbox does not take of people: `detail` says why. */
  inbox_refused: { status: 409, title: 'The inbox does not take this' },
  /** Two changes of the same thing at once: try again. */
  conflict: { status: 409, title: 'Changed by somebody else meanwhile' },
  /** The first request with this Idempotency-Key has no answer yet. */
  key_in_flight: { status: 409, title: 'The first request is still going on' },
  body_too_large: { status: 413, title: 'The body is too large' },
  /** An Idempotency-Key that was used with another request. */
  key_reused: { status: 422, title: 'The Idempotency-Key was used before' },
  /** `Retry-After` says when. */
  rate_limited: { status: 429, title: 'Too many requests' },
  /** A fault of ours; `request_id` finds it in the logs. */
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** A field, dotted where nested, and what is wrong with it. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** An expected refusal of a route of communications. */
export class ProblemError extends Error {
  constructor(
    readonly code: ProblemCode,
    detail: string,
    readonly extra: { errors?: FieldProblem[]; headers?: Record<string, string>; requestId?: string } = {},
  ) {
    super(detail);
  }
}

export const ProblemBody = z
  .object({
    type: z.string().openapi({ description: 'A URN of the code.' }),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable: clients decide by it.' }),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    request_id: z.string().optional(),
  })
  .openapi('Problem');

const bodyOf = (code: ProblemCode, detail: string): z.infer<typeof ProblemBody> => ({
  type: `urn:trunkline:problem:${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  code,
  detail,
});

const MEDIA_TYPE = 'application/problem+json';

/** A problem as a body: of an answer, or of one of several things in it. */
export const problemBody = ({ code, message, extra }: ProblemError): z.infer<typeof ProblemBody> => ({
  ...bodyOf(code, message),
  ...(extra.errors !== undefined && { errors: extra.errors }),
  ...(extra.requestId !== undefined && { request_id: extra.requestId }),
});

export function answerProblem(problem: ProblemError): Response {
  return new Response(JSON.stringify(problemBody(problem)), {
    status: PROBLEMS[problem.code].status,
    headers: { ...problem.extra.headers, 'Content-Type': MEDIA_TYPE },
  });
}

const OF_PLATFORM: Partial<Record<PlatformErrorCode, ProblemCode>> = {
  AUTH_FAIL: 'unauthorized',
  PERMISSION_DENIED: 'forbidden',
  INVALID_PARAMS: 'invalid_request',
  BODY_TOO_LARGE: 'body_too_large',
  NOT_FOUND: 'not_found',
  METHOD_NOT_ALLOWED: 'method_not_allowed',
  KEY_REUSED: 'key_reused',
  KEY_IN_FLIGHT: 'key_in_flight',
  RATE_LIMITED: 'rate_limited',
};

/** What parts shared with the platform's routes refuse, as a problem. */
export function problemOf({ code, message, extra }: PlatformError): ProblemError {
  const details = extra.details as Record<string, string[]> | undefined;
  const errors = details && Object.entries(details).flatMap(([field, texts]) => problemsOf(field, texts));
  return new ProblemError(OF_PLATFORM[code] ?? 'internal', message, {
    ...(errors !== undefined && { errors }),
    ...(extra.headers !== undefined && { headers: extra.headers }),
    ...(extra.requestId !== undefined && { requestId: extra.requestId }),
  });
}

const problemsOf = (field: string, messages: readonly string[]): FieldProblem[] =>
  messages.map((message) => ({ field, message }));

const EXAMPLES: Partial<Record<ProblemCode, string>> = {
  unauthorized: 'The client’s token is missing, forged or revoked.',
  rate_limited: 'Too many requests, try again in 2 seconds.',
  version_not_greater: 'The version must be greater than 1.4.0.',
};

/** The documented form of refusals, merged where several codes share a status. */
export function problemResponses(codes: readonly ProblemCode[]): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {};
  for (const status of new Set(codes.map((code) => PROBLEMS[code].status))) {
    const shared = codes.filter((code) => PROBLEMS[code].status === status);
    responses[status] = {
      description: shared.map((code) => `${code}: ${PROBLEMS[code].title}.`).join(' '),
      ...(status === 429 && {
        headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to wait.' } },
      }),
      content: {
        [MEDIA_TYPE]: {
          schema: ProblemBody,
          examples: Object.fromEntries(
            shared.map((code) => [
              code,
              { value: bodyOf(code, EXAMPLES[code] ?? `${PROBLEMS[code].title}.`) },
            ]),
          ),
        },
      },
    };
  }
  return responses;
}
