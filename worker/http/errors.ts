/**
 * The platform API's closed set of error codes and the one shape they travel in.
 * The dialer API has its own shapes (`worker/dialer/errors.ts`).
 */
export const PLATFORM_ERRORS = {
  /** No, bad, expired or revoked token; wrong credentials. */
  AUTH_FAIL: { status: 401, retry: false },
  /** Signed in, not allowed. */
  PERMISSION_DENIED: { status: 403, retry: false },
  /** Body, query or path does not validate; malformed JSON; wrong content type. */
  INVALID_PARAMS: { status: 400, retry: false },
  /** The body is over the limit of its route; same code as other bad input, own status. */
  BODY_TOO_LARGE: { status: 413, retry: false },
  /** An Idempotency-Key that was used with another request. */
  KEY_REUSED: { status: 422, retry: false },
  /** The first request with this Idempotency-Key has no answer yet. */
  KEY_IN_FLIGHT: { status: 409, retry: true },
  /** No such thing in this tenant; another tenant's thing looks exactly the same. */
  NOT_FOUND: { status: 404, retry: false },
  /** Known path, other method. */
  METHOD_NOT_ALLOWED: { status: 405, retry: false },
  /** Slot held by a live call, a script or another user. */
  SLOT_BUSY: { status: 409, retry: true },
  /** Slot or its bridge is not connected; the phone asked for is not signed in. */
  SLOT_OFFLINE: { status: 409, retry: true },
  /** The device or PBX refused or failed the call. */
  CALL_FAILED: { status: 502, retry: true },
  /** What a chat’s channel does not take now; `details.reason` says why. */
  CHANNEL_REFUSES: { status: 409, retry: false },
  /** The run cannot start or stop as asked. */
  PIPELINE_ERROR: { status: 409, retry: false },
  /** Too many requests; `Retry-After` says when. */
  RATE_LIMITED: { status: 429, retry: true },
  /** A fault of ours; `request_id` finds it in the logs. */
  INTERNAL: { status: 500, retry: true },
} as const;

export type PlatformErrorCode = keyof typeof PLATFORM_ERRORS;
export type PlatformStatus = (typeof PLATFORM_ERRORS)[PlatformErrorCode]['status'];

/** An expected refusal, thrown by a route and turned into its answer by `answerPlatformError`. */
export class PlatformError extends Error {
  readonly status: PlatformStatus;
  constructor(
    readonly code: PlatformErrorCode,
    message: string,
    readonly extra: { details?: unknown; headers?: Record<string, string>; requestId?: string } = {},
  ) {
    super(message);
    this.status = PLATFORM_ERRORS[code].status;
  }
}

/** Codes the published set does not have; clients know them as INVALID_PARAMS and tell them apart by the status. */
const UNPUBLISHED: readonly PlatformErrorCode[] = [
  'BODY_TOO_LARGE',
  'METHOD_NOT_ALLOWED',
  'KEY_REUSED',
  'KEY_IN_FLIGHT',
  'CHANNEL_REFUSES',
];

export const publicCode = (code: PlatformErrorCode): PlatformErrorCode =>
  UNPUBLISHED.includes(code) ? 'INVALID_PARAMS' : code;

/** `{error: true, code, message, details?, request_id?}` with the status of the code. */
export function answerPlatformError(error: PlatformError): Response {
  const body: Record<string, unknown> = { error: true, code: publicCode(error.code), message: error.message };
  if (error.extra.details !== undefined) body.details = error.extra.details;
  if (error.extra.requestId !== undefined) body.request_id = error.extra.requestId;
  return Response.json(body, { status: error.status, headers: error.extra.headers });
}
