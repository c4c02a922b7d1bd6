import type { Action } from '../../../worker/auth/permissions';

/** Of every link to a CRM, below its prefix. */
const LINK = {
  'GET /config/{ent}': 'integration.view',
  'PUT /config/{ent}': 'integration.manage',
  'DELETE /config/{ent}': 'integration.manage',
  'GET /link/{ent}': 'integration.view',
  'GET /logs/{ent}': 'integration.view',
  'GET /digest/{ent}': 'integration.view',
  'GET /dead-letters/{ent}': 'integration.view',
  'POST /dead-letters/{ent}/replay': 'integration.manage',
  'POST /dead-letters/{ent}/discard': 'integration.manage',
  'POST /resume/{ent}': 'integration.manage',
  'POST /test-connection/{ent}': 'integration.manage',
  'POST /recording-links/{ent}/revoke': 'integration.manage',
} as const satisfies Record<string, Action>;

/** Of a CRM with people and a module of ours. */
const DIRECTORY = {
  'POST /register/{ent}': 'integration.manage',
  'GET /internal-phones/{ent}': 'integration.view',
  'GET /user-extensions/{ent}': 'integration.view',
  'POST /save-extensions/{ent}': 'integration.manage',
  'POST /sync-extensions/{ent}': 'integration.manage',
  'POST /refresh-managers/{ent}': 'integration.manage',
  'GET /drift/{ent}': 'integration.view',
  'POST /test-call/{ent}': 'integration.manage',
  'POST /smart-redirect': 'integration.manage',
  'GET /smart-redirect/{ent}/settings': 'integration.view',
  'PUT /smart-redirect/{ent}/settings': 'integration.manage',
  'GET /smart-redirect/{ent}/metrics': 'integration.view',
  'POST /config-cache/refresh/{ent}': 'integration.manage',
  'POST /config-cache/refresh-all': 'integration.manage',
  'GET /config-cache/active-enterprises': 'integration.view',
  'GET /active-enterprises': 'integration.view',
  'GET /integrations/{ent}': 'integration.view',
} as const satisfies Record<string, Action>;

const below = (prefix: string, table: Readonly<Record<string, Action>>): Record<string, Action> =>
  Object.fromEntries(Object.entries(table).map(([key, action]) => [key.replace(' ', ` ${prefix}`), action]));

/** Routes of the links to CRMs with what each asks for; RetailCRM's are there twice, once for its screens. */
export const CRM_ACCESS: Readonly<Record<string, Action | 'public'>> = {
  ...below('/api/crm/webhook', LINK),
  ...below('/retailcrm/api', { ...LINK, ...DIRECTORY }),
  ...below('/retailcrm-admin/api', { ...LINK, ...DIRECTORY }),
  'GET /retailcrm/health': 'public',
  'GET /retailcrm/stats': 'integration.view',
  ...below('/retailcrm/cache', {
    'GET /health': 'integration.view',
    'GET /stats': 'integration.view',
    'GET /integrations/{ent}': 'integration.view',
    'GET /config/{ent}': 'integration.view',
    'GET /config/{ent}/{type}': 'integration.view',
    'PUT /config/{ent}/{type}': 'integration.manage',
    'POST /invalidate/{ent}': 'integration.manage',
    'POST /refresh': 'integration.manage',
    'GET /entries': 'integration.view',
  }),
  'GET /retailcrm-admin/api/session': 'integration.view',
};
