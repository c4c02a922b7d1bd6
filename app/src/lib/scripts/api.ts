import { api, body } from '#lib/api/client.js';
import type { Run, ScriptInput, StoredScript } from '#lib/slots/model.js';

const at = (name: string) => ({ path: { name } });

/** The shipped ones, then one's own by name. */
export async function listScripts(signal?: AbortSignal): Promise<StoredScript[]> {
  return (await body(api.GET('/api/gacs/scripts', { signal }))).items;
}

export const getScript = (name: string, signal?: AbortSignal): Promise<StoredScript> =>
  body(api.GET('/api/gacs/scripts/{name}', { params: at(name), signal }));

/** Throws ApiError: INVALID_PARAMS with the problems by path, PERMISSION_DENIED for `shell` steps without the right. */
export const createScript = (script: ScriptInput): Promise<StoredScript> =>
  body(api.POST('/api/gacs/scripts', { body: script }));

export const replaceScript = (name: string, script: ScriptInput): Promise<StoredScript> =>
  body(api.PUT('/api/gacs/scripts/{name}', { params: at(name), body: script }));

export async function removeScript(name: string): Promise<void> {
  await api.DELETE('/api/gacs/scripts/{name}', { params: at(name) });
}

/** Starts a script; answers the id of its run and the slot it runs on. */
export async function runScript(
  name: string,
  slot: number | 'AUTO',
  params: Record<string, string>,
): Promise<{ run: string; slot: number }> {
  const answer = await body(
    api.POST('/api/gacs/run-script', { body: { script: name, slot_id: slot, params } }),
  );
  return { run: answer.script_id, slot: answer.slot };
}

export const getRun = (id: string, signal?: AbortSignal): Promise<Run> =>
  body(api.GET('/api/gacs/status/{script_id}', { params: { path: { script_id: id } }, signal }));

/** Newest first; of one slot or of all. */
export async function listRuns(slot: number | null, signal?: AbortSignal): Promise<Run[]> {
  const query = { limit: 50, ...(slot !== null && { slot }) };
  return (await body(api.GET('/api/gacs/runs', { params: { query }, signal }))).items;
}

/** Stops between two steps and in the middle of a wait. */
export const stopRun = (id: string): Promise<Run> =>
  body(api.POST('/api/gacs/stop/{script_id}', { params: { path: { script_id: id } } }));
