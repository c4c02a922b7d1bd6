import type { Outcome } from '../machine';
import type { CrmReply } from './family';

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an answer other than a success says of the CRM, by its status alone; `words` are the CRM's own. */
export function refusalOf(
  reply: CrmReply,
  words: string,
): Exclude<Outcome, { kind: 'delivered' | 'skipped' }> {
  const { status } = reply;
  const after = reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs };
  if (status === null) return { kind: 'failed', error: reply.error ?? 'no answer' };
  const error = `${status}: ${words}`;
  if (status === 401 || status === 403) return { kind: 'rejected', error, httpStatus: status };
  if (status === 429) return { kind: 'limited', error, ...after };
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'refused', error };
  return { kind: 'failed', error, ...after };
}
