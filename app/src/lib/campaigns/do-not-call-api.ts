import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import { sendFile } from '#lib/api/send-file.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type { DialLimits, DoNotCall, DoNotCallImported } from './model';

export interface DoNotCallPage extends Page<DoNotCall> {
  /** Of the whole list, whatever is looked for. */
  total: number;
}

/** By number. */
export async function listDoNotCall(
  q: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<DoNotCallPage> {
  const answer = await body(
    api.GET('/api/autodialer/do-not-call', {
      params: { query: { ...(q && { q }), ...page, format: 'json' } },
      signal,
    }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return answer;
}

/** Where the browser fetches the list as a file by itself. */
export const doNotCallFile = (q: string): string =>
  `/api/autodialer/do-not-call?${new URLSearchParams({ ...(q && { q }), format: 'csv' })}`;

/** One that is on the list already gets the new reason and end. */
export const addDoNotCall = (entry: {
  number: string;
  reason: string | null;
  until: string | null;
}): Promise<DoNotCall> => body(api.POST('/api/autodialer/do-not-call', { body: entry }));

export async function removeDoNotCall(number: string): Promise<void> {
  await api.DELETE('/api/autodialer/do-not-call/{number}', { params: { path: { number } } });
}

export const importDoNotCall = (
  file: File,
  onprogress: (share: number) => void,
  signal: AbortSignal,
): Promise<DoNotCallImported> =>
  sendFile({ path: '/api/autodialer/do-not-call/import', file, contentType: 'text/csv', onprogress, signal });

export const getLimits = (signal?: AbortSignal): Promise<DialLimits> =>
  body(api.GET('/api/autodialer/limits', { signal }));

export const saveLimits = (limits: DialLimits): Promise<DialLimits> =>
  body(api.PUT('/api/autodialer/limits', { body: limits }));
