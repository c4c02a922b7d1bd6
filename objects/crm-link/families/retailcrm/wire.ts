/** RetailCRM's way of asking: forms with JSON texts in their fields, the key in a header, answers with `success`. */
import type { CrmAnswer } from '../../contract';
import type { CrmReply, CrmRequest, FamilyLink } from '../family';
import { isRecord } from '../replies';

const headersOf = (link: { secret: string }): Record<string, string> => ({
  'X-API-KEY': link.secret,
  Accept: 'application/json',
});

export const get = (
  link: Pick<FamilyLink, 'url' | 'secret'>,
  eventType: string,
  path: string,
  query: Record<string, string> = {},
): CrmRequest => {
  const search = new URLSearchParams(query).toString();
  return {
    eventType,
    method: 'GET',
    url: `${link.url}${path}${search === '' ? '' : `?${search}`}`,
    headers: headersOf(link),
    shown: { path, ...query },
  };
};

/** Each field's value is one JSON text: a real nested structure is refused. */
export const post = (
  link: Pick<FamilyLink, 'url' | 'secret'>,
  eventType: string,
  path: string,
  fields: Record<string, unknown>,
): CrmRequest => ({
  eventType,
  method: 'POST',
  url: `${link.url}${path}`,
  headers: { ...headersOf(link), 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
  ).toString(),
  shown: { path, ...fields },
});

/** 2xx alone is no success: the body says so as well. */
export const succeeded = (reply: CrmReply): reply is CrmReply & { body: Record<string, unknown> } =>
  reply.status !== null &&
  reply.status >= 200 &&
  reply.status < 300 &&
  isRecord(reply.body) &&
  reply.body.success === true;

/** What the CRM says is wrong, with the fields it names. */
export function words(reply: CrmReply): string {
  if (reply.status === null) return reply.error ?? 'no answer';
  if (!isRecord(reply.body)) return 'the answer is no JSON';
  const { errorMsg, errors } = reply.body;
  const text = typeof errorMsg === 'string' && errorMsg !== '' ? errorMsg : 'refused without a reason';
  if (!isRecord(errors) && !Array.isArray(errors)) return text;
  const parts = Array.isArray(errors)
    ? errors.map(String)
    : Object.entries(errors).map(([field, problem]) => `${field}: ${String(problem)}`);
  return parts.length === 0 ? text : `${text} (${parts.join('; ')})`;
}

export const refused = (reply: CrmReply): CrmAnswer<never> => ({
  ok: false,
  status: reply.status,
  error: words(reply),
});
