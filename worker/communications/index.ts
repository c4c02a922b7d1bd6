import { internalApi, marketplaceApi } from './marketplace';
import { publicApi } from './public-api';
import { apart } from './route';

/** The public API for providers and the marketplace's two; each has its own OpenAPI document. */
export const communications = apart(publicApi, internalApi, marketplaceApi);
