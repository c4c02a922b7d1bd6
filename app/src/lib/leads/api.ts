import { api, body } from '#lib/api/client.js';
import type { Call } from '#lib/api/model.js';
import { ApiError } from '#lib/api/errors.js';
import { sendFile } from '#lib/api/send-file.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type { Lead, LeadChange, LeadImport, LeadStatus, RowProblem, Seller } from './model';

export interface LeadFilter {
  q?: string;
  status?: string;
  /** Id, user name, `me` or `none`. */
  assigned_seller?: string;
  sort?: 'created' | 'next_action';
  due_before?: string;
  deleted?: '1';
}

export const listLeads = (filter: LeadFilter, page: PageRequest, signal?: AbortSignal): Promise<Page<Lead>> =>
  body(api.GET('/api/crm/leads', { params: { query: { ...filter, ...page } }, signal }));

/** Where the server gives the same list as a file. */
export const exportHref = (filter: LeadFilter): string =>
  `/api/crm/leads/export?${new URLSearchParams({ ...filter }).toString()}`;

export const getLead = (id: string, signal?: AbortSignal): Promise<Lead> =>
  body(api.GET('/api/crm/leads/{id}', { params: { path: { id } }, signal }));

/** What a form holds; null empties a field. */
export interface LeadInput {
  number: string;
  name: string | null;
  email: string | null;
  company: string | null;
  source: string | null;
  comment: string | null;
  time_zone: string | null;
  status: string;
  assigned_seller: string | null;
  next_action: { at: string; text: string | null } | null;
}

export const addLead = (lead: Partial<LeadInput> & { number: string }): Promise<Lead> =>
  body(api.POST('/api/crm/leads', { body: lead }));

export const changeLead = (id: string, change: Partial<LeadInput>): Promise<Lead> =>
  body(api.PATCH('/api/crm/leads/{id}', { params: { path: { id } }, body: change }));

/** For 30 days it can be restored. */
export async function deleteLead(id: string): Promise<void> {
  await api.DELETE('/api/crm/leads/{id}', { params: { path: { id } } });
}

export const restoreLead = (id: string): Promise<Lead> =>
  body(api.POST('/api/crm/leads/{id}/restore', { params: { path: { id } } }));

export interface BulkChange {
  status?: string;
  assigned_seller?: string | null;
  delete?: true;
}

/** Ids of the leads that are not as they were. */
export const changeLeads = async (ids: string[], change: BulkChange): Promise<string[]> =>
  (await body(api.POST('/api/crm/leads/bulk', { body: { ids, ...change } }))).changed;

export const leadHistory = (id: string, page: PageRequest, signal?: AbortSignal): Promise<Page<LeadChange>> =>
  body(api.GET('/api/crm/leads/{id}/history', { params: { path: { id }, query: page }, signal }));

/** Whose number it is; `held_by` a colleague whose lead one may not see. */
export const lookUp = (
  number: string,
  signal?: AbortSignal,
): Promise<{ number: string | null; lead: Lead | null; held_by: Seller | null }> =>
  body(api.GET('/api/crm/leads/lookup', { params: { query: { number } }, signal }));

/** Calls with a number, newest first, as far as one may see them. */
export async function callsWith(
  number: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Call>> {
  const answer = await body(
    api.GET('/api/calls', { params: { query: { number, format: 'json', ...page } }, signal }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return { items: answer.calls, next: answer.next };
}

export const listSellers = async (signal?: AbortSignal): Promise<Seller[]> =>
  (await body(api.GET('/api/crm/sellers', { signal }))).items;

export const listStatuses = async (signal?: AbortSignal): Promise<LeadStatus[]> =>
  (await body(api.GET('/api/crm/statuses', { signal }))).items;

export interface StatusInput {
  name?: string | null;
  kind?: LeadStatus['kind'];
  color?: LeadStatus['color'];
  hidden?: boolean;
  /** 0 is the first. */
  position?: number;
}

export const addStatus = async (status: StatusInput & { key: string; name: string }): Promise<LeadStatus[]> =>
  (await body(api.POST('/api/crm/statuses', { body: status }))).items;

export const changeStatus = async (key: string, change: StatusInput): Promise<LeadStatus[]> =>
  (await body(api.PATCH('/api/crm/statuses/{key}', { params: { path: { key } }, body: change }))).items;

export async function deleteStatus(key: string): Promise<void> {
  await api.DELETE('/api/crm/statuses/{key}', { params: { path: { key } } });
}

export interface ImportInput {
  file_name: string;
  size: number;
  on_duplicate: LeadImport['on_duplicate'];
  status?: string;
  assigned_seller?: string;
  source?: string;
}

export const startImport = (input: ImportInput): Promise<LeadImport> =>
  body(api.POST('/api/crm/imports', { body: input }));

/** Answers when the last row is in. */
export const sendImport = (
  { id, file, charset }: { id: string; file: File; charset: string },
  onprogress: (share: number) => void,
  signal: AbortSignal,
): Promise<LeadImport> =>
  sendFile({
    path: `/api/crm/imports/${id}/file`,
    file,
    contentType: `text/csv; charset=${charset}`,
    onprogress,
    signal,
  });

export const getImport = (id: string, signal?: AbortSignal): Promise<LeadImport> =>
  body(api.GET('/api/crm/imports/{id}', { params: { path: { id } }, signal }));

export const listImports = (page: PageRequest, signal?: AbortSignal): Promise<Page<LeadImport>> =>
  body(api.GET('/api/crm/imports', { params: { query: page }, signal }));

/** What came in stays. */
export const cancelImport = (id: string): Promise<LeadImport> =>
  body(api.POST('/api/crm/imports/{id}/cancel', { params: { path: { id } } }));

/** Rows that were not taken, in the file's order. */
export async function importProblems(
  id: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<RowProblem> & { cut: boolean }> {
  const { cursor, limit } = page;
  const query = {
    ...(cursor !== undefined && { cursor: Number(cursor) }),
    ...(limit !== undefined && { limit }),
  };
  const answer = await body(
    api.GET('/api/crm/imports/{id}/problems', { params: { path: { id }, query }, signal }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return { ...answer, next: answer.next === null ? null : String(answer.next) };
}

/** The same as a file. */
export async function problemsCsv(id: string): Promise<Blob> {
  const { data } = await api.GET('/api/crm/imports/{id}/problems', {
    params: { path: { id } },
    headers: { Accept: 'text/csv' },
    parseAs: 'blob',
  });
  if (!(data instanceof Blob)) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}
