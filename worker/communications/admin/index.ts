import { newApiApp } from '../../http/openapi';
import { marketplaceOwner } from '../owner';
import { accounts } from './accounts';
import { credentials } from './credentials';
import { deliveries } from './deliveries';
import { integrations } from './integrations';

/** The platform's own routes about providers: what people of a tenant, and those who run the platform, see and do. */
export const communicationsAdmin = newApiApp();

communicationsAdmin.route('/', integrations);
communicationsAdmin.route('/', deliveries);
communicationsAdmin.route('/', credentials);
communicationsAdmin.route('/', accounts);
communicationsAdmin.route('/', marketplaceOwner);
