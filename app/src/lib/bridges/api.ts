import { api, body } from '#lib/api/client.js';
import type { Page } from '#lib/lists/page.js';
import type { Bridge, LogLine, NewCode } from './model';

/** Every bridge in use, by number; with `revoked` also the ones that may not connect any more. */
export async function listBridges(revoked = false, signal?: AbortSignal): Promise<Bridge[]> {
  const query = revoked ? { revoked: '1' as const } : {};
  return (await body(api.GET('/api/bridges', { params: { query }, signal }))).items;
}

export const getBridge = (id: string, signal?: AbortSignal): Promise<Bridge> =>
  body(api.GET('/api/bridges/{id}', { params: { path: { id } }, signal }));

/** Adds a bridge; its one-time code is in the answer and nowhere else ever. */
export const addBridge = (name: string): Promise<NewCode> =>
  body(api.POST('/api/bridges', { body: { name } }));

export const renameBridge = (id: string, name: string): Promise<Bridge> =>
  body(api.PATCH('/api/bridges/{id}', { params: { path: { id } }, body: { name } }));

/** A new one-time code; an earlier one is void, the key in use serves until this one is used. */
export const newCode = (id: string): Promise<NewCode> =>
  body(api.POST('/api/bridges/{id}/code', { params: { path: { id } } }));

/** Closes the tunnel at once and for good. */
export const revokeBridge = (id: string): Promise<Bridge> =>
  body(api.DELETE('/api/bridges/{id}', { params: { path: { id } } }));

/** Newest first. The cursor is the id of the oldest line seen. */
export async function listLog(
  id: string,
  page: { cursor?: string; limit?: number },
  signal?: AbortSignal,
): Promise<Page<LogLine>> {
  const query = {
    ...(page.limit !== undefined && { limit: page.limit }),
    ...(page.cursor !== undefined && { before: Number(page.cursor) }),
  };
  const { items, next } = await body(
    api.GET('/api/bridges/{id}/log', { params: { path: { id }, query }, signal }),
  );
  return { items, next: next === null ? null : String(next) };
}
