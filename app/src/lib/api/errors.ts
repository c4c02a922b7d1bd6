import { m } from '#lib/paraglide/messages.js';

/**
 * Codes the platform API answers with, and our own: NETWORK and TIMEOUT for what never reached it, NO_COOKIE for a
 * sign-in that the browser forgot at once.
 */
export type ErrorCode =
  | 'AUTH_FAIL'
  | 'PERMISSION_DENIED'
  | 'INVALID_PARAMS'
  | 'NOT_FOUND'
  | 'SLOT_BUSY'
  | 'SLOT_OFFLINE'
  | 'CALL_FAILED'
  | 'PIPELINE_ERROR'
  | 'RATE_LIMITED'
  | 'INTERNAL'
  | 'NETWORK'
  | 'TIMEOUT'
  | 'NO_COOKIE';

const KNOWN: ReadonlySet<string> = new Set<ErrorCode>([
  'AUTH_FAIL',
  'PERMISSION_DENIED',
  'INVALID_PARAMS',
  'NOT_FOUND',
  'SLOT_BUSY',
  'SLOT_OFFLINE',
  'CALL_FAILED',
  'PIPELINE_ERROR',
  'RATE_LIMITED',
  'INTERNAL',
]);

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'INVALID_PARAMS',
  401: 'AUTH_FAIL',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'INVALID_PARAMS',
  413: 'INVALID_PARAMS',
  415: 'INVALID_PARAMS',
  423: 'RATE_LIMITED',
  429: 'RATE_LIMITED',
};

/** A refusal or a failure of one request, whichever API it came from. `status` is 0 when nothing answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: ErrorCode,
    readonly status: number,
    /** The server's own words, in English; shown only as a detail. */
    message: string,
    readonly details: unknown = null,
    /** Seconds after which a repeat makes sense, from `Retry-After`. */
    readonly retryAfter: number | null = null,
    /** The server's own code, also where it is none of those above. */
    readonly said: string | null = null,
  ) {
    super(message);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/**
 * Reads a refusal: the platform's `{error, code, message, details?}` or the dialer's (DRF) `{detail}` and
 * `{field: ["…"]}`. A body that is neither still becomes an error of its status.
 */
export async function readError(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get('Retry-After'));
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  let body: unknown = null;
  try {
    body = await response.clone().json();
  } catch {
    // Not JSON: a proxy's page, or a cut answer. The status says enough.
  }
  const byStatus = BY_STATUS[response.status] ?? 'INTERNAL';
  if (!isRecord(body)) return new ApiError(byStatus, response.status, response.statusText, null, retryAfter);
  const said = typeof body.code === 'string' ? body.code : null;
  const isOurs = said === null || KNOWN.has(said);
  // Operators' telephony says no with its own status and code: its 401 is not the end of our session.
  const isForeign = !isOurs && response.url.includes('/callcenter_operators/');
  const code = isForeign ? 'CALL_FAILED' : said !== null && isOurs ? (said as ErrorCode) : byStatus;
  const text = [body.message, body.detail].find((value) => typeof value === 'string');
  const words = text ?? response.statusText;
  return new ApiError(code, response.status, words, body.details ?? body, retryAfter, said);
}

/** Turns whatever was thrown on the way into an ApiError. */
export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  if (cause instanceof DOMException && cause.name === 'TimeoutError')
    return new ApiError('TIMEOUT', 0, cause.message);
  // fetch rejects with TypeError when the host can't be reached; anything else is a fault of ours.
  if (cause instanceof TypeError) return new ApiError('NETWORK', 0, cause.message);
  return new ApiError('INTERNAL', 0, cause instanceof Error ? cause.message : String(cause));
}

/** What a bridge said when it refused: its own code and words, which travel in `details`; null of other errors. */
export function bridgeRefusal({ code: answer, details }: ApiError): { code: string; words: string } | null {
  const said = isRecord(details) && Array.isArray(details.bridge) ? String(details.bridge[0]) : '';
  const [, code = '', words = ''] = /^([A-Z_]+): (.*)$/s.exec(said) ?? [];
  if (code !== '') return { code, words };
  // The edge knew without asking that none of the bridges in question is connected.
  return said !== '' && answer === 'SLOT_OFFLINE' ? { code: 'OFFLINE', words: said } : null;
}

/** A bridge's refusal in the current language. */
export function refusalText({ code, words }: { code: string; words: string }): string {
  switch (code) {
    case 'OFFLINE':
      return m.error_bridge_offline();
    case 'PBX_OFFLINE':
      return m.error_pbx_offline();
    case 'DEADLINE':
      return m.error_bridge_late();
    case 'OUTCOME_UNKNOWN':
      return m.error_bridge_unsure();
    case 'SLOT_OFFLINE':
      return m.error_slot_offline();
    case 'SLOT_BUSY':
    case 'FENCED':
      return m.error_slot_busy();
    default:
      return m.error_bridge_said({ words });
  }
}

/** What operators' telephony answered, or why it was not even asked, in the current language; null of other errors. */
function telephonyText({ said, code, status, message }: ApiError): string | null {
  switch (said) {
    case 'TELEPHONY_UNAVAILABLE':
      return status === 504 ? m.error_telephony_late() : m.error_telephony_unavailable({ words: message });
    case 'NOT_SUPPORTED':
      return m.error_telephony_unsupported({ words: message });
    case 'NOT_IN_TELEPHONY':
      return m.error_not_in_telephony();
    case 'IN_TELEPHONY':
      return m.error_in_telephony();
    case 'NOT_CONNECTED':
      return m.error_not_on_line();
    case 'NO_QUEUES':
      return m.error_no_queues();
    case 'NO_EXTENSION':
      return m.error_no_extension();
    case 'NO_AGENT':
      return m.error_no_agent();
    case 'EXTENSION_TAKEN':
      return m.error_extension_taken();
    default:
      return (status === 409 || code === 'CALL_FAILED') && said !== null && !KNOWN.has(said)
        ? m.error_telephony_said({ words: message })
        : null;
  }
}

/** What a person reads, in the current language. */
export function errorText(error: ApiError): string {
  const refusal = bridgeRefusal(error);
  if (refusal) return refusalText(refusal);
  const ofTelephony = telephonyText(error);
  if (ofTelephony !== null) return ofTelephony;
  switch (error.code) {
    case 'AUTH_FAIL':
      return m.error_auth_fail();
    case 'PERMISSION_DENIED':
      return m.error_permission_denied();
    case 'INVALID_PARAMS':
      return m.error_invalid_params();
    case 'NOT_FOUND':
      return m.error_not_found();
    case 'SLOT_BUSY':
      return m.error_slot_busy();
    case 'SLOT_OFFLINE':
      return m.error_slot_offline();
    case 'CALL_FAILED':
      return m.error_call_failed();
    case 'PIPELINE_ERROR':
      return m.error_pipeline();
    case 'RATE_LIMITED':
      return error.retryAfter === null
        ? m.error_rate_limited()
        : m.error_rate_limited_for({ seconds: error.retryAfter });
    case 'NETWORK':
      return m.error_network();
    case 'TIMEOUT':
      return m.error_timeout();
    case 'NO_COOKIE':
      return m.error_no_cookie();
    case 'INTERNAL':
      return m.error_internal();
  }
}

/** Whether a repeat of the same request could succeed. */
export const isRetryable = (error: ApiError): boolean =>
  ['NETWORK', 'TIMEOUT', 'INTERNAL', 'RATE_LIMITED', 'SLOT_BUSY', 'SLOT_OFFLINE', 'CALL_FAILED'].includes(
    error.code,
  );
