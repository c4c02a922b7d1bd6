import type { AppEnv } from '../http/context';
import type { ClientTokenClaims } from './client-token';

/** Who calls the marketplace's APIs: the marketplace itself, or the developer of an app. */
export type MarketIdentity =
  { credentialId: string; kind: 'service' } | { credentialId: string; kind: 'developer'; developer: string };

/** Hono's environment in the three APIs. `client` is set on routes of the public API, `market` on the marketplace's. */
export interface CommsEnv {
  Bindings: AppEnv['Bindings'];
  Variables: { client: ClientTokenClaims; market: MarketIdentity };
}
