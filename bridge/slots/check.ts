/** The slots' rows of `--check`: the ADB server, and each phone it lists. */
import type { AdbClient } from './adb/client.ts';
import type { SlotsConfig } from '../config.ts';
import type { CheckRow } from '../part.ts';
import { parseDevices, type Device } from './adb/devices.ts';
import { programVersion, type ServerProcess } from './adb/server.ts';
import { runLine, wordsOf } from './adb/shell.ts';
import { IDENTIFY_LINE, identityOf } from './identity.ts';
import { shown, START, type Link } from './machine.ts';

const INSTALL = "Install Android's platform tools (Debian: apt install adb), or set program in [slots].";

export async function checkSlots(
  client: AdbClient,
  config: SlotsConfig,
  server: ServerProcess,
): Promise<CheckRow[]> {
  const what = `ADB server ${config.host}:${config.port}`;
  try {
    const version = await client.getVersion();
    const stream = await client.createConnection('host:devices-l');
    const devices = parseDevices(await stream.readString());
    await stream.dispose();
    const rows = await Promise.all(devices.map((device) => checkPhone(client, device)));
    const server: CheckRow = { what, ok: true, found: `protocol ${version}, ${devices.length} phones` };
    return [devices.length === 0 ? { ...server, ok: 'warn', remedy: NO_PHONES } : server, ...rows];
  } catch (error) {
    const found = wordsOf(error);
    if (!server.mayStart) return [{ what, ok: false, found, remedy: 'Start it: adb start-server.' }];
    try {
      const version = await programVersion(config.program);
      return [{ what, ok: 'warn', found: 'not running', remedy: `The bridge will start it (${version}).` }];
    } catch (problem) {
      return [{ what, ok: false, found: wordsOf(problem), remedy: INSTALL }];
    }
  }
}

const NO_PHONES = 'Plug in a phone with USB debugging switched on (developer options).';

async function checkPhone(client: AdbClient, device: Device): Promise<CheckRow> {
  const place = device.usb === null ? '' : ` at USB ${device.usb}`;
  const what = `slot ${device.serial || 'without a serial'}${place}`;
  if (device.state !== 'device') {
    const link: Link = device.state === 'other' ? 'failed' : device.state;
    const { status, remedy } = shown({ ...START, link, reason: `It is in “${device.word}”: start Android.` });
    return { what, ok: false, found: status, remedy: remedy ?? 'Wait a moment and check again.' };
  }
  try {
    const { stdout } = await runLine(client, device.transportId, IDENTIFY_LINE, { timeoutMs: 5_000 });
    const { serial, model, android, booted } = identityOf(stdout.toString('utf8'), device);
    const found = `${model ?? 'unknown model'}, Android ${android ?? '?'}, serial ${serial ?? 'none'}`;
    if (!booted) return { what, ok: 'warn', found: `${found}, starting up`, remedy: 'Wait until it is up.' };
    if (serial !== null) return { what, ok: true, found };
    return { what, ok: 'warn', found, remedy: 'It is named by its port: do not plug it elsewhere.' };
  } catch (error) {
    return { what, ok: false, found: wordsOf(error), remedy: 'Replug the phone, or restart it.' };
  }
}
