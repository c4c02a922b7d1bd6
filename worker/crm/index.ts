import { newApiApp } from '../http/openapi';
import { cacheRoutes } from './cache-routes';
import { cacheService } from './cache-service';
import { configRoutes } from './config-routes';
import { logRoutes } from './log-routes';
import { peopleRoutes } from './people-routes';
import { recordingPage, recordingRoutes } from './recording-routes';
import { about } from './retailcrm/about';
import { clicks } from './retailcrm/clicks';
import { customerData } from './retailcrm/customer-data';
import { redirectRoutes } from './retailcrm/redirect-routes';
import { service } from './retailcrm/service';
import { accountPage } from './retailcrm/account';
import { registerRoute } from './retailcrm/register';
import type { Mount } from './room';

const RETAILCRM: Mount[] = [
  { prefix: '/retailcrm/api', family: 'retailcrm', tags: ['RetailCRM'] },
  // Where the cookie of those who come from the CRM is sent to.
  { prefix: '/retailcrm-admin/api', family: 'retailcrm', tags: ['RetailCRM screens'] },
];
const WEBHOOK: Mount = { prefix: '/api/crm/webhook', family: 'webhook', tags: ['CRM webhook'] };

/** CRMs that calls are told to: a family's configuration, its log and what it could not be told. */
export const crmLinksRoom = newApiApp();

crmLinksRoom.route('/', about);
crmLinksRoom.route('/', accountPage);
crmLinksRoom.route('/', clicks);
crmLinksRoom.route('/', customerData);
crmLinksRoom.route('/', service);
crmLinksRoom.route('/', recordingPage);
crmLinksRoom.route('/', cacheService);
for (const mount of [...RETAILCRM, WEBHOOK]) {
  configRoutes(crmLinksRoom, mount);
  logRoutes(crmLinksRoom, mount);
  recordingRoutes(crmLinksRoom, mount);
}
for (const mount of RETAILCRM) {
  registerRoute(crmLinksRoom, mount);
  peopleRoutes(crmLinksRoom, mount);
  redirectRoutes(crmLinksRoom, mount);
  cacheRoutes(crmLinksRoom, mount);
}
