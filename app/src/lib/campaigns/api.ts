import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import { sendFile } from '#lib/api/send-file.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type {
  Attempt,
  AttemptOutcome,
  Campaign,
  CampaignProgress,
  CampaignSettings,
  Lead,
  LeadImport,
  LeadProblem,
  LeadResult,
  LeadState,
} from './model';

const at = (id: string) => ({ path: { id } });

/** Newest first. */
export const listCampaigns = (
  filter: { q?: string },
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Campaign>> =>
  body(api.GET('/api/autodialer/campaigns', { params: { query: { ...filter, ...page } }, signal }));

export const getCampaign = (id: string, signal?: AbortSignal): Promise<Campaign> =>
  body(api.GET('/api/autodialer/campaigns/{id}', { params: at(id), signal }));

export interface CampaignEntered {
  name: string;
  description: string | null;
  settings: Partial<CampaignSettings>;
}

export const addCampaign = (entered: CampaignEntered): Promise<Campaign> =>
  body(api.POST('/api/autodialer/campaigns', { body: entered }));

/** What is absent stays. */
export const changeCampaign = (id: string, change: Partial<CampaignEntered>): Promise<Campaign> =>
  body(api.PATCH('/api/autodialer/campaigns/{id}', { params: at(id), body: change }));

export async function deleteCampaign(id: string): Promise<void> {
  await api.DELETE('/api/autodialer/campaigns/{id}', { params: at(id) });
}

export type Command = 'run' | 'pause' | 'resume' | 'stop';

/** Throws INVALID_PARAMS where it can't from the state the campaign is in. */
export async function commandCampaign(id: string, command: Command): Promise<CampaignProgress> {
  const of = { campaign_id: id };
  switch (command) {
    case 'run':
      return (await body(api.POST('/api/autodialer/run-campaign', { body: { ...of, leads: [] } }))).progress;
    case 'pause':
      return (await body(api.POST('/api/autodialer/pause-campaign', { body: of }))).progress;
    case 'resume':
      return (await body(api.POST('/api/autodialer/resume-campaign', { body: of }))).progress;
    case 'stop':
      return (await body(api.POST('/api/autodialer/stop-campaign', { body: of }))).progress;
  }
}

/** One number by hand; answers why it was not taken, null when it was. Starts a campaign that does not run. */
export async function addLead(
  id: string,
  lead: { number: string; name?: string; consent?: string; note?: string },
): Promise<LeadProblem['problem'] | null> {
  const answer = await body(
    api.POST('/api/autodialer/run-campaign', { body: { campaign_id: id, leads: [lead] } }),
  );
  return answer.problems[0]?.problem ?? null;
}

export interface LeadFilter {
  q?: string;
  state?: LeadState;
  result?: LeadResult;
}

function asPage<T>(answer: Page<T> | string): Page<T> {
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return answer;
}

/** In the order they came. */
export const listLeads = async (
  id: string,
  filter: LeadFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Lead>> =>
  asPage(
    await body(
      api.GET('/api/autodialer/campaigns/{id}/leads', {
        params: { ...at(id), query: { ...filter, ...page, format: 'json' } },
        signal,
      }),
    ),
  );

export async function removeLead(id: string, leadId: string): Promise<void> {
  await api.DELETE('/api/autodialer/campaigns/{id}/leads/{lead_id}', {
    params: { path: { id, lead_id: leadId } },
  });
}

export const retryLead = (id: string, leadId: string): Promise<Lead> =>
  body(
    api.POST('/api/autodialer/campaigns/{id}/leads/{lead_id}/retry', {
      params: { path: { id, lead_id: leadId } },
    }),
  );

export interface AttemptFilter {
  lead?: string;
  outcome?: AttemptOutcome;
  state?: Attempt['state'];
}

/** Newest first. */
export const listAttempts = async (
  id: string,
  filter: AttemptFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Attempt>> =>
  asPage(
    await body(
      api.GET('/api/autodialer/campaigns/{id}/attempts', {
        params: { ...at(id), query: { ...filter, ...page, format: 'json' } },
        signal,
      }),
    ),
  );

/** Ended attempts by outcome, an hour each, oldest first; hours without one are left out. */
export const getOutcomes = (id: string, from: Date, to: Date, signal?: AbortSignal) =>
  body(
    api.GET('/api/autodialer/campaigns/{id}/outcomes', {
      params: { ...at(id), query: { from: from.toISOString(), to: to.toISOString() } },
      signal,
    }),
  );

export async function listImports(id: string, signal?: AbortSignal): Promise<LeadImport[]> {
  return (await body(api.GET('/api/autodialer/campaigns/{id}/imports', { params: at(id), signal }))).items;
}

export const getImport = (id: string, importId: string, signal?: AbortSignal): Promise<LeadImport> =>
  body(
    api.GET('/api/autodialer/campaigns/{id}/imports/{import_id}', {
      params: { path: { id, import_id: importId } },
      signal,
    }),
  );

export const createImport = (id: string, file: File): Promise<LeadImport> =>
  body(
    api.POST('/api/autodialer/campaigns/{id}/imports', {
      params: at(id),
      body: { file_name: file.name, size: file.size },
    }),
  );

/** Sends the file of an import; the answer comes when all of it was read. */
export const uploadImport = (
  { id, importId, file }: { id: string; importId: string; file: File },
  onprogress: (share: number) => void,
  signal: AbortSignal,
): Promise<LeadImport> =>
  sendFile({
    method: 'PUT',
    path: `/api/autodialer/campaigns/${encodeURIComponent(id)}/imports/${importId}/file`,
    file,
    contentType: 'text/csv',
    onprogress,
    signal,
  });

/** With `undo` its leads that were never called are taken out again, also after it is done. */
export const cancelImport = (id: string, importId: string, undo: boolean): Promise<LeadImport> =>
  body(
    api.POST('/api/autodialer/campaigns/{id}/imports/{import_id}/cancel', {
      params: { path: { id, import_id: importId } },
      body: { undo },
    }),
  );

export const listProblems = async (
  id: string,
  importId: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<LeadProblem>> =>
  asPage(
    await body(
      api.GET('/api/autodialer/campaigns/{id}/imports/{import_id}/problems', {
        params: { path: { id, import_id: importId }, query: { ...page, format: 'json' } },
        signal,
      }),
    ),
  );

const fileUrl = (path: string, filter: Record<string, string | undefined>): string => {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries({ ...filter, format: 'csv' }))
    if (value) url.searchParams.set(name, value);
  return url.pathname + url.search;
};

/** Where the browser fetches a file by itself: a list of some 100,000 rows streams straight to the disk. */
export const leadsFile = (id: string, filter: LeadFilter): string =>
  fileUrl(`/api/autodialer/campaigns/${id}/leads`, { ...filter });
export const attemptsFile = (id: string, filter: AttemptFilter): string =>
  fileUrl(`/api/autodialer/campaigns/${id}/attempts`, { ...filter });
export const problemsFile = (id: string, importId: string): string =>
  fileUrl(`/api/autodialer/campaigns/${id}/imports/${importId}/problems`, {});
