import { describe, expect, it } from 'vitest';
import { parseDevices } from './devices.ts';

// As printed by adb 34 and 35; names and serials are invented.
const LIST = `R58M123ABCD            device usb:1-1.2 product:a52q model:SM_A525F device:a52q transport_id:3
127.0.0.1:15601        device transport_id:1
127.0.0.1:15602        offline transport_id:12
ZX1G22ABCD             unauthorized usb:1-1.3 transport_id:4
emulator-5554          authorizing transport_id:5
????????????           no permissions (missing udev rules? user is in the plugdev group); see [http://developer.android.com/tools/device.html] usb:1-1.4 transport_id:6
(no serial number)     device usb:2-1 product:x model:Cheap_Phone device:y transport_id:7
HT4A1JT00001           recovery usb:1-1.5 product:omni model:Nexus device:n transport_id:8
`;

describe('parseDevices', () => {
  it('reads every state, the USB path and blank serials', () => {
    const devices = parseDevices(LIST);
    expect(devices.map(({ serial, state, usb }) => [serial, state, usb])).toEqual([
      ['R58M123ABCD', 'device', '1-1.2'],
      ['127.0.0.1:15601', 'device', null],
      ['127.0.0.1:15602', 'offline', null],
      ['ZX1G22ABCD', 'unauthorized', '1-1.3'],
      ['emulator-5554', 'authorizing', null],
      ['', 'no_permission', '1-1.4'],
      ['', 'device', '2-1'],
      ['HT4A1JT00001', 'other', '1-1.5'],
    ]);
    expect(devices[0]).toMatchObject({ model: 'SM A525F', transportId: 3n });
    expect(devices[7]).toMatchObject({ word: 'recovery' });
  });

  it('leaves out lines that are none', () => {
    expect(parseDevices('')).toEqual([]);
    expect(parseDevices('List of devices attached\n\n* daemon started successfully\n')).toEqual([]);
    expect(parseDevices('R58M123ABCD device usb:1-1.2\n')).toEqual([]);
  });
});
