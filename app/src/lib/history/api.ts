import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Call, CallDirection, CallOutcome, CallStatus } from '#lib/api/model.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

export interface HistoryFilter {
  from?: string;
  to?: string;
  status?: CallStatus;
  outcome?: CallOutcome | 'none';
  direction?: CallDirection;
  source?: Call['source'];
  user?: string;
  slot?: number;
  number?: string;
}

/** A page of the history; `searchedTo`: how far back it was looked, null when through everything. */
export interface HistoryPage extends Page<Call> {
  searchedTo: string | null;
}

/** By the moment they began, newest first. */
export async function listCalls(
  filter: HistoryFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<HistoryPage> {
  const answer = await body(
    api.GET('/api/calls', { params: { query: { ...filter, ...page, format: 'json' } }, signal }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return { items: answer.calls, next: answer.next, searchedTo: answer.searched_to };
}

/** Where the browser itself fetches every call that fits as a file: however large, it does not pass through the page. */
export function callsFile(filter: HistoryFilter): string {
  const query = new URLSearchParams({ format: 'csv' });
  for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
  return `/api/calls?${query}`;
}
