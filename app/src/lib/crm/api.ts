import { api, body } from '#lib/api/client.js';
import { asApiError, errorText, type ApiError } from '#lib/api/errors.js';
import type { components, paths } from '#lib/api/schema.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

type Schemas = components['schemas'];
export type CrmConfig = Schemas['CrmConfig'];
export type CrmConfigChange = Schemas['CrmConfigChange'];
export type CrmStatus = Schemas['CrmLinkStatus'];
export type CrmLog = Schemas['CrmLogEntry'];
export type CrmDeadLetter = Schemas['CrmDeadLetter'];
export type CrmPerson = Schemas['CrmPerson'];
export type CrmDrift = Schemas['CrmDrift'];
export type Guide = Schemas['GuideSettings'];
export type GuideLine = Schemas['GuideLine'];
export type GuideChange = Schemas['GuideSettingsChange'];
type Body<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer T } } } };
}
  ? T
  : never;
export type CrmSession = Body<'/retailcrm-admin/api/session'>;
export type InternalPhone = Body<'/retailcrm-admin/api/internal-phones/{ent}'>['phones'][number];

/** A link as its screens name it: the family's routes, for one's own tenant. */
export interface LinkRef {
  family: 'retailcrm' | 'webhook';
  ent: string;
}

const at = (ent: string, signal?: AbortSignal) => ({ params: { path: { ent } }, ...(signal && { signal }) });

/** What both families have at their own place, in the same shapes. */
type SharedPath = `${
  | 'config'
  | 'test-connection'
  | 'link'
  | 'resume'
  | 'logs'
  | 'digest'
  | 'dead-letters'}/{ent}${'' | '/replay' | '/discard'}`;
const PREFIX = { retailcrm: '/retailcrm-admin/api', webhook: '/api/crm/webhook' } as const;
const of = <P extends SharedPath>(link: LinkRef, path: P): `/retailcrm-admin/api/${P}` =>
  `${PREFIX[link.family]}/${path}` as `/retailcrm-admin/api/${P}`;

export const getSession = (signal?: AbortSignal): Promise<CrmSession> =>
  body(api.GET('/retailcrm-admin/api/session', { signal }));

/** Null: the CRM is not connected. */
export const getConfig = async (link: LinkRef, signal?: AbortSignal): Promise<CrmConfig | null> => {
  try {
    return (await body(api.GET(of(link, 'config/{ent}'), at(link.ent, signal)))).config;
  } catch (cause) {
    if (asApiError(cause).code === 'NOT_FOUND') return null;
    throw cause;
  }
};

export const changeConfig = async (link: LinkRef, config: CrmConfigChange): Promise<CrmConfig> =>
  (await body(api.PUT(of(link, 'config/{ent}'), { ...at(link.ent), body: { config } }))).config;

export const deleteConfig = async (link: LinkRef): Promise<string> =>
  (await body(api.DELETE(of(link, 'config/{ent}'), at(link.ent)))).message;

/** The route reads JSON and forms alike, so the document names no body. */
export const register = async (
  ent: string,
  wish: { domain: string; api_key: string; enabled: boolean },
): Promise<{ created: boolean; unknown_users: string[] }> =>
  (
    await body(
      api.POST('/retailcrm-admin/api/register/{ent}', {
        ...at(ent),
        body: wish as never,
        headers: { 'Content-Type': 'application/json' },
      }),
    )
  ).result;

export const testConnection = (link: LinkRef) =>
  body(api.POST(of(link, 'test-connection/{ent}'), at(link.ent)));

export const getStatus = (link: LinkRef, signal?: AbortSignal): Promise<CrmStatus> =>
  body(api.GET(of(link, 'link/{ent}'), at(link.ent, signal)));

export const resume = (link: LinkRef): Promise<CrmStatus> =>
  body(api.POST(of(link, 'resume/{ent}'), at(link.ent)));

export interface LogFilter {
  status: string;
  event_type: string;
  call_id: string;
  phone: string;
}

export async function listLogs(
  link: LinkRef,
  filter: LogFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<CrmLog>> {
  const { status, event_type, call_id, phone } = filter;
  const answer = await body(
    api.GET(of(link, 'logs/{ent}'), {
      params: {
        path: { ent: link.ent },
        query: {
          ...((status === 'success' || status === 'error') && { status }),
          ...(event_type && { event_type }),
          ...(call_id && { call_id }),
          ...(phone && { phone }),
          ...(page.cursor && { before: Number(page.cursor) }),
          limit: page.limit,
        },
      },
      ...(signal && { signal }),
    }),
  );
  return { items: answer.items, next: answer.next === null ? null : String(answer.next) };
}

export const getDigest = (link: LinkRef, signal?: AbortSignal) =>
  body(api.GET(of(link, 'digest/{ent}'), at(link.ent, signal)));

export const listDead = (
  link: LinkRef,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<CrmDeadLetter>> =>
  body(
    api.GET(of(link, 'dead-letters/{ent}'), {
      params: {
        path: { ent: link.ent },
        query: { limit: page.limit, ...(page.cursor && { cursor: page.cursor }) },
      },
      ...(signal && { signal }),
    }),
  );

export const replayDead = async (link: LinkRef, ids?: string[]): Promise<number> =>
  (
    await body(
      api.POST(of(link, 'dead-letters/{ent}/replay'), {
        ...at(link.ent),
        body: { ...(ids && { ids }) },
      }),
    )
  ).replayed;

export const discardDead = async (link: LinkRef): Promise<number> =>
  (await body(api.POST(of(link, 'dead-letters/{ent}/discard'), { ...at(link.ent), body: {} }))).discarded;

/** Shows somebody of the CRM a popup of no call, and closes it. */
export const tryPopup = (ent: string, userId: string, code: string) =>
  body(api.POST('/retailcrm-admin/api/test-call/{ent}', { ...at(ent), body: { userId, code } }));

/** Reads the people from the CRM anew. */
export const readManagers = async (ent: string): Promise<CrmPerson[]> =>
  (await body(api.POST('/retailcrm-admin/api/refresh-managers/{ent}', at(ent)))).users;

export const listPhones = async (ent: string, signal?: AbortSignal): Promise<InternalPhone[]> =>
  (await body(api.GET('/retailcrm-admin/api/internal-phones/{ent}', at(ent, signal)))).phones;

export const saveExtensions = (ent: string, extensions: Record<string, string | null>) =>
  body(api.POST('/retailcrm-admin/api/save-extensions/{ent}', { ...at(ent), body: { extensions } }));

export const syncExtensions = async (ent: string): Promise<number> =>
  (await body(api.POST('/retailcrm-admin/api/sync-extensions/{ent}', at(ent)))).synced_extensions;

export const getDrift = (ent: string, signal?: AbortSignal): Promise<CrmDrift> =>
  body(api.GET('/retailcrm-admin/api/drift/{ent}', at(ent, signal)));

export const getGuide = (ent: string, signal?: AbortSignal): Promise<Guide> =>
  body(api.GET('/retailcrm-admin/api/smart-redirect/{ent}/settings', at(ent, signal)));

export const changeGuide = (ent: string, change: GuideChange): Promise<Guide> =>
  body(api.PUT('/retailcrm-admin/api/smart-redirect/{ent}/settings', { ...at(ent), body: change }));

export const getGuideMetrics = (ent: string, signal?: AbortSignal) =>
  body(api.GET('/retailcrm-admin/api/smart-redirect/{ent}/metrics', at(ent, signal)));

/** The CRM's own words where it refused: nothing of ours says better what is wrong. */
export const crmWords = (error: ApiError): string =>
  (error.code === 'INVALID_PARAMS' || error.code === 'CALL_FAILED') && error.message !== ''
    ? error.message
    : errorText(error);
