import { api, body } from '#lib/api/client.js';
import type { components } from '#lib/api/schema.js';
import type { Page, PageRequest } from '#lib/lists/page.js';

type Schemas = components['schemas'];
export type App = Schemas['MarketplaceApp'];
export type AppVersion = Schemas['MarketplaceAppVersion'];
/** With the number of tenants that run on it. */
export type OwnerConfiguration = Schemas['MarketplaceConfiguration'];
export type Installation = Schemas['AppInstallation'];
export type Credential = Schemas['MarketplaceCredential'];

const of = (app: string) => ({ path: { app } });

export const listApps = (q: string, page: PageRequest, signal?: AbortSignal): Promise<Page<App>> =>
  body(api.GET('/api/marketplace/apps', { params: { query: { ...(q && { q }), ...page } }, signal }));

export const getApp = (app: string, signal?: AbortSignal): Promise<App> =>
  body(api.GET('/api/marketplace/apps/{app}', { params: of(app), signal }));

export interface NewApp {
  code: string;
  name: string;
  developer: string;
  version: string;
  communications: boolean;
}

export const registerApp = (app: NewApp): Promise<App> =>
  body(api.POST('/api/marketplace/apps', { body: app }));

export const changeApp = (
  app: string,
  change: { name?: string; developer?: string; communications?: true },
): Promise<App> => body(api.PATCH('/api/marketplace/apps/{app}', { params: of(app), body: change }));

export const listVersions = (
  app: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<AppVersion>> =>
  body(api.GET('/api/marketplace/apps/{app}/versions', { params: { ...of(app), query: page }, signal }));

export const addVersion = (app: string, version: string): Promise<AppVersion> =>
  body(api.POST('/api/marketplace/apps/{app}/versions', { params: of(app), body: { version } }));

export const judgeVersion = (
  app: string,
  version: string,
  word: { moderation?: AppVersion['moderation']; test_stand?: AppVersion['test_stand'] },
): Promise<AppVersion> =>
  body(
    api.PATCH('/api/marketplace/apps/{app}/versions/{version}', {
      params: { path: { app, version } },
      body: word,
    }),
  );

export const publishVersion = (app: string, version: string): Promise<AppVersion> =>
  body(
    api.POST('/api/marketplace/apps/{app}/versions/{version}/publish', {
      params: { path: { app, version } },
    }),
  );

export const listConfigurations = (
  app: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<OwnerConfiguration>> =>
  body(
    api.GET('/api/marketplace/apps/{app}/configurations', { params: { ...of(app), query: page }, signal }),
  );

export const listInstallations = (
  app: string,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<Installation>> =>
  body(api.GET('/api/marketplace/apps/{app}/installations', { params: { ...of(app), query: page }, signal }));

export const install = (app: string, tenant: string, version: string): Promise<Installation> =>
  body(api.POST('/api/marketplace/apps/{app}/installations', { params: of(app), body: { tenant, version } }));

export const update = (app: string, tenant: string, version: string): Promise<Installation> =>
  body(
    api.PATCH('/api/marketplace/apps/{app}/installations/{tenant}', {
      params: { path: { app, tenant } },
      body: { version },
    }),
  );

/** Whether the provider is still to be told. */
export const uninstall = async (app: string, tenant: string): Promise<boolean> =>
  (
    await body(
      api.DELETE('/api/marketplace/apps/{app}/installations/{tenant}', { params: { path: { app, tenant } } }),
    )
  ).state === 'disconnecting';

export const listCredentials = async (signal?: AbortSignal): Promise<Credential[]> =>
  (await body(api.GET('/api/marketplace/credentials', { signal }))).credentials;

export interface NewCredential {
  kind: Credential['kind'];
  name: string;
  /** Of a developer's alone. */
  developer?: string;
}

/** The credential itself, which is shown this once. */
export const makeCredential = async (credential: NewCredential): Promise<string> =>
  (await body(api.POST('/api/marketplace/credentials', { body: credential }))).token;

export async function revokeCredential(id: string): Promise<void> {
  await api.DELETE('/api/marketplace/credentials/{id}', { params: { path: { id } } });
}
