import { newApiApp } from '../http/openapi';
import { extensions } from './extensions';
import { pbxTokens } from './pbx-tokens';
import { tenantSettings } from './settings';
import { tenants } from './tenants';

/** A tenant's own settings, its extensions and PBX tokens; tenants themselves, for the owner of the platform. */
export const tenantRoom = newApiApp();
tenantRoom.route('/', tenantSettings);
tenantRoom.route('/', pbxTokens);
tenantRoom.route('/', extensions);
tenantRoom.route('/', tenants);
