import { newApiApp } from '../http/openapi';
import { aroundLeads } from './around';
import { leadImports } from './imports';
import { leads } from './leads';
import { leadStatuses } from './statuses';

/** Leads of the tenant: `/api/crm/leads`, their statuses and imports. Paths with words come before those with ids. */
export const leadsRoom = newApiApp();

for (const app of [aroundLeads, leads, leadStatuses, leadImports]) leadsRoom.route('/', app);
