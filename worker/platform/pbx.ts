import { newApiApp } from '../http/openapi';
import { pbxCdr } from './pbx-cdr';
import { pbxDial } from './pbx-dial';
import { pbxLive } from './pbx-live';
import { pbxManage } from './pbx-manage';
import { pbxStatus } from './pbx-status';

/** `/api/pbx/…`: the Asterisk hosts behind the tenant's bridges. */
export const pbxRoom = newApiApp();
for (const part of [pbxStatus, pbxLive, pbxDial, pbxManage, pbxCdr]) pbxRoom.route('/', part);
