import { newApiApp } from '../http/openapi';
import { definitions } from './definitions';
import { logs } from './logs';
import { runs } from './runs';

/** The room of pipelines: definitions, runs, the log. */
export const dci = newApiApp();
dci.route('/', definitions);
dci.route('/', runs);
dci.route('/', logs);
