/** Who a phone says it is. */
import type { AdbClient } from './adb/client.ts';
import { Refusal } from '../part.ts';
import type { Device } from './adb/devices.ts';
import { runLine } from './adb/shell.ts';
import { usableSerial } from './keys.ts';

export interface Identity {
  serial: string | null;
  model: string | null;
  android: string | null;
  booted: boolean;
  bootId: string | null;
}

/** A constant: six lines of output, an empty one for what the phone does not have. */
export const IDENTIFY_LINE =
  'getprop ro.serialno; getprop ro.boot.serialno; getprop ro.product.model; ' +
  'getprop ro.build.version.release; getprop sys.boot_completed; cat /proc/sys/kernel/random/boot_id 2>/dev/null';

const WITHIN_MS = 5_000;

/** A phone that will never do. */
export class Unusable extends Error {}

/** Asks a phone. @throws Unusable, or what kept it from answering */
export async function askIdentity(client: AdbClient, device: Device, gone: AbortSignal): Promise<Identity> {
  const { features } = await client.getDeviceFeatures({ transportId: device.transportId });
  if (!features.includes('shell_v2')) {
    throw new Unusable('Android 7 or newer is needed: its ADB has no shell protocol.');
  }
  const result = await runLine(client, device.transportId, IDENTIFY_LINE, { timeoutMs: WITHIN_MS, gone });
  if (result.lost || result.timedOut) throw new Refusal('SLOT_OFFLINE', 'it did not say who it is');
  return identityOf(result.stdout.toString('utf8'), device);
}

export function identityOf(output: string, device: Device): Identity {
  const [serialno = '', bootSerial = '', model = '', android = '', booted = '', bootId = ''] = output
    .split('\n')
    .map((line) => line.trim());
  const named = usableSerial(serialno) ?? usableSerial(bootSerial);
  return {
    // A phone whose properties hide the serial still has it on USB; over the network ADB's name is an address.
    serial: named ?? (device.usb === null ? null : usableSerial(device.serial)),
    model: model === '' ? device.model : model.slice(0, 120),
    android: android === '' ? null : android.slice(0, 40),
    booted: booted === '1',
    bootId: /^[0-9a-f-]{36}$/.test(bootId) ? bootId : null,
  };
}
