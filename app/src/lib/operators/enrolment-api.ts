import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { components } from '#lib/api/schema.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

const ROOT = '/callcenter_operators/v1/admin/enrolments';

export type Enrolment = components['schemas']['OperatorEnrolment'];
export type EnrolmentItem = components['schemas']['OperatorEnrolmentItem'];
export type EnrolmentResult = EnrolmentItem['result'];

/** The newest first. */
export const getEnrolments = async (signal?: AbortSignal): Promise<Enrolment[]> =>
  (await body(api.GET(ROOT, { signal }))).enrolments;

/** `all`: those who should have an account as well. One that goes on already is joined. */
export const startEnrolment = (
  include: Enrolment['include'],
): Promise<{ enrolment: Enrolment; joined: boolean }> => body(api.POST(ROOT, { body: { include } }));

export const stopEnrolment = (id: string): Promise<Enrolment> =>
  body(api.POST(`${ROOT}/{id}/stop`, { params: { path: { id } } }));

/** Goes on with who was left and who failed; one that waits for telephony asks it now. */
export const resumeEnrolment = (id: string): Promise<Enrolment> =>
  body(api.POST(`${ROOT}/{id}/resume`, { params: { path: { id } } }));

export async function enrolmentReport(
  id: string,
  result: EnrolmentResult | '',
  { cursor, limit }: PageRequest,
  signal?: AbortSignal,
): Promise<Page<EnrolmentItem>> {
  const query = {
    ...(result && { result }),
    ...(cursor !== undefined && { after: Number(cursor) }),
    ...(limit !== undefined && { limit }),
    format: 'json' as const,
  };
  const answer = await body(api.GET(`${ROOT}/{id}/report`, { params: { path: { id }, query }, signal }));
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a report was asked for and a file came');
  return { items: answer.items, next: answer.next === null ? null : String(answer.next) };
}

/** Where the server gives the report as a file. */
export const enrolmentFile = (id: string, result: EnrolmentResult | ''): string =>
  `${ROOT}/${encodeURIComponent(id)}/report?${new URLSearchParams({ ...(result && { result }), format: 'csv' }).toString()}`;
