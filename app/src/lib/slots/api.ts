import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type {
  Bridge,
  HistoryEntry,
  Hub,
  Slot,
  SlotChange,
  SlotCommand,
  SlotDetail,
  SlotSamples,
} from './model';

const path = (id: number) => ({ path: { id } });

export const listSlots = (signal?: AbortSignal): Promise<Slot[]> => body(api.GET('/api/slots', { signal }));

export const getSlot = (id: number, signal?: AbortSignal): Promise<SlotDetail> =>
  body(api.GET('/api/slots/{id}', { params: path(id), signal }));

/** What is absent stays. Throws ApiError with the fields in `details`. */
export const changeSlot = (id: number, change: SlotChange): Promise<SlotDetail> =>
  body(api.PATCH('/api/slots/{id}', { params: path(id), body: change }));

export const restartSlot = (id: number): Promise<unknown> =>
  body(api.POST('/api/slots/{id}/restart', { params: path(id) }));

export const rebootSlot = (id: number): Promise<unknown> =>
  body(api.POST('/api/slots/{id}/reboot-device', { params: path(id) }));

/** Reserves a slot for oneself, or anew from now on. */
export const holdSlot = (id: number, minutes: number): Promise<unknown> =>
  body(api.POST('/api/slots/{id}/hold', { params: path(id), body: { minutes } }));

/** One's own reservation; with `force` whatever holds the slot, its call or script ended. */
export const freeSlot = (id: number, force: boolean): Promise<unknown> =>
  body(
    api.DELETE('/api/slots/{id}/hold', {
      params: { ...path(id), query: force ? { force: '1' as const } : {} },
    }),
  );

/** Readings of the last hours, oldest first. */
export const getSamples = (id: number, hours: number, signal?: AbortSignal): Promise<SlotSamples> =>
  body(api.GET('/api/slots/{id}/samples', { params: { ...path(id), query: { hours } }, signal }));

/** Newest first. */
export const listHistory = (
  id: number,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<HistoryEntry>> =>
  body(api.GET('/api/slots/{id}/history', { params: { ...path(id), query: { ...page } }, signal }));

/** The phone's screen, now: a PNG. */
export async function getScreen(id: number, signal?: AbortSignal): Promise<Blob> {
  const { data } = await api.GET('/api/slots/{id}/screen', { params: path(id), parseAs: 'blob', signal });
  if (!(data instanceof Blob)) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}

/** Begins an ADB command; answers its id. Throws PERMISSION_DENIED for verbs that need `slot.shell`. */
export async function runCommand(id: number, command: string): Promise<string> {
  const answer = await body(api.POST('/api/slots/{id}/adb-command', { params: path(id), body: { command } }));
  return answer.command_id;
}

/** Newest first. */
export async function listCommands(id: number, signal?: AbortSignal): Promise<SlotCommand[]> {
  const query = { limit: 50 };
  return (await body(api.GET('/api/slots/{id}/commands', { params: { ...path(id), query }, signal }))).items;
}

export const getCommand = (id: number, commandId: string, signal?: AbortSignal): Promise<SlotCommand> =>
  body(
    api.GET('/api/slots/{id}/commands/{command_id}', {
      params: { path: { id, command_id: commandId } },
      signal,
    }),
  );

/** Rings a number on this slot; answers the call's id. */
export async function callOn(id: number, number: string): Promise<string> {
  return (await body(api.POST('/api/call/start', { body: { number, slot: id } }))).call_id;
}

export const endCall = (callId: string): Promise<unknown> =>
  body(api.POST('/api/call/end', { body: { call_id: callId } }));

/** USB hubs of every bridge, with the slots on their ports. */
export const listHubs = (signal?: AbortSignal): Promise<Hub[]> =>
  body(api.GET('/api/monitor/usb', { signal }));

export async function listBridges(signal?: AbortSignal): Promise<Bridge[]> {
  return (await body(api.GET('/api/bridges', { signal }))).items;
}

/** User names of the tenant's people, for a field that takes one. */
export async function listUserNames(signal?: AbortSignal): Promise<string[]> {
  const { items } = await body(api.GET('/api/users', { params: { query: { limit: 200 } }, signal }));
  return items.map(({ username }) => username);
}
