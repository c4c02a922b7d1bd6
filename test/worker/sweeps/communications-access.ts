import type { Action } from '../../../worker/auth/permissions';

const APPS = '/api/marketplace/apps';
const ROOT = '/api/communications/providers';

/** Routes about providers that people ask; the three APIs of communications ask for tokens of their own. */
export const COMMUNICATIONS_ACCESS: Readonly<Record<string, Action>> = {
  [`GET ${ROOT}`]: 'integration.view',
  [`GET ${ROOT}/{provider}`]: 'integration.view',
  [`GET ${ROOT}/{provider}/accounts`]: 'integration.view',
  [`GET ${ROOT}/{provider}/deliveries`]: 'integration.view',
  [`POST ${ROOT}/{provider}/deliveries/discard`]: 'integration.manage',
  [`POST ${ROOT}/{provider}/deliveries/replay`]: 'integration.manage',
  [`POST ${ROOT}/{provider}/resume`]: 'integration.manage',
  [`POST ${ROOT}/{provider}/synchronise`]: 'integration.manage',
  [`POST ${ROOT}/{provider}/tokens`]: 'integration.manage',
  [`DELETE ${ROOT}/{provider}/tokens/{id}`]: 'integration.manage',
  [`GET ${APPS}`]: 'marketplace.manage',
  [`POST ${APPS}`]: 'marketplace.manage',
  [`GET ${APPS}/{app}`]: 'marketplace.manage',
  [`PATCH ${APPS}/{app}`]: 'marketplace.manage',
  [`GET ${APPS}/{app}/configurations`]: 'marketplace.manage',
  [`GET ${APPS}/{app}/installations`]: 'marketplace.manage',
  [`POST ${APPS}/{app}/installations`]: 'marketplace.manage',
  [`PATCH ${APPS}/{app}/installations/{tenant}`]: 'marketplace.manage',
  [`DELETE ${APPS}/{app}/installations/{tenant}`]: 'marketplace.manage',
  [`GET ${APPS}/{app}/versions`]: 'marketplace.manage',
  [`POST ${APPS}/{app}/versions`]: 'marketplace.manage',
  [`PATCH ${APPS}/{app}/versions/{version}`]: 'marketplace.manage',
  [`POST ${APPS}/{app}/versions/{version}/publish`]: 'marketplace.manage',
  'GET /api/marketplace/credentials': 'marketplace.manage',
  'POST /api/marketplace/credentials': 'marketplace.manage',
  'DELETE /api/marketplace/credentials/{id}': 'marketplace.manage',
};
