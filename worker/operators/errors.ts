/** Refusals of the operators' API: `{code, message}`, telephony's own status and code where it refused. */
import { z } from '@hono/zod-openapi';
import type { ErrorHandler } from 'hono';
import type { AppEnv } from '../http/context';
import { answerFault } from '../http/faults';
import { TelephonyError } from '../../objects/lib/telephony/telephony';

export const OperatorsErrorBody = z
  .object({ code: z.string(), message: z.string(), details: z.unknown().optional() })
  .openapi('OperatorsError');

/** An expected refusal of ours. */
export class OperatorsError extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 409,
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}

export const statusOf = (error: TelephonyError): number =>
  ({ refused: error.status, unavailable: 502, timeout: 504, unsupported: 501 })[error.problem];

export const codeOf = (error: TelephonyError): string =>
  error.problem === 'refused'
    ? error.code
    : error.problem === 'unsupported'
      ? 'NOT_SUPPORTED'
      : 'TELEPHONY_UNAVAILABLE';

/** Every throw of the room. */
export const answerOperatorsFault: ErrorHandler<AppEnv> = (error, c) => {
  if (error instanceof OperatorsError) {
    const { status, code, message, details } = error;
    return Response.json({ code, message, ...(details !== undefined && { details }) }, { status });
  }
  if (error instanceof TelephonyError)
    return Response.json({ code: codeOf(error), message: error.message }, { status: statusOf(error) });
  return answerFault(error, c);
};

const refusal = (description: string, code: string, message: string) => ({
  description,
  content: {
    'application/json': { schema: OperatorsErrorBody, examples: { [code]: { value: { code, message } } } },
  },
});

/** For `responses` of routes that reach telephony. */
export const TELEPHONY_ERRORS = {
  409: refusal('Telephony refused it, by its own status and code.', 'PBX_REFUSED', 'Asterisk: no such queue'),
  501: refusal(
    'This telephony can’t, or is not set up for it.',
    'NOT_SUPPORTED',
    'The path of "add" is not set.',
  ),
  502: refusal(
    'Telephony failed or can’t be reached.',
    'TELEPHONY_UNAVAILABLE',
    'The bridge is not connected.',
  ),
  504: refusal('Telephony did not answer in time.', 'TELEPHONY_UNAVAILABLE', 'No answer within 5000 ms.'),
} as const;

export const conflict = refusal;

/** The 409 of a route whose operator may lack what it takes, besides what telephony itself refuses: code → message. */
export const conflicts = (ours: Readonly<Record<string, string>>) => {
  const codes = { PBX_REFUSED: 'Asterisk: no such queue', ...ours };
  return {
    description: 'The operator lacks what it takes, or telephony refused it, by its own status and code.',
    content: {
      'application/json': {
        schema: OperatorsErrorBody,
        examples: Object.fromEntries(
          Object.entries(codes).map(([code, message]) => [code, { value: { code, message } }]),
        ),
      },
    },
  };
};
