/**
 * The USB hubs and what is in their ports, read from sysfs (Documentation/ABI/testing/sysfs-bus-usb of the kernel).
 * sysfs tells of changes to nobody who can't open a netlink socket, so it is read anew for each reading: small files,
 * a fraction of a millisecond for a rack of phones.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { HubReading } from '../protocol/readings.ts';

/** Which slot is at a USB path (`1-1.2`), as far as ADB lists it. */
export type AtUsb = (usb: string) => { slot: string; usable: boolean; unauthorized: boolean } | null;

type Port = HubReading['ports'][number];

const HUB_CLASS = '09';
/** Interface of ADB: vendor class, subclass 0x42, protocol 1. */
const ADB_INTERFACE = 'ff/42/01';
/** Audio, HID, printer, storage, hub, smart card, video: nothing a phone that only charges would be. */
const NO_PHONE = new Set(['01', '03', '07', '08', '09', '0b', '0e']);
/** Mbit/s from which a hub is the SuperSpeed half of one. */
const SUPERSPEED = 5_000;

const devices = (root: string): string => join(root, 'bus/usb/devices');

const read = (directory: string, name: string): string | null => {
  try {
    return readFileSync(join(directory, name), 'utf8').trim();
  } catch {
    // The device went away while it was read, or this kernel does not have the attribute.
    return null;
  }
};

/** @throws Error in words when there is no tree of USB devices */
export function readHubs(root: string, atUsb: AtUsb): HubReading[] {
  const directory = devices(root);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    throw new Error(`${directory} is not there: this host has no USB, or a container hides it.`);
  }
  const present = new Set(names);
  const hubs = names.filter((name) => isHub(join(directory, name)));
  const twins = superspeedTwins(directory, hubs);
  const merged = new Set(twins.values());
  return hubs
    .filter((hub) => !merged.has(hub))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .slice(0, 64)
    .map((hub) => hubReading(directory, hub, twins.get(hub), present, atUsb));
}

const isHub = (path: string): boolean => read(path, 'bDeviceClass') === HUB_CLASS && portsOf(path) > 0;

const portsOf = (path: string): number => {
  const count = Number(read(path, 'maxchild') ?? 0);
  return Number.isInteger(count) ? Math.min(Math.max(count, 0), 64) : 0;
};

/** Path of the device in a port: `1-1.2` below the hub `1-1`, `1-2` below the root hub `usb1`. */
const childOf = (hub: string, port: number): string =>
  hub.startsWith('usb') ? `${hub.slice(3)}-${port}` : `${hub}.${port}`;

const portDirectory = (directory: string, hub: string, port: number): string =>
  join(directory, hub.startsWith('usb') ? `${hub.slice(3)}-0:1.0` : `${hub}:1.0`, `${hub}-port${port}`);

/** A USB 3 hub shows as two, one per speed, with the same sockets: the slower one to the name of the faster one. */
function superspeedTwins(directory: string, hubs: readonly string[]): Map<string, string> {
  const twins = new Map<string, string>();
  for (const hub of hubs) {
    if (Number(read(join(directory, hub), 'speed') ?? 0) >= SUPERSPEED) continue;
    const peer = join(portDirectory(directory, hub, 1), 'peer');
    if (!existsSync(peer)) continue;
    const other = /^(.+)-port\d+$/.exec(basename(realpathSync(peer)))?.[1];
    if (other !== undefined && other !== hub && hubs.includes(other)) twins.set(hub, other);
  }
  return twins;
}

function hubReading(
  directory: string,
  hub: string,
  twin: string | undefined,
  present: ReadonlySet<string>,
  atUsb: AtUsb,
): HubReading {
  const path = join(directory, hub);
  const total = portsOf(path);
  const ports = Array.from({ length: total }, (_, index): Port => {
    const port = index + 1;
    const sockets = twin === undefined ? [childOf(hub, port)] : [childOf(hub, port), childOf(twin, port)];
    const child = sockets.find((name) => present.has(name));
    if (child === undefined) return { port, state: 'empty', slot: null };
    return { port, ...inPort(directory, child, atUsb) };
  });
  const name = [read(path, 'manufacturer'), read(path, 'product')].filter(Boolean).join(' ');
  return {
    hub,
    name: name === '' ? null : name.slice(0, 120),
    total,
    online: ports.filter(({ state }) => state === 'online').length,
    ports,
  };
}

function inPort(directory: string, device: string, atUsb: AtUsb): Pick<Port, 'state' | 'slot'> {
  const path = join(directory, device);
  if (read(path, 'bDeviceClass') === HUB_CLASS) return { state: 'hub', slot: null };
  const listed = atUsb(device);
  if (listed) {
    const state = listed.usable ? 'online' : listed.unauthorized ? 'unauthorized' : 'other';
    return { state, slot: listed.slot };
  }
  const interfaces = interfacesOf(directory, device);
  // An ADB interface that the ADB server does not list: it may not open the device, or does not run.
  if (interfaces.includes(ADB_INTERFACE)) return { state: 'other', slot: null };
  const phone = interfaces.every((kind) => !NO_PHONE.has(kind.slice(0, 2)));
  return { state: phone ? 'charge_only' : 'other', slot: null };
}

/** `class/subclass/protocol` of each interface of a device. */
function interfacesOf(directory: string, device: string): string[] {
  const path = join(directory, device);
  let names: string[];
  try {
    names = readdirSync(path);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(`${device}:`))
    .map((name) =>
      ['bInterfaceClass', 'bInterfaceSubClass', 'bInterfaceProtocol']
        .map((attribute) => read(join(path, name), attribute) ?? '')
        .join('/'),
    );
}
