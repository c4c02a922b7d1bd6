import { api, body } from '#lib/api/client.js';
import { errorText, type ApiError } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';
import type { MyLine, Outcome, Step } from './line-model';

const ROOT = '/callcenter_operators/v1/operator';

export const getMyLine = (signal?: AbortSignal): Promise<MyLine> => body(api.GET(`${ROOT}/mine`, { signal }));

/** Asks for one thing; answers how it went in each queue. */
export async function ask(uuid: string, step: Step): Promise<Outcome[]> {
  const about = { yandex_uuid: uuid, ...(step.queues !== null && { queues: step.queues }) };
  if (step.do === 'connection') {
    const asked = { ...about, connected: step.connected };
    return (await body(api.POST(`${ROOT}/connection`, { body: asked }))).results;
  }
  const { paused, reason, priority } = step;
  const asked = { ...about, paused, priority, ...(reason !== null && { reason }) };
  return (await body(api.POST(`${ROOT}/pause`, { body: asked }))).results;
}

/** Has telephony asked how things are; what it says comes over the live feed. */
export const lookUp = (uuid: string): Promise<unknown> =>
  body(api.POST(`${ROOT}/status`, { body: { yandex_uuid: uuid } }));

/** Read from telephony now, and in the audit log. */
export const showPassword = (uuid: string): Promise<{ login: string; password: string }> =>
  body(api.POST(`${ROOT}/show_password`, { body: { yandex_uuid: uuid } }));

/** What telephony, or the room that asks it, means by a code; `words` are its own, in English. */
export function telephonyText(code: string | null, words: string | null): string {
  switch (code) {
    case 'NOT_IN_TELEPHONY':
      return m.line_error_no_account();
    case 'NO_EXTENSION':
      return m.line_error_no_extension();
    case 'NO_QUEUES':
      return m.line_error_no_queues();
    case 'NOT_CONNECTED':
      return m.line_error_not_connected();
    case 'NOT_SUPPORTED':
      return m.line_error_not_supported();
    case 'TELEPHONY_UNAVAILABLE':
      return m.line_error_unavailable();
    default:
      return words === null || words === '' ? m.error_internal() : m.line_error_said({ words });
  }
}

/** The same of a refused request. */
export function lineErrorText(error: ApiError): string {
  const { details, status } = error;
  const code =
    typeof details === 'object' && details !== null ? (Reflect.get(details, 'code') as unknown) : null;
  if ([409, 501, 502, 504].includes(status) && typeof code === 'string')
    return telephonyText(code, error.message);
  return errorText(error);
}
