import { newApiApp } from '../../http/openapi';
import { apps } from './apps';
import { installations } from './installations';
import { versions } from './versions';

/** The platform's own routes about the marketplace, for the people who run it. */
export const marketplaceOwner = newApiApp();

marketplaceOwner.route('/', apps);
marketplaceOwner.route('/', versions);
marketplaceOwner.route('/', installations);
