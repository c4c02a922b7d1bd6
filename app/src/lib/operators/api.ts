import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type {
  Board,
  ForceAction,
  NewOperator,
  Operator,
  OperatorChange,
  OperatorDays,
  OperatorSettings,
  Outcome,
  SettingsChange,
} from './model';

const ROOT = '/callcenter_operators/v1';

export const getBoard = (signal?: AbortSignal): Promise<Board> =>
  body(api.GET(`${ROOT}/admin/board`, { signal }));

/** Pauses, lets go on or signs off in every queue in which the operator is on the line. */
export const force = (uuid: string, action: ForceAction, reason: string): Promise<Outcome> =>
  body(api.POST(`${ROOT}/admin/operator/force`, { body: { yandex_uuid: uuid, action, reason } }));

/** `asked` makes telephony do what was asked for, `telephony` takes what it does for what is wanted. */
export const repair = (uuid: string, keep: 'asked' | 'telephony'): Promise<Outcome & { drift: boolean }> =>
  body(api.POST(`${ROOT}/admin/operator/repair`, { body: { yandex_uuid: uuid, keep } }));

/** Asks telephony where the operator stands; the board is told of what is new. */
export async function askTelephony(uuid: string): Promise<void> {
  await body(api.POST(`${ROOT}/operator/status`, { body: { yandex_uuid: uuid } }));
}

export interface OperatorFilter {
  q?: string;
  in_telephony?: 'true' | 'false';
}

export async function listOperators(
  filter: OperatorFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Operator>> {
  const answer = await body(
    api.GET(`${ROOT}/admin/operators/`, {
      params: { query: { ...filter, ...page, format: 'json' } },
      signal,
    }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return { items: answer.operators, next: answer.next };
}

/** Where the server gives the list as a file. */
export const operatorsFile = (filter: OperatorFilter): string =>
  `${ROOT}/admin/operators/?${new URLSearchParams({ ...filter, format: 'csv' }).toString()}`;

/** What became of each, in their order: a known one exists, a bad one has a message. */
export const addOperators = async (
  operators: readonly NewOperator[],
): Promise<{ result: 'added' | 'existing' | 'invalid'; message: string | null }[]> =>
  (
    await body(
      api.POST(`${ROOT}/operators/add_bulk/`, {
        body: { operators: operators.map((operator) => ({ ...operator })) },
      }),
    )
  ).results;

export const changeOperator = (change: OperatorChange): Promise<Operator> =>
  body(api.POST(`${ROOT}/admin/operator/update`, { body: change }));

export async function deleteOperators(uuids: string[]): Promise<void> {
  await body(api.POST(`${ROOT}/admin/operators/delete_bulk/`, { body: { yandex_uuids: uuids } }));
}

export const addToTelephony = (uuid: string): Promise<Operator> =>
  body(api.POST(`${ROOT}/admin/operator/add_to_telephony`, { body: { yandex_uuid: uuid } }));

export const removeFromTelephony = (uuid: string): Promise<Operator> =>
  body(api.POST(`${ROOT}/admin/operator/remove_from_telephony`, { body: { yandex_uuid: uuid } }));

export const getSettings = (signal?: AbortSignal): Promise<OperatorSettings> =>
  body(api.GET(`${ROOT}/admin/settings`, { signal }));

export const saveSettings = (change: SettingsChange): Promise<OperatorSettings> =>
  body(api.PUT(`${ROOT}/admin/settings`, { body: change }));

export const getAnswers = (signal?: AbortSignal) => body(api.GET(`${ROOT}/admin/telephony`, { signal }));

/** Asks telephony for an answer; the queues it told of. */
export const checkTelephony = () => body(api.POST(`${ROOT}/admin/telephony/check`, { body: {} }));

/** Days of the tenant's own calendar, `YYYY-MM-DD`, both included. */
export interface Days {
  from: string;
  to: string;
}

export async function getDays(
  days: Days,
  more: { yandex_uuid?: string; cursor?: string; limit?: number },
  signal?: AbortSignal,
): Promise<OperatorDays> {
  const answer = await body(
    api.GET(`${ROOT}/admin/timeline/days`, {
      params: { query: { ...days, ...more, format: 'json' } },
      signal,
    }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a report was asked for and a file came');
  return answer;
}

/** Where the server gives the report as a file: a row per day, or per segment. */
export const daysFile = (days: Days, detail: 'days' | 'segments', uuid?: string): string =>
  `${ROOT}/admin/timeline/days?${new URLSearchParams({
    ...days,
    detail,
    format: 'csv',
    ...(uuid !== undefined && { yandex_uuid: uuid }),
  }).toString()}`;
