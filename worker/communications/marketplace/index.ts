import { documentRoute, type ApiDescription } from '../documents';
import { newCommsApp } from '../route';
import { sandbox } from '../sandbox';
import { apps } from './apps';
import { configurations } from './configurations';
import { publication } from './publication';
import { tenantTies } from './tenant-configurations';

const SCHEME = {
  scheme: 'credential',
  schemeDescription: 'A credential of the marketplace: of its service, or of an app’s developer.',
} as const;

export const INTERNAL_API: ApiDescription = {
  path: '/internal/v1/openapi.json',
  title: 'Trunkline communications: marketplace API',
  description: 'What the marketplace tells communications: providers, versions of their apps, installations.',
  ...SCHEME,
};

export const MARKETPLACE_API: ApiDescription = {
  path: '/internal/v1/marketplace/openapi.json',
  title: 'Trunkline communications: provider configurations',
  description:
    'The marketplace’s own API, for developers of apps: configurations of providers, their sandboxes and test stand, and publication.',
  ...SCHEME,
};

/** Base `/internal/v1`. */
export const internalApi = newCommsApp();
internalApi.route('/', apps);
internalApi.route('/', tenantTies);
internalApi.route('/', documentRoute(internalApi, INTERNAL_API));

/** Base `/internal/v1/marketplace`. */
export const marketplaceApi = newCommsApp();
marketplaceApi.route('/', configurations);
marketplaceApi.route('/', publication);
marketplaceApi.route('/', sandbox);
marketplaceApi.route('/', documentRoute(marketplaceApi, MARKETPLACE_API));
