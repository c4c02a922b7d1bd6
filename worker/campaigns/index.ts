import { newApiApp } from '../http/openapi';
import { agent } from './agent';
import { campaigns } from './campaigns';
import { doNotCall } from './do-not-call';
import { imports } from './imports';
import { leads } from './leads';

/** The room of the autodialer: campaigns, their leads and agents, and whom nobody dials. */
export const autodialer = newApiApp();
autodialer.route('/', campaigns);
autodialer.route('/', leads);
autodialer.route('/', imports);
autodialer.route('/', doNotCall);
autodialer.route('/', agent);
