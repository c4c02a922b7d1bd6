import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Page } from '#lib/lists/page.js';
import type { Cdr, Channel, PbxStatus, Problem, Queue, RecordedCall, Recording, SpyMode } from './model';

/** A list over all PBXs, with the ones that could not be asked. */
export interface Told<T> {
  items: T[];
  problems: Problem[];
}

export const getStatus = (signal?: AbortSignal): Promise<PbxStatus> =>
  body(api.GET('/api/pbx/status', { signal }));

export async function listChannels(signal?: AbortSignal): Promise<Told<Channel>> {
  const { channels, problems } = await body(api.GET('/api/pbx/channels', { signal }));
  return { items: channels, problems };
}

export async function listQueues(signal?: AbortSignal): Promise<Told<Queue>> {
  const { queues, problems } = await body(api.GET('/api/pbx/queues', { signal }));
  return { items: queues, problems };
}

/** Takes a member out of the round of one queue, or lets it go on. */
export const pauseMember = (
  { name, pbx, bridge_id: bridge }: Queue,
  extension: string,
  paused: boolean,
  reason: string,
): Promise<unknown> =>
  body(
    api.PATCH('/api/pbx/queues/{queue}/members/{extension}', {
      params: { path: { queue: name, extension } },
      body: { paused, pbx, bridge, ...(reason && { reason }) },
    }),
  );

/** Part of a list by time: ISO 8601, `to` not included. */
export interface Period {
  from?: string;
  to?: string;
}

export interface CdrFilter extends Period {
  /** Source or destination, all of its digits. */
  number?: string;
}

/** CDR rows of the tenant, newest first. */
export async function listCdr(
  filter: CdrFilter,
  page: { cursor?: string; limit?: number },
  signal?: AbortSignal,
): Promise<Page<Cdr>> {
  const query = { ...page, ...filter, format: 'json' as const };
  const answer = await body(api.GET('/api/pbx/cdr', { params: { query }, signal }));
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return { items: answer.rows, next: answer.next };
}

/** The same as a CSV file made by the server. */
export async function cdrCsv(filter: CdrFilter): Promise<Blob> {
  const query = { ...filter, format: 'csv' as const };
  const { data } = await api.GET('/api/pbx/cdr', { params: { query }, parseAs: 'blob' });
  if (!(data instanceof Blob)) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}

/** Recordings with their calls, newest first. */
export const listRecordings = (
  period: Period,
  page: { cursor?: string; limit?: number },
  signal?: AbortSignal,
): Promise<Page<RecordedCall>> =>
  body(api.GET('/api/pbx/recordings', { params: { query: { ...page, ...period } }, signal }));

/** CDR rows of one call, oldest first. */
export async function callCdr(callId: string, signal?: AbortSignal): Promise<Cdr[]> {
  return (await body(api.GET('/api/pbx/cdr/{id}', { params: { path: { id: callId } }, signal }))).rows;
}

export async function callRecordings(callId: string, signal?: AbortSignal): Promise<Recording[]> {
  const path = { id: callId };
  return (await body(api.GET('/api/call/{id}/recordings', { params: { path }, signal }))).recordings;
}

/** Ends a call on its slot or PBX; one that is over already is no error. */
export const endCall = (callId: string): Promise<unknown> =>
  body(api.POST('/api/call/end', { body: { call_id: callId } }));

/** Sends the outside party of a live call to a number. */
export const moveCall = (callId: string, to: string): Promise<unknown> =>
  body(api.POST('/api/pbx/redirect', { body: { call_id: callId, to, leg: 'outside' } }));

export interface Spy {
  /** Of the employee whose call it is. */
  extension: string;
  mode: SpyMode;
  /** The extension that is rung to listen; one's own when empty. */
  by: string;
  bridge?: string;
  pbx?: string;
}

export const spy = ({ by, ...rest }: Spy): Promise<unknown> =>
  body(api.POST('/api/pbx/spy', { body: { ...rest, ...(by && { by }) } }));
