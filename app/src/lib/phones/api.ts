import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import { sendFile } from '#lib/api/send-file.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type {
  Build,
  Command,
  CommandState,
  DeadPush,
  LogEntry,
  Phone,
  PhoneSettings,
  PhoneStats,
  PushSettings,
  Telemetry,
} from './model';

/** Every phone the signed-in user may see, or with `mine` only their own. */
export async function listPhones(signal?: AbortSignal, mine = false): Promise<Phone[]> {
  const query = mine ? { mine: '1' as const } : {};
  return (await body(api.GET('/api/phones', { params: { query }, signal }))).items;
}

export const getPhone = (id: string, signal?: AbortSignal): Promise<Phone> =>
  body(api.GET('/api/phones/{id}', { params: { path: { id } }, signal }));

/** Takes the phone away for good: its sign-in ends at once and the app on it must be signed in anew. */
export const removePhone = (id: string): Promise<unknown> =>
  body(api.DELETE('/api/phones/{id}', { params: { path: { id } } }));

export interface CommandFilter {
  user?: string;
  device?: string;
  state?: CommandState;
}

/** Newest first. */
export const listCommands = (
  filter: CommandFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Command>> =>
  body(api.GET('/api/phones/commands', { params: { query: { ...filter, ...page } }, signal }));

/** Throws ApiError when a phone has taken it already. */
export const cancelCommand = (id: string): Promise<unknown> =>
  body(api.POST('/api/phones/commands/{id}/cancel', { params: { path: { id } } }));

/** Measurements of a period in buckets of `bucketSec` seconds. */
export const getTelemetry = (
  id: string,
  from: Date,
  to: Date,
  bucketSec: number,
  signal?: AbortSignal,
): Promise<Telemetry> =>
  body(
    api.GET('/api/phones/{id}/telemetry', {
      params: { path: { id }, query: { from: from.toISOString(), to: to.toISOString(), bucket: bucketSec } },
      signal,
    }),
  );

/** Newest first. */
export const listLogs = (id: string, page: PageRequest, signal?: AbortSignal): Promise<Page<LogEntry>> =>
  body(api.GET('/api/phones/{id}/logs', { params: { path: { id }, query: { ...page } }, signal }));

export interface StatsPeriod {
  /** `YYYY-MM-DD` of the tenant's time zone, both inclusive. */
  from: string;
  to: string;
  by: 'day' | 'month';
}

export async function getStats(period: StatsPeriod, signal?: AbortSignal): Promise<PhoneStats> {
  const stats = await body(
    api.GET('/api/phones/stats', { params: { query: { ...period, format: 'json' } }, signal }),
  );
  if (typeof stats === 'string') throw new ApiError('INTERNAL', 0, 'a table was asked for and a file came');
  return stats;
}

/** The same statistics as a CSV file made by the server, of everybody or of one user. */
export async function getStatsCsv(period: StatsPeriod, user: string): Promise<Blob> {
  const { data } = await api.GET('/api/phones/stats', {
    params: { query: { ...period, ...(user && { user }), format: 'csv' } },
    parseAs: 'blob',
  });
  if (!(data instanceof Blob)) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}

export async function listBuilds(signal?: AbortSignal): Promise<Build[]> {
  return (await body(api.GET('/api/phones/builds', { signal }))).items;
}

/** A link to a build's file, good for some minutes and without a sign-in. */
export const buildUrl = async (id: string): Promise<string> =>
  (await body(api.GET('/api/phones/builds/{id}/link', { params: { path: { id } } }))).url;

export const removeBuild = (id: string): Promise<unknown> =>
  body(api.DELETE('/api/phones/builds/{id}', { params: { path: { id } } }));

export const getSettings = (signal?: AbortSignal): Promise<PhoneSettings> =>
  body(api.GET('/api/phones/settings', { signal }));

export const saveSettings = (change: Partial<PhoneSettings>): Promise<PhoneSettings> =>
  body(api.PATCH('/api/phones/settings', { body: change }));

export const getPush = (signal?: AbortSignal): Promise<PushSettings> =>
  body(api.GET('/api/phones/push', { signal }));

export const savePush = (serviceAccount: string): Promise<PushSettings> =>
  body(api.PUT('/api/phones/push', { body: { service_account: serviceAccount } }));

export const removePush = (): Promise<PushSettings> => body(api.DELETE('/api/phones/push'));

/** Pushes that were given up, newest first. */
export const listDeadPushes = (page: PageRequest, signal?: AbortSignal): Promise<Page<DeadPush>> =>
  body(api.GET('/api/phones/push/dead', { params: { query: { ...page } }, signal }));

/** Puts pushes that were given up back in the queue; answers how many. */
export async function replayPushes(): Promise<number> {
  return (await body(api.POST('/api/phones/push/replay'))).replayed;
}

export interface BuildUpload {
  file: File;
  versionName: string;
  versionCode: number;
}

/** Sends an app build; `onprogress` is told the share that has left, 0 to 1. */
export function uploadBuild(
  { file, versionName, versionCode }: BuildUpload,
  onprogress: (share: number) => void,
  signal: AbortSignal,
): Promise<Build> {
  const query = new URLSearchParams({ version_name: versionName, version_code: String(versionCode) });
  return sendFile({
    path: `/api/phones/builds?${query}`,
    file,
    contentType: 'application/vnd.android.package-archive',
    onprogress,
    signal,
  });
}
