import { api, body } from '#lib/api/client.js';
import type { components } from '#lib/api/schema.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

type Schemas = components['schemas'];
export type Integration = Schemas['ProviderIntegration'];
export type IntegrationDetail = Schemas['ProviderIntegrationDetail'];
export type Link = Schemas['ProviderLink'];
export type Token = Schemas['ClientToken'];
export type Account = Schemas['ProviderAccount'];
export type Delivery = Schemas['ProviderDelivery'];
/** As the developer uploaded it, the key masked. */
export type Configuration = Schemas['ProviderConfiguration'];

const at = (provider: string) => ({ path: { provider } });

export const listProviders = async (signal?: AbortSignal): Promise<Integration[]> =>
  (await body(api.GET('/api/communications/providers', { signal }))).providers;

export const getProvider = (provider: string, signal?: AbortSignal): Promise<IntegrationDetail> =>
  body(api.GET('/api/communications/providers/{provider}', { params: at(provider), signal }));

export const listAccounts = async (provider: string, signal?: AbortSignal): Promise<Account[]> =>
  (await body(api.GET('/api/communications/providers/{provider}/accounts', { params: at(provider), signal })))
    .accounts;

/** The token itself, which is shown this once. */
export const makeToken = async (provider: string): Promise<string> =>
  (await body(api.POST('/api/communications/providers/{provider}/tokens', { params: at(provider) }))).token;

export async function revokeToken(provider: string, id: string): Promise<void> {
  await api.DELETE('/api/communications/providers/{provider}/tokens/{id}', {
    params: { path: { provider, id } },
  });
}

export interface DeliveryQuery {
  state: 'waiting' | 'dead';
  kind: string;
  q: string;
}

export const listDeliveries = (
  provider: string,
  { state, kind, q }: DeliveryQuery,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Delivery>> =>
  body(
    api.GET('/api/communications/providers/{provider}/deliveries', {
      params: { ...at(provider), query: { state, ...(kind && { kind }), ...(q && { q }), ...page } },
      signal,
    }),
  );

/** How many; without ids, all dead letters. */
export const replay = async (provider: string, ids?: string[]): Promise<number> =>
  (
    await body(
      api.POST('/api/communications/providers/{provider}/deliveries/replay', {
        params: at(provider),
        body: ids ? { ids } : {},
      }),
    )
  ).replayed;

/** As `replay`. */
export const discard = async (provider: string, ids?: string[]): Promise<number> =>
  (
    await body(
      api.POST('/api/communications/providers/{provider}/deliveries/discard', {
        params: at(provider),
        body: ids ? { ids } : {},
      }),
    )
  ).discarded;

export const resume = (provider: string): Promise<Link> =>
  body(api.POST('/api/communications/providers/{provider}/resume', { params: at(provider) }));

export const synchronise = (provider: string): Promise<Link> =>
  body(api.POST('/api/communications/providers/{provider}/synchronise', { params: at(provider) }));
