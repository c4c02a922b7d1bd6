import { newApiApp } from '../http/openapi';
import { appEndpoints } from './endpoints/app';
import { callEndpoints } from './endpoints/calls';
import { deviceEndpoints } from './endpoints/devices';
import { qrEndpoints } from './endpoints/qr';
import { reportEndpoints } from './endpoints/reports';
import { sessionEndpoints } from './endpoints/session';
import { tokenEndpoints } from './endpoints/token';
import { pullEndpoints } from './pull';
import { dialerRoom } from './room';
import { builds } from './web/builds';
import { commands } from './web/commands';
import { phonePush } from './web/push';
import { phoneReports } from './web/reports';
import { phoneSettings } from './web/settings';
import { phoneStats } from './web/stats';
import { phones } from './web/phones';

/** Both sides of the phones: the API of the Android app (`/api/token`, `/api/phone`) and of our screens (`/api/phones`). */
export const dialer = newApiApp();

dialer.route(
  '/',
  dialerRoom([
    ...tokenEndpoints,
    ...qrEndpoints,
    ...sessionEndpoints,
    ...deviceEndpoints,
    ...callEndpoints,
    ...pullEndpoints,
    ...reportEndpoints,
    ...appEndpoints,
  ]),
);
// Paths with a fixed word come before `/api/phones/{id}`, which would take the word for an id.
for (const app of [commands, phoneStats, builds, phoneSettings, phonePush, phoneReports, phones])
  dialer.route('/', app);
