import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type {
  Check,
  Definition,
  Input,
  LogEntry,
  Overview,
  Pipeline,
  Run,
  RunDetail,
  Severity,
} from './model';

/** The log comes as text as well, for those who ask for that. */
async function asJson<T>(answer: Promise<T | string>): Promise<T> {
  const found = await answer;
  if (typeof found === 'string') throw new ApiError('INTERNAL', 0, 'a log answered as text');
  return found;
}

const at = (id: string) => ({ path: { id } });

/** By name. */
export const listPipelines = (signal?: AbortSignal): Promise<Pipeline[]> =>
  body(api.GET('/api/dci/pipelines', { signal }));

export const getPipeline = (id: string, signal?: AbortSignal): Promise<Definition> =>
  body(api.GET('/api/dci/pipelines/{id}', { params: at(id), signal }));

export const getOverview = (signal?: AbortSignal): Promise<Overview> =>
  body(api.GET('/api/dci/status', { signal }));

/** What is wrong with a draft, whatever its shape, and when it would run next. */
export const checkPipeline = (draft: Record<string, unknown>, signal?: AbortSignal): Promise<Check> =>
  body(api.POST('/api/dci/pipelines/check', { body: draft, signal }));

/** Throws ApiError: INVALID_PARAMS with the problems by field, PERMISSION_DENIED for steps one may not do by hand. */
export const createPipeline = (input: Input): Promise<Definition> =>
  body(api.POST('/api/dci/pipelines', { body: input }));

export const replacePipeline = (id: string, input: Input): Promise<Definition> =>
  body(api.PUT('/api/dci/pipelines/{id}', { params: at(id), body: input }));

export async function removePipeline(id: string): Promise<void> {
  await api.DELETE('/api/dci/pipelines/{id}', { params: at(id) });
}

export const startRun = (id: string): Promise<RunDetail> =>
  body(api.POST('/api/dci/pipeline/{id}/run', { params: at(id) }));

export const stopRun = (id: string, reason: string): Promise<RunDetail> =>
  body(api.POST('/api/dci/pipeline/{id}/stop', { params: at(id), body: { reason } }));

/** Newest first. */
export const listRuns = (id: string, page: PageRequest, signal?: AbortSignal): Promise<Page<Run>> =>
  body(api.GET('/api/dci/pipeline/{id}/runs', { params: { path: { id }, query: page }, signal }));

export const getRun = (id: string, signal?: AbortSignal): Promise<RunDetail> =>
  body(api.GET('/api/dci/runs/{id}', { params: at(id), signal }));

export const retryRun = (id: string): Promise<RunDetail> =>
  body(api.POST('/api/dci/runs/{id}/retry', { params: at(id) }));

export const decide = (id: string, step: number, approve: boolean, comment: string): Promise<RunDetail> =>
  body(api.POST('/api/dci/runs/{id}/approval', { params: at(id), body: { step, approve, comment } }));

/** Every line after number `after`, in order. */
export async function readRunLog(id: string, after: number, signal?: AbortSignal): Promise<LogEntry[]> {
  const lines: LogEntry[] = [];
  for (let from = after; ;) {
    const query = { after: from, limit: 1_000 };
    const { items, next } = await asJson(
      body(api.GET('/api/dci/runs/{id}/log', { params: { path: { id }, query }, signal })),
    );
    lines.push(...items);
    if (next === null) return lines;
    from = next;
  }
}

export interface LogFilter {
  module?: string;
  severity?: Severity;
  q?: string;
}

/** Newest first. The cursor is the number of the oldest entry seen. */
export async function listLog(
  filter: LogFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<LogEntry>> {
  const query = {
    ...filter,
    ...(page.limit !== undefined && { limit: page.limit }),
    ...(page.cursor !== undefined && { before: Number(page.cursor) }),
  };
  const { items, next } = await asJson(body(api.GET('/api/dci/logs', { params: { query }, signal })));
  return { items, next: next === null ? null : String(next) };
}
