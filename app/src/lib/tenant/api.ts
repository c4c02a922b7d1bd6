import { api, body } from '#lib/api/client.js';
import type { components } from '#lib/api/schema.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

type Schemas = components['schemas'];
export type TenantSettings = Schemas['TenantSettings'];
export type PbxToken = Schemas['PbxToken'];
/** With the token itself, which is shown this once. */
export type PbxTokenMade = Schemas['PbxTokenMade'];
export type Extension = Schemas['Extension'];
export type Tenant = Schemas['Tenant'];

export const getSettings = (signal?: AbortSignal): Promise<TenantSettings> =>
  body(api.GET('/api/tenant/settings', { signal }));

export const changeSettings = (change: Partial<Omit<TenantSettings, 'id'>>): Promise<TenantSettings> =>
  body(api.PATCH('/api/tenant/settings', { body: change }));

export const listTokens = async (signal?: AbortSignal): Promise<PbxToken[]> =>
  (await body(api.GET('/api/tenant/pbx-tokens', { signal }))).tokens;

export const makeToken = (kind: PbxToken['kind']): Promise<PbxTokenMade> =>
  body(api.POST('/api/tenant/pbx-tokens', { body: { kind } }));

export async function revokeToken(id: string): Promise<void> {
  await api.DELETE('/api/tenant/pbx-tokens/{id}', { params: { path: { id } } });
}

/** By number; `q`: part of the number, the label or the owner's name. */
export const listExtensions = (
  q: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Extension>> =>
  body(api.GET('/api/extensions', { params: { query: { ...(q && { q }), ...page } }, signal }));

export interface ExtensionFields {
  number: string;
  label: string | null;
  /** Id of whose desk it is. */
  user: string | null;
}

export const addExtension = (fields: ExtensionFields): Promise<Extension> =>
  body(api.POST('/api/extensions', { body: fields }));

export const changeExtension = (id: string, fields: ExtensionFields): Promise<Extension> =>
  body(api.PATCH('/api/extensions/{id}', { params: { path: { id } }, body: fields }));

export async function deleteExtension(id: string): Promise<void> {
  await api.DELETE('/api/extensions/{id}', { params: { path: { id } } });
}

export const listTenants = (page: PageRequest, signal?: AbortSignal): Promise<Page<Tenant>> =>
  body(api.GET('/api/tenants', { params: { query: page }, signal }));

export interface NewTenant {
  id?: string;
  name: string;
  time_zone: string;
  country: string;
  admin: { username: string; password: string };
}

export const makeTenant = (tenant: NewTenant): Promise<Tenant> =>
  body(api.POST('/api/tenants', { body: tenant }));

export const changeTenant = (id: string, change: { name?: string; disabled?: boolean }): Promise<Tenant> =>
  body(api.PATCH('/api/tenants/{id}', { params: { path: { id } }, body: change }));
