import { newApiApp } from '../http/openapi';
import { slotActions } from './actions';
import { slotCommands } from './commands';
import { monitor } from './monitor';
import { slotReports } from './reports';
import { scriptRuns } from './runs';
import { scripts } from './scripts';
import { slots } from './slots';

/** USB phones of the bridges: `/api/slots`, the scripts that run on them (`/api/gacs`), readings (`/api/monitor`). */
export const slotsRoom = newApiApp();

for (const app of [slots, slotActions, slotCommands, slotReports, scriptRuns, scripts, monitor])
  slotsRoom.route('/', app);
